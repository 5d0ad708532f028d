"""Effective fields measured in the background."""

from dataclasses import dataclass
from typing import TypeAlias

from cnnviz.arrays import Array
from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui.jobs.background import Run, Runs


@dataclass(frozen=True, slots=True)
class EffectiveRequest:
    """What to measure: a unit in the middle of a layer, for square inputs."""

    spec: ModelSpec
    layer: str
    side: int
    samples: int


EffectiveRun: TypeAlias = Run[EffectiveRequest, Array]
EffectiveRuns: TypeAlias = Runs[EffectiveRequest, Array]
