"""Measure shift equivariance: f(T x) against T f(x), and where they differ.

A map is *equivariant* to shifts if shifting its input shifts its output by as much, and *invariant*
if shifting its input does not change its output.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cnnviz.arrays import Array, read_only
from cnnviz.errors import CnnvizError
from cnnviz.ops.convolution import conv2d
from cnnviz.ops.geometry import PaddingMode

# A difference below this share of the signal is rounding.
ROUNDING = 1e-6


def circular_shift(x: Tensor, rows: int, columns: int) -> Tensor:
    """Shift the last two axes down and to the right, with wrap-around."""
    return torch.roll(x, (rows, columns), (-2, -1))


def blur_pool2d(x: Tensor, stride: int, padding_mode: PaddingMode = "reflect") -> Tensor:
    """Blur each channel with the binomial 3×3 kernel, then keep every `stride`-th pixel.

    The blur is the low-pass filter that prevents aliasing (Zhang, "Making Convolutional
    Networks Shift-Invariant Again", ICML 2019).

    Args:
        x: (N, C, H, W).
        stride: at least 1.
        padding_mode: as for `conv2d`.

    Raises:
        CnnvizError: if `stride` is out of range or the padding mode cannot fill one pixel.
    """
    channels = x.shape[1]
    smooth = torch.tensor([0.25, 0.5, 0.25]).to(x)
    weight = torch.outer(smooth, smooth).expand(channels, 1, 3, 3)
    return conv2d(x, weight, stride=stride, padding=1, groups=channels, padding_mode=padding_mode)


@dataclass(frozen=True, slots=True, eq=False)
class Equivariance:
    """f(T x), T f(x) and their difference.

    Attributes:
        shift: (rows, columns) of the input.
        jump: input pixels between neighbouring outputs.
        output_shift: (rows, columns) of the output, rounded to whole positions.
        exact: whether the input's shift is a multiple of `jump`.
        mapped: f(x), float32 (C, H, W).
        mapped_shifted: f(T x), float32 (C, H, W).
        shifted_mapped: T f(x), float32 (C, H, W).
        difference: |f(T x) − T f(x)|, maximum over the channels: (H, W).
        largest: the largest difference.
        signal: the largest magnitude of f(x).
        relative: `largest` as a share of `signal`.
        invariance: largest |f(T x) − f(x)|, as a share of `signal`.
        pooled_largest: largest change of a channel's mean (global average pooling of f).
        pooled_signal: the largest magnitude of the channels' means of f(x).
    """

    shift: tuple[int, int]
    jump: int
    output_shift: tuple[int, int]
    exact: bool
    mapped: Array
    mapped_shifted: Array
    shifted_mapped: Array
    difference: Array
    largest: float
    signal: float
    relative: float
    invariance: float
    pooled_largest: float
    pooled_signal: float

    @property
    def pooled_relative(self) -> float:
        """`pooled_largest` as a share of `pooled_signal`."""
        return self.pooled_largest / (self.pooled_signal or 1.0)

    @property
    def broken(self) -> Array:
        """Where the two orders differ by more than rounding: bool (H, W)."""
        return np.asarray(self.difference > ROUNDING * (self.signal or 1.0))

    @property
    def reach(self) -> int | None:
        """Largest distance of a broken position from the border, or from the border's shifted position.

        1 for the outermost row or column; 0 if nothing is broken; None if the shift is not `exact`,
        as differences then do not come from the border.
        """
        if not self.exact:
            return None
        rows, columns = (
            _depth(size, steps) for size, steps in zip(self.broken.shape, self.output_shift, strict=True)
        )
        depths = np.minimum(rows[:, None], columns)[self.broken]
        return int(depths.max(initial=0))


def _depth(size: int, steps: int) -> Array:
    """Distance of each position from the nearest border, before or after the shift: (size,)."""
    if steps % size == 0:
        return np.full(size, size)
    place = np.arange(size)
    depth = np.minimum(place, size - 1 - place) + 1
    return np.asarray(np.minimum(depth, np.roll(depth, steps)))


def measure_equivariance(
    f: Callable[[Tensor], Tensor], x: Tensor, shift: tuple[int, int], jump: int = 1
) -> Equivariance:
    """Compare f(T x) with T f(x) for a circular shift T.

    Args:
        f: (1, C, H, W) → (1, O, H', W').
        x: (1, C, H, W).
        shift: rows and columns to shift by.
        jump: input pixels between neighbouring outputs of f, the product of its strides.

    Raises:
        CnnvizError: if `jump` is less than 1 or f does not give feature maps.
    """
    if jump < 1:
        raise CnnvizError(f"jump must be at least 1, not {jump}.")
    with torch.inference_mode():
        plain, mapped = f(x), f(circular_shift(x, *shift))
    if plain.dim() != 4:
        raise CnnvizError(f"Equivariance needs feature maps (1, C, H, W), not {tuple(plain.shape)}.")
    steps = round(shift[0] / jump), round(shift[1] / jump)
    shifted = circular_shift(plain, *steps)
    difference = (mapped - shifted).abs()[0]
    signal = float(plain.abs().max())
    means, moved_means = plain.mean((2, 3)), mapped.mean((2, 3))
    return Equivariance(
        shift=shift,
        jump=jump,
        output_shift=steps,
        exact=all(pixels % jump == 0 for pixels in shift),
        mapped=read_only(plain[0]),
        mapped_shifted=read_only(mapped[0]),
        shifted_mapped=read_only(shifted[0]),
        difference=read_only(difference.amax(0)),
        largest=float(difference.max()),
        signal=signal,
        relative=float(difference.max()) / (signal or 1.0),
        invariance=float((mapped - plain).abs().max()) / (signal or 1.0),
        pooled_largest=float((moved_means - means).abs().max()),
        pooled_signal=float(means.abs().max()),
    )
