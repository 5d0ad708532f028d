"""Four ways to down-sample with one window: max, average and global pooling, strided convolution."""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from cnnviz.arrays import Array, read_only
from cnnviz.errors import CnnvizError
from cnnviz.ops.convolution import conv2d
from cnnviz.ops.equivariance import circular_shift
from cnnviz.ops.geometry import Window
from cnnviz.ops.kernels import kernel
from cnnviz.ops.pooling import avg_pool2d, global_avg_pool2d, max_pool2d

Way = Literal["max", "average", "strided", "global"]
WAYS: tuple[Way, ...] = get_args(Way)


@dataclass(frozen=True, slots=True)
class Shrinking:
    """The settings that all ways share.

    Attributes:
        kernel_size, stride, padding: the same on both axes; padding at most half the window.
        ceil_mode: whether a last, incomplete window of a pooling counts.
        count_include_pad: whether padding counts in the mean.
        strided_kernel: name of the kernel of the strided convolution.

    Raises:
        CnnvizError: if a value is out of range.
    """

    kernel_size: int = 2
    stride: int = 2
    padding: int = 0
    ceil_mode: bool = False
    count_include_pad: bool = True
    strided_kernel: str = "gaussian"

    def __post_init__(self) -> None:
        window = self.window
        if self.padding > window.kernel_size // 2:
            raise CnnvizError(f"Pooling pads by at most half its window: {window.kernel_size // 2}.")

    @property
    def window(self) -> Window:
        """The geometry of one axis."""
        return Window(self.kernel_size, self.stride, self.padding)

    @property
    def weights(self) -> Array:
        """The strided convolution's kernel, (k, k)."""
        return kernel(self.strided_kernel, self.kernel_size)

    def parameters(self, way: Way, channels: int) -> int:
        """Learned weights: one kernel per channel for the strided convolution, else 0."""
        return channels * self.kernel_size**2 if way == "strided" else 0

    def apply(self, way: Way, x: Tensor) -> Tensor:
        """Down-sample (N, C, H, W), each channel independently."""
        size = (self.kernel_size, self.stride, self.padding)
        if way == "max":
            return max_pool2d(x, *size, ceil_mode=self.ceil_mode)
        if way == "average":
            return avg_pool2d(x, *size, self.ceil_mode, self.count_include_pad)
        if way == "global":
            return global_avg_pool2d(x)
        channels = x.shape[1]
        weight = torch.from_numpy(self.weights.copy()).to(x).expand(channels, 1, -1, -1)
        return conv2d(x, weight, stride=self.stride, padding=self.padding, groups=channels)

    def shrink(self, x: Tensor) -> dict[Way, Array]:
        """Each way → its output for one picture (1, C, H, W): float32 (C, H', W')."""
        with torch.inference_mode():
            return {way: read_only(self.apply(way, x)[0]) for way in WAYS}


@dataclass(frozen=True, slots=True, eq=False)
class ShiftResponse:
    """How an output changes when the input is shifted.

    Attributes:
        change: f(T x) − f(x), float32 (C, H', W').
        magnitude: the mean magnitude of the change.
        share: `magnitude` over that of the input's change; 0 where the input does not change.
        misfit: largest difference between f(T x) and f(x) shifted by whole output pixels, for the best
            such shift, over the windows that do not touch the border or the wrap-around; None if all
            do. For the global way, the largest change.
    """

    change: Array
    magnitude: float
    share: float
    misfit: float | None


def shift_responses(shrinking: Shrinking, x: Tensor, shift: tuple[int, int]) -> dict[Way, ShiftResponse]:
    """Shift a picture (1, C, H, W) circularly and measure how much each way's output changes.

    A share of 1 means that the output changes as much as the input; 0 means that it is invariant.
    """
    with torch.inference_mode():
        moved = circular_shift(x, *shift)
        before = float((moved - x).abs().mean())
        return {way: _response(shrinking, way, x, moved, shift, before) for way in WAYS}


def _response(
    shrinking: Shrinking, way: Way, x: Tensor, moved: Tensor, shift: tuple[int, int], before: float
) -> ShiftResponse:
    first, second = shrinking.apply(way, x)[0], shrinking.apply(way, moved)[0]
    change = second - first
    magnitude = float(change.abs().mean())
    misfit: float | None = float(change.abs().max())
    if way != "global":
        misfit = _misfit(shrinking.window, first, second, (x.shape[2], x.shape[3]), shift)
    return ShiftResponse(read_only(change), magnitude, magnitude / before if before else 0.0, misfit)


def _misfit(
    window: Window, first: Tensor, second: Tensor, sizes: tuple[int, int], shift: tuple[int, int]
) -> float | None:
    rows, columns = (
        [
            _inside(window, size, outputs, pixels, steps)
            for steps in {pixels // window.stride, -(-pixels // window.stride)}
        ]
        for size, outputs, pixels in zip(sizes, first.shape[1:], shift, strict=True)
    )
    differences = [
        float((second[:, r[:, None], c] - first[:, r[:, None] - up, c - left]).abs().max())
        for r, up in rows
        for c, left in columns
        if len(r) and len(c)
    ]
    return min(differences, default=None)


def _inside(window: Window, size: int, outputs: int, pixels: int, steps: int) -> tuple[Tensor, int]:
    """Outputs o such that neither o after the shift nor o − steps before it touches the border; and steps."""
    after = torch.arange(outputs)
    before = after - steps
    start, start_before = (index * window.stride - window.padding for index in (after, before))
    kept = (start >= max(pixels, 0)) & (start + window.kernel_size <= size + min(pixels, 0))
    kept &= (before >= 0) & (before < outputs)
    kept &= (start_before >= 0) & (start_before + window.kernel_size <= size)
    return after[kept], steps
