"""Data sets for the training loop: indexed pictures with labels."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from cnnviz.data.shapes import CLASSES, Shapes
from cnnviz.errors import CnnvizError

TEST_SEED = 2**64 - 1  # larger than every seed of a recipe


class Pictures(Protocol):
    """A set of pictures of one size.

    Attributes:
        name: for display.
        classes: their names; a label is an index into them.
        endless: whether indices beyond `len()` exist; then every epoch uses new pictures.
    """

    @property
    def name(self) -> str:
        """For display."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names, in the order of the labels."""

    @property
    def endless(self) -> bool:
        """Whether every epoch uses new pictures."""

    def __len__(self) -> int:
        """Pictures per epoch."""

    def batch(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Pictures, uint8 (N, 3, H, W), and their labels, int64 (N,)."""


@dataclass(frozen=True, slots=True)
class ShapesPictures:
    """cnnviz shapes, `count` per epoch, generated on demand."""

    count: int
    seed: int = 0
    name: str = field(default="shapes", init=False)
    classes: tuple[str, ...] = field(default=CLASSES, init=False)
    endless: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        if self.count < 1:
            raise CnnvizError(f"An epoch needs at least one picture, not {self.count}.")

    def __len__(self) -> int:
        return self.count

    def batch(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Pictures, uint8 (N, 3, 64, 64), and their labels, int64 (N,)."""
        return Shapes(self.seed).batch(indices)


@dataclass(frozen=True, slots=True)
class _FromOthers:
    """A data set derived from another, with its name and classes."""

    whole: Pictures

    @property
    def name(self) -> str:
        """For display."""
        return self.whole.name

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names, in the order of the labels."""
        return self.whole.classes


@dataclass(frozen=True, slots=True)
class HalfSize(_FromOthers):
    """The same pictures at half their height and width: each pixel the mean of four, rounded."""

    @property
    def endless(self) -> bool:
        """Whether every epoch uses new pictures."""
        return self.whole.endless

    def __len__(self) -> int:
        return len(self.whole)

    def batch(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Pictures, uint8 (N, 3, H/2, W/2), and their labels, int64 (N,)."""
        pictures, labels = self.whole.batch(indices)
        return F.avg_pool2d(pictures.float(), 2).round_().byte(), labels


@dataclass(frozen=True, slots=True)
class SamePictures(_FromOthers):
    """At most `most` pictures, the same in every epoch; a random choice where the data is finite."""

    most: int
    seed: int = 0
    endless: bool = field(default=False, init=False)

    def __len__(self) -> int:
        return min(self.most, len(self.whole))

    def batch(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Pictures, uint8 (N, 3, H, W), and their labels, int64 (N,)."""
        if self.whole.endless:
            return self.whole.batch(indices)
        order = np.random.default_rng(self.seed).permutation(len(self.whole))
        return self.whole.batch(order[list(indices)].tolist())
