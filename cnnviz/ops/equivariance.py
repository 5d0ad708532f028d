"""Equivariance measured: f(T x) against T f(x), and where they part.

A map is *equivariant* to shifts if shifting its input shifts its output alike, and *invariant* if
shifting its input leaves its output as it was.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from cnnviz.arrays import Array, read_only
from cnnviz.errors import CnnvizError
from cnnviz.ops.convolution import conv2d
from cnnviz.ops.geometry import PaddingMode


def circular_shift(x: Tensor, rows: int, columns: int) -> Tensor:
    """Shift the last two axes down and to the right; what leaves on one side enters on the other."""
    return torch.roll(x, (rows, columns), (-2, -1))


def blur_pool2d(x: Tensor, stride: int, padding_mode: PaddingMode = "reflect") -> Tensor:
    """Blur each channel with the binomial 3×3 kernel, then keep every `stride`-th pixel.

    The blur takes away what the sub-sampling could not represent (Zhang, "Making Convolutional
    Networks Shift-Invariant Again", ICML 2019).

    Args:
        x: (N, C, H, W).
        stride: at least 1.
        padding_mode: what lies beyond the border.

    Raises:
        CnnvizError: if `stride` is out of range or the padding mode cannot fill one pixel.
    """
    channels = x.shape[1]
    smooth = torch.tensor([0.25, 0.5, 0.25]).to(x)
    weight = torch.outer(smooth, smooth).expand(channels, 1, 3, 3)
    return conv2d(x, weight, stride=stride, padding=1, groups=channels, padding_mode=padding_mode)


@dataclass(frozen=True, slots=True, eq=False)
class Equivariance:
    """Both orders of shifting and mapping, and their difference.

    Attributes:
        shift: (rows, columns) of the input.
        output_shift: (rows, columns) of the output, the nearest whole number of its steps.
        exact: whether the input's shift is a whole number of output steps.
        mapped_shifted: f(T x), float32 (C, H, W).
        shifted_mapped: T f(x), float32 (C, H, W).
        difference: their absolute difference, the largest over the channels: (H, W).
        largest: the largest difference.
        relative: the same, as a share of the largest magnitude of f(x).
        invariance: largest |f(T x) − f(x)|, as a share of the largest magnitude of f(x).
    """

    shift: tuple[int, int]
    output_shift: tuple[int, int]
    exact: bool
    mapped_shifted: Array
    shifted_mapped: Array
    difference: Array
    largest: float
    relative: float
    invariance: float


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
    scale = float(plain.abs().max()) or 1.0
    return Equivariance(
        shift=shift,
        output_shift=steps,
        exact=all(pixels % jump == 0 for pixels in shift),
        mapped_shifted=read_only(mapped[0]),
        shifted_mapped=read_only(shifted[0]),
        difference=read_only(difference.amax(0)),
        largest=float(difference.max()),
        relative=float(difference.max()) / scale,
        invariance=float((mapped - plain).abs().max()) / scale,
    )
