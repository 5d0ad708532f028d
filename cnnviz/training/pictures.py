"""What the loop learns from: numbered pictures with their classes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from cnnviz.data.shapes import CLASSES, Shapes
from cnnviz.errors import CnnvizError

TEST_SEED = 2**64 - 1  # beyond every seed that a recipe takes


class Pictures(Protocol):
    """A set of pictures of one size.

    Attributes:
        name: for people.
        classes: their names; a label is an index into them.
        endless: whether there are pictures beyond `len()`; then every epoch takes new ones.
    """

    @property
    def name(self) -> str:
        """For people."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names, in the order of the labels."""

    @property
    def endless(self) -> bool:
        """Whether every epoch takes new pictures."""

    def __len__(self) -> int:
        """How many an epoch has."""

    def batch(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Pictures, uint8 (N, 3, H, W), and their labels, int64 (N,)."""


@dataclass(frozen=True, slots=True)
class ShapesPictures:
    """cnnviz shapes, `count` of them an epoch, made when they are asked for."""

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
    """Pictures made from others, with their name and classes."""

    whole: Pictures

    @property
    def name(self) -> str:
        """For people."""
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
        """Whether every epoch takes new pictures."""
        return self.whole.endless

    def __len__(self) -> int:
        return len(self.whole)

    def batch(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Pictures, uint8 (N, 3, H/2, W/2), and their labels, int64 (N,)."""
        pictures, labels = self.whole.batch(indices)
        return F.avg_pool2d(pictures.float(), 2).round_().byte(), labels


@dataclass(frozen=True, slots=True)
class SamePictures(_FromOthers):
    """So many of them, the same in every epoch: of a set with an end, chosen at random.

    There may be fewer than `most`.
    """

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
