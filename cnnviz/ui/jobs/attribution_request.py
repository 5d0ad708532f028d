"""Attributions computed in the background."""

from dataclasses import dataclass, field
from typing import TypeAlias

from cnnviz.analysis.attribution import Attribution
from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.jobs import Job
from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui.jobs.background import BackgroundJobs


@dataclass(frozen=True, slots=True)
class AttributionRequest:
    """Which score of which network to attribute to which square picture, and how.

    Attributes:
        digest: of the picture, which stands for it where requests are compared.
    """

    spec: ModelSpec
    digest: str
    class_index: int
    how: Attribution
    picture: Picture = field(compare=False, repr=False)


AttributionJob: TypeAlias = Job[AttributionRequest, Array]
AttributionJobs: TypeAlias = BackgroundJobs[AttributionRequest, Array]
