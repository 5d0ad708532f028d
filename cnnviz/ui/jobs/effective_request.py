"""Effective fields measured in the background."""

from dataclasses import dataclass
from typing import TypeAlias

from cnnviz.arrays import Array
from cnnviz.jobs import Job
from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui.jobs.background import BackgroundJobs


@dataclass(frozen=True, slots=True)
class EffectiveRequest:
    """What to measure: a unit in the middle of a layer, for square inputs."""

    spec: ModelSpec
    layer: str
    side: int
    samples: int


EffectiveJob: TypeAlias = Job[EffectiveRequest, Array]
EffectiveJobs: TypeAlias = BackgroundJobs[EffectiveRequest, Array]
