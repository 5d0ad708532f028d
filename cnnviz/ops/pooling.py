"""Pooling from its definition, and the terms of a single output value.

Max pooling keeps the largest value of each window, average pooling the mean, for each channel
independently. With `ceil_mode` a last window that starts inside the input or its leading padding may
extend beyond the end; positions there are ignored.
"""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from cnnviz.arrays import Array, read_only
from cnnviz.errors import CnnvizError
from cnnviz.ops.convolution import axis_windows, sliding_windows
from cnnviz.ops.geometry import IntPair, Window

PoolKind = Literal["max", "average"]


def pooled_size(window: Window, input_size: int, ceil_mode: bool = False) -> int:
    """Output size of pooling along one axis.

    As for a convolution; `ceil_mode` rounds up instead of down, but no window may start beyond the
    input and its leading padding (as in `torch.nn.MaxPool2d`).
    """
    if not ceil_mode:
        return window.output_size(input_size)
    slack = window.padded_size(input_size) - window.effective_kernel_size
    size = -(-slack // window.stride) + 1
    if (size - 1) * window.stride >= input_size + window.padding:
        size -= 1
    if size < 1:
        window.require_fit(input_size)
    return size


def mean_divisors(
    window: Window, input_size: int, ceil_mode: bool = False, count_include_pad: bool = True
) -> list[int]:
    """For each output along one axis, the number of taps that count in the divisor of average pooling."""
    outputs = pooled_size(window, input_size, ceil_mode)
    return [int(count) for count in _counted(window, input_size, outputs, count_include_pad)]


def unread(window: Window, input_size: int, ceil_mode: bool = False) -> tuple[list[int], list[int]]:
    """Input samples along one axis that no window reads: (between windows, after the last window)."""
    outputs = pooled_size(window, input_size, ceil_mode)
    read = {tap for output in range(outputs) for tap in window.taps(output)}
    missing = [index for index in range(input_size) if index not in read]
    last = max(read)
    return [index for index in missing if index < last], [index for index in missing if index > last]


def _pool_windows(
    kernel_size: IntPair, stride: IntPair | None, padding: IntPair, dilation: IntPair = 1
) -> tuple[Window, Window]:
    rows, columns = axis_windows(kernel_size, kernel_size if stride is None else stride, padding, dilation)
    for window in (rows, columns):
        if window.padding > window.kernel_size // 2:
            raise CnnvizError(
                f"Pooling may pad by at most half its window: {window.kernel_size // 2} here, "
                f"not {window.padding}."
            )
    return rows, columns


def _windows_of(x: Tensor, rows: Window, columns: Window, ceil_mode: bool, filler: float) -> Tensor:
    """All windows, (N, C, H', W', kh, kw), with `filler` outside the input."""
    if x.dim() != 4 or 0 in x.shape[1:]:
        raise CnnvizError(f"Pooling needs an input (N, C, H, W) with values in it, not {tuple(x.shape)}.")
    ends = [
        _reach(window, size, ceil_mode) for window, size in zip((rows, columns), x.shape[2:], strict=True)
    ]
    padded = F.pad(x, (columns.padding, ends[1], rows.padding, ends[0]), value=filler)
    return sliding_windows(padded, rows, columns)


def _reach(window: Window, input_size: int, ceil_mode: bool) -> int:
    """Samples to add at the end so that the last window is complete; negative to crop."""
    last = (pooled_size(window, input_size, ceil_mode) - 1) * window.stride
    return last + window.effective_kernel_size - window.padding - input_size


def max_pool2d(
    x: Tensor,
    kernel_size: IntPair,
    stride: IntPair | None = None,
    padding: IntPair = 0,
    dilation: IntPair = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """The largest value of each window; the same results as `torch.nn.functional.max_pool2d`.

    Args:
        x: input, (N, C, H, W). Padding counts as −∞.
        kernel_size, stride, padding, dilation: one number, or (height, width); `stride` is
            `kernel_size` where left out.
        ceil_mode: whether a last, incomplete window counts.

    Raises:
        CnnvizError: if a value is out of range or the window does not fit.
    """
    rows, columns = _pool_windows(kernel_size, stride, padding, dilation)
    return _windows_of(x, rows, columns, ceil_mode, -torch.inf).amax((-2, -1))


def avg_pool2d(
    x: Tensor,
    kernel_size: IntPair,
    stride: IntPair | None = None,
    padding: IntPair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window; the same results as `torch.nn.functional.avg_pool2d`.

    Args:
        x: input, (N, C, H, W). Padding adds 0 to the sum.
        kernel_size, stride, padding: one number, or (height, width); `stride` is `kernel_size`
            where left out.
        ceil_mode: whether a last, incomplete window counts.
        count_include_pad: whether padding counts in the divisor.

    Raises:
        CnnvizError: if a value is out of range or the window does not fit.
    """
    rows, columns = _pool_windows(kernel_size, stride, padding)
    sums = _windows_of(x, rows, columns, ceil_mode, 0.0).sum((-2, -1))
    counts = [
        _counted(window, size, output, count_include_pad)
        for window, size, output in zip((rows, columns), x.shape[2:], sums.shape[2:], strict=True)
    ]
    return sums / torch.outer(*counts).to(sums)


def _counted(window: Window, input_size: int, output_size: int, include_pad: bool) -> Tensor:
    """(output_size,) taps of each window along one axis that count in the mean."""
    first = torch.arange(output_size) * window.stride - window.padding
    last = first + window.kernel_size
    low, high = (-window.padding, input_size + window.padding) if include_pad else (0, input_size)
    return last.clamp(max=high) - first.clamp(min=low)


def global_avg_pool2d(x: Tensor) -> Tensor:
    """The mean of each feature map: (N, C, H, W) → (N, C, 1, 1)."""
    return x.mean((-2, -1), keepdim=True)


@dataclass(frozen=True, slots=True, eq=False)
class PoolStep:
    """One output value of pooling, with its inputs.

    Attributes:
        kind: "max" or "average".
        row, column: which output.
        input_rows, input_columns: input coordinates of the taps; outside the input they lie in the padding.
        is_padding: (kh, kw), True where the tap lies outside the input.
        inputs: (kh, kw), the values in the window; NaN outside the input.
        winner: (row, column) of the largest input, for "max"; None for "average".
        count: how many taps the sum is divided by, for "average"; 1 for "max".
        value: the output.
    """

    kind: PoolKind
    row: int
    column: int
    input_rows: range
    input_columns: range
    is_padding: Array
    inputs: Array
    winner: tuple[int, int] | None
    count: int
    value: float


def pool2d_step(
    feature_map: Tensor,
    kind: PoolKind,
    kernel_size: IntPair,
    stride: IntPair | None = None,
    padding: IntPair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    *,
    row: int = 0,
    column: int = 0,
) -> PoolStep:
    """The terms of one output value of `max_pool2d` or `avg_pool2d` for one feature map (H, W).

    Raises:
        CnnvizError: as these, or if there is no such output.
    """
    rows, columns = _pool_windows(kernel_size, stride, padding)
    x = feature_map.detach()[None, None]
    windows = _windows_of(x, rows, columns, ceil_mode, torch.nan)[0, 0]
    extent = tuple(windows.shape[:2])
    if not (0 <= row < extent[0] and 0 <= column < extent[1]):
        raise CnnvizError(f"There is no output {(row, column)}: rows and columns are {extent}.")
    inputs = windows[row, column].clone()
    outside = _windows_of(torch.zeros_like(x), rows, columns, ceil_mode, 1)[0, 0, row, column] == 1
    taps = rows.taps(row), columns.taps(column)
    winner, count = None, 1
    if kind == "max":
        inside = outside.flatten().logical_not().nonzero()[:, 0]
        best = int(inside[inputs.flatten()[inside].argmax()])
        winner = taps[0][best // columns.kernel_size], taps[1][best % columns.kernel_size]
        value = float(inputs.flatten()[best])
    else:
        axes = zip((rows, columns), feature_map.shape, extent, (row, column), strict=True)
        counts = [int(_counted(w, n, outputs, count_include_pad)[at]) for w, n, outputs, at in axes]
        count = counts[0] * counts[1]
        value = float(inputs.masked_fill(outside, 0).sum()) / count
    return PoolStep(kind, row, column, *taps, read_only(outside), read_only(inputs), winner, count, value)
