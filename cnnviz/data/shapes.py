"""cnnviz shapes: an unlimited, deterministic synthetic training set.

Ten figures that differ in edges, corners, curves and textures, with random position, size, rotation,
colour, background, blur and noise. In some pictures figure and background have equal brightness and
differ in colour only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from cnnviz.arrays import Array
from cnnviz.data.shape_masks import FIGURES
from cnnviz.errors import CnnvizError

CLASSES = tuple(FIGURES)
SIDE = 64
_LUMA = np.array((0.299, 0.587, 0.114), dtype=np.float32)
_CENTRED = np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2


@dataclass(frozen=True, slots=True)
class Shapes:
    """The data set of one seed; picture i depends on seed and i only.

    Attributes:
        seed: 0 to 2⁶⁴ − 1.
    """

    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**64:
            raise CnnvizError(f"The seed of cnnviz shapes is a whole number from 0, not {self.seed}.")

    def label(self, index: int) -> int:
        """The class index of a picture: index modulo 10."""
        return index % len(CLASSES)

    def pixels(self, index: int) -> Array:
        """Picture `index`, uint8 (64, 64, 3)."""
        if not 0 <= index < 2**64:
            raise CnnvizError(f"Pictures are numbered from 0; there is no picture {index}.")
        rng = np.random.Generator(np.random.Philox(key=np.array((self.seed, index), dtype=np.uint64)))
        cover = _cover(rng, CLASSES[self.label(index)])[..., None]
        ground, figure = _colours(rng)
        picture = _background(rng, ground)
        picture += cover * (figure - picture)
        return _photographed(rng, picture)

    def batch(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Pictures, uint8 (N, 3, 64, 64), and their classes, int64 (N,)."""
        pictures = np.stack([self.pixels(index) for index in indices])
        labels = [self.label(index) for index in indices]
        return torch.from_numpy(pictures.transpose(0, 3, 1, 2)), torch.tensor(labels)


def _cover(rng: np.random.Generator, name: str) -> Array:
    """Coverage of each pixel by the figure, float32 (64, 64), in [0, 1]."""
    radius = rng.uniform(15, 26)
    reach = SIDE / 2 - 0.8 * radius
    x = _CENTRED[None, :] - np.float32(rng.uniform(-reach, reach))
    y = _CENTRED[:, None] - np.float32(rng.uniform(-reach, reach))
    turn = rng.uniform(0, 2 * np.pi)
    c, s = np.float32(np.cos(turn) / radius), np.float32(np.sin(turn) / radius)
    inside = FIGURES[name](rng, c * x + s * y, c * y - s * x)
    return np.asarray(np.clip(inside * np.float32(radius) + np.float32(0.5), 0, 1), dtype=np.float32)


def _colours(rng: np.random.Generator) -> tuple[Array, Array]:
    """Two colours with enough contrast; in about a fifth of the pictures of equal brightness."""
    while True:
        ground, figure = rng.random((2, 3), dtype=np.float32)
        if rng.random() < 0.2:
            figure += (ground - figure) @ _LUMA
        apart = np.abs(figure - ground)
        if apart.max() > 0.35 and figure.min() >= 0 and figure.max() <= 1:
            return ground, figure


def _background(rng: np.random.Generator, ground: Array) -> Array:
    """A flat colour, linear gradient, smooth noise or faint waves, float32 (64, 64, 3)."""
    strength = np.float32(rng.uniform(0, 0.15))
    kind = rng.integers(4)
    if kind == 3:
        return ground + strength * _clouds(rng)
    turn, phase = rng.uniform(0, 2 * np.pi, 2)
    step = (0.0, 2 / SIDE, 2 * np.pi / rng.uniform(5, 20))[kind]
    across = _CENTRED[None, :] * np.float32(np.cos(turn) * step)
    across = across + _CENTRED[:, None] * np.float32(np.sin(turn) * step)
    waves = np.sin(across + np.float32(phase)) if kind == 2 else across
    return np.asarray(ground + (strength * (0.5 if kind == 2 else 1.0) * waves)[..., None])


def _clouds(rng: np.random.Generator) -> Array:
    """Independent smooth noise per channel, about −1 to 1."""
    cells = int(rng.integers(3, 10))
    coarse = rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return np.asarray(smooth, dtype=np.float32) / np.float32(127.5) - 1


def _photographed(rng: np.random.Generator, picture: Array) -> Array:
    """Camera effects: blur, then noise, then 8 bits."""
    image = Image.fromarray(_as_bytes(picture))
    blur = rng.uniform(0, 1.2)
    if blur > 0.3:
        image = image.filter(ImageFilter.GaussianBlur(blur))
    noise = rng.standard_normal((SIDE, SIDE, 3), dtype=np.float32)
    noise *= np.float32(rng.uniform(0, 0.07))
    noise += np.asarray(image, dtype=np.float32) / 255
    return _as_bytes(noise)


def _as_bytes(picture: Array) -> Array:
    return np.asarray((np.clip(picture, 0, 1) * 255 + np.float32(0.5)).astype(np.uint8))


def gallery(rows: int = 4, seed: int = 0) -> Array:
    """Examples as one picture: a column a class, in the order of `CLASSES`, uint8 (64·rows, 640, 3)."""
    shapes = Shapes(seed)
    count = len(CLASSES)
    lines = [np.hstack([shapes.pixels(row * count + k) for k in range(count)]) for row in range(rows)]
    return np.vstack(lines)
