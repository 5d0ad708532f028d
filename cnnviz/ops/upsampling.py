"""Two ways to up-sample: transposed convolution, and resizing followed by convolution."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from cnnviz.arrays import Array, read_only
from cnnviz.ops.convolution import conv2d
from cnnviz.ops.geometry import Window
from cnnviz.ops.transposed import conv_transpose2d, stamp_counts

StampName = Literal["ones", "bilinear", "random"]
ResizeMode = Literal["nearest", "bilinear"]


def stamp(name: StampName, kernel_size: int, stride: int, seed: int = 0) -> Array:
    """A kernel (k, k) for up-sampling by `stride`.

    "ones" copies each input value over its stamp; "bilinear" falls off linearly over `stride`
    pixels, so that with k = 2s − s mod 2 it interpolates; "random" has random positive weights.
    All but "ones" are scaled to a sum of stride², which preserves the mean brightness.
    """
    if name == "ones":
        return read_only(np.ones((kernel_size, kernel_size)))
    if name == "bilinear":
        distance = np.abs(np.arange(kernel_size) - (kernel_size - 1) / 2)
        row = np.clip(1 - distance / stride, 0, None)
        weights = np.outer(row, row)
    else:
        weights = np.abs(np.random.default_rng(seed).normal(size=(kernel_size, kernel_size)))
    total = weights.sum()
    return read_only(weights / total * stride**2 if total else weights)


@dataclass(frozen=True, slots=True, eq=False)
class Upsampled:
    """The results of both ways for one picture.

    Attributes:
        transposed: the transposed convolution's output, float32 (C, H', W').
        resized: resize, then convolve: float32 (C, H·s, W·s).
        counts: number of stamps on each pixel of `transposed`: int (H', W').
        ripple: (largest − smallest) / mean of `transposed` for an input of ones, away from the
            border: 0 where there is no checkerboard.
    """

    transposed: Array
    resized: Array
    counts: Array
    ripple: float


def upsample(
    x: Tensor, weights: Array, window: Window, mode: ResizeMode = "nearest", output_padding: int = 0
) -> Upsampled:
    """Up-sample a picture (1, C, H, W) both ways, each channel independently."""
    channels = x.shape[1]
    kernel = torch.from_numpy(np.array(weights)).to(x)
    stamps = kernel.expand(channels, 1, -1, -1)
    with torch.inference_mode():
        transposed = conv_transpose2d(
            x, stamps, None, window.stride, window.padding, output_padding, channels, window.dilation
        )
        larger = F.interpolate(x, scale_factor=float(window.stride), mode=mode)
        smooth = (kernel / kernel.sum()).expand(channels, 1, -1, -1)
        before = (window.effective_kernel_size - 1) // 2
        after = window.effective_kernel_size - 1 - before
        larger = F.pad(larger, (before, after, before, after), mode="replicate")
        resized = conv2d(larger, smooth, dilation=window.dilation, groups=channels)
    counts = stamp_counts(window, window, x.shape[2], x.shape[3], output_padding)
    return Upsampled(read_only(transposed[0]), read_only(resized[0]), counts, _ripple(weights, window))


def _ripple(weights: Array, window: Window) -> float:
    """`Upsampled.ripple`: away from the border the output for ones repeats every `stride` pixels."""
    margin = window.effective_kernel_size
    ones = torch.ones(1, 1, margin + 1, margin + 1, dtype=torch.float64)
    kernel = torch.from_numpy(np.array(weights, dtype=np.float64))[None, None]
    flat = conv_transpose2d(ones, kernel, None, window.stride, dilation=window.dilation)[0, 0]
    period = flat[margin : margin + window.stride, margin : margin + window.stride]
    mean = float(period.mean())
    return float(period.max() - period.min()) / mean if mean else 0.0
