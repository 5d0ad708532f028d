"""Two-dimensional convolution from its definition, and the terms of a single output value.

What every framework calls convolution is cross-correlation:

    Y[o, i, j] = b[o] + Σ_c Σ_m Σ_n  X[c, i·s + m·d − p, j·s + n·d − p] · W[o, c, m, n]

`conv2d` takes all windows of X as a view and contracts them with W by `einsum`. `conv2d_step` gives
the terms of the sum for a single (o, i, j).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnnviz.arrays import Array, read_only
from cnnviz.errors import CnnvizError
from cnnviz.ops.geometry import IntPair, PaddingMode, Window, is_whole, pair, source_indices

# Bands of so many window values (16 MB in float32) are as fast as all at once, and bound the memory.
_BAND_VALUES = 2**22

Padding = int | Sequence[int] | Literal["same", "valid"]


def axis_windows(
    kernel_size: IntPair, stride: IntPair = 1, padding: Padding = 0, dilation: IntPair = 1
) -> tuple[Window, Window]:
    """One `Window` for the rows and one for the columns, from PyTorch's arguments."""
    kernel_sizes, strides = pair(kernel_size, "kernel_size"), pair(stride, "stride")
    dilations = pair(dilation, "dilation")
    if padding == "same":
        rows, columns = (
            Window.same(k, s, d) for k, s, d in zip(kernel_sizes, strides, dilations, strict=True)
        )
        return rows, columns
    if isinstance(padding, str) and padding != "valid":
        raise CnnvizError(f'padding must be a number, two numbers, "same" or "valid", not {padding!r}.')
    paddings = (0, 0) if isinstance(padding, str) else pair(padding, "padding")
    rows, columns = (
        Window(k, s, p, d) for k, s, p, d in zip(kernel_sizes, strides, paddings, dilations, strict=True)
    )
    return rows, columns


def pad2d(x: Tensor, rows: Window, columns: Window, padding_mode: PaddingMode = "zeros") -> Tensor:
    """Pad the last two axes of `x` (…, H, W) as the windows say.

    Raises:
        CnnvizError: if `padding_mode` cannot fill that much padding, or no window fits.
    """
    height, width = x.shape[-2:]
    for window, size in ((rows, height), (columns, width)):
        window.require_fit(size)
    row_sources = source_indices(height, rows.padding, rows.padding_end, padding_mode)
    column_sources = source_indices(width, columns.padding, columns.padding_end, padding_mode)
    if padding_mode == "zeros":
        return F.pad(x, (columns.padding, columns.padding_end, rows.padding, rows.padding_end))
    row_index = torch.as_tensor(row_sources, device=x.device)
    column_index = torch.as_tensor(column_sources, device=x.device)
    return x.index_select(-2, row_index).index_select(-1, column_index)


def sliding_windows(padded: Tensor, rows: Window, columns: Window) -> Tensor:
    """Every window of a padded input, as a view.

    Args:
        padded: (N, C, H, W), padding included.

    Returns:
        (N, C, H', W', kh, kw): the values under each tap at each output position.
    """
    spans = padded.unfold(2, rows.effective_kernel_size, rows.stride)
    spans = spans.unfold(3, columns.effective_kernel_size, columns.stride)
    return spans[..., :: rows.dilation, :: columns.dilation]


def conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: IntPair = 1,
    padding: Padding = 0,
    dilation: IntPair = 1,
    groups: int = 1,
    padding_mode: PaddingMode = "zeros",
) -> Tensor:
    """Convolution from its definition; the same results as `torch.nn.functional.conv2d`.

    Args:
        x: input, (N, C, H, W).
        weight: (O, C / groups, kh, kw).
        bias: (O,), or None.
        stride, padding, dilation: one number, or (height, width); padding also "same" or "valid".
        groups: channels are split into this many independent groups.
        padding_mode: "zeros", "reflect", "replicate" or "circular".

    Returns:
        (N, O, H', W'), H' and W' by `output_size`.

    Raises:
        CnnvizError: if shapes do not agree, a value is out of range, or the kernel does not fit.
    """
    _check_shapes(x, weight, bias, groups)
    rows, columns = axis_windows(tuple(weight.shape[2:]), stride, padding, dilation)
    windows = sliding_windows(pad2d(x, rows, columns, padding_mode), rows, columns)
    y = _contract(windows, weight, groups)
    return y if bias is None else y + bias[:, None, None]


def _contract(windows: Tensor, weight: Tensor, groups: int) -> Tensor:
    """Σ_c Σ_m Σ_n over all windows: (N, C, H', W', kh, kw) and (O, C / groups, kh, kw) → (N, O, H', W').

    The contraction copies the windows, so it takes a band of output rows at a time.
    """
    grouped_weight = weight.reshape(groups, -1, *weight.shape[1:])
    band = max(1, _BAND_VALUES // max(1, windows[:, :, :1].numel()))
    sums = []
    for rows in torch.split(windows, band, dim=2):
        grouped = rows.reshape(len(rows), groups, weight.shape[1], *rows.shape[2:])
        sums.append(torch.einsum("ngchwij,gocij->ngohw", grouped, grouped_weight))
    whole = sums[0] if len(sums) == 1 else torch.cat(sums, dim=3)  # cat would copy a single band, too
    return whole.flatten(1, 2)


def _check_shapes(x: Tensor, weight: Tensor, bias: Tensor | None, groups: int) -> None:
    if x.dim() != 4 or weight.dim() != 4:
        raise CnnvizError(
            f"conv2d needs an input (N, C, H, W) and a weight (O, C/groups, kh, kw), "
            f"not {tuple(x.shape)} and {tuple(weight.shape)}."
        )
    if 0 in x.shape[1:] or 0 in weight.shape:
        raise CnnvizError(f"conv2d needs at least one value along each axis, not {tuple(x.shape)}.")
    if not is_whole(groups) or groups < 1 or x.shape[1] % groups or weight.shape[0] % groups:
        raise CnnvizError(
            f"groups={groups} must divide the {x.shape[1]} input and the {weight.shape[0]} output channels."
        )
    if weight.shape[1] * groups != x.shape[1]:
        raise CnnvizError(
            f"The input has {x.shape[1]} channels, but the weight reads {weight.shape[1] * groups} "
            f"({weight.shape[1]} in each of {groups} groups)."
        )
    if bias is not None and tuple(bias.shape) != (weight.shape[0],):
        raise CnnvizError(f"bias must have shape ({weight.shape[0]},), not {tuple(bias.shape)}.")


@dataclass(frozen=True, slots=True, eq=False)
class ConvStep:
    """One output value of a convolution, term by term.

    Attributes:
        out_channel, row, column: which output.
        in_channels: the input channels read (a group's share), in order.
        input_rows, input_columns: (kh,) and (kw,) input coordinates of the taps; outside the
            picture they lie in the padding.
        is_padding: (kh, kw), True where the tap reads padding.
        inputs, weights, products: (C / groups, kh, kw), products = inputs · weights.
        channel_sums: (C / groups,), the products summed over the taps.
        bias: 0 where the layer has none.
        value: the output, channel_sums summed plus bias.
    """

    out_channel: int
    row: int
    column: int
    in_channels: range
    input_rows: range
    input_columns: range
    is_padding: Array
    inputs: Array
    weights: Array
    products: Array
    channel_sums: Array
    bias: float
    value: float


def conv2d_step(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: IntPair = 1,
    padding: Padding = 0,
    dilation: IntPair = 1,
    groups: int = 1,
    padding_mode: PaddingMode = "zeros",
    *,
    out_channel: int = 0,
    row: int = 0,
    column: int = 0,
    dtype: torch.dtype | None = None,
) -> ConvStep:
    """The terms of one output value of `conv2d`.

    Arguments as in `conv2d`, for a single picture (1, C, H, W). Only the window's inputs are read.

    Args:
        dtype: of the arithmetic; that of `x` if None.

    Raises:
        CnnvizError: as `conv2d`, or if there is no such output.
    """
    _check_shapes(x, weight, bias, groups)
    if x.shape[0] != 1:
        raise CnnvizError(f"conv2d_step takes a single picture (1, C, H, W), not {tuple(x.shape)}.")
    x, weight = x.detach(), weight.detach()
    rows, columns = axis_windows(tuple(weight.shape[2:]), stride, padding, dilation)
    extent = (weight.shape[0], rows.output_size(x.shape[2]), columns.output_size(x.shape[3]))
    if not all(0 <= i < n for i, n in zip((out_channel, row, column), extent, strict=True)):
        raise CnnvizError(
            f"There is no output {(out_channel, row, column)}: channels, rows and columns are {extent}."
        )
    group = out_channel // (weight.shape[0] // groups)
    in_channels = range(group * weight.shape[1], (group + 1) * weight.shape[1])
    read = x[0, in_channels.start : in_channels.stop]
    inputs = _under_window(read, rows, columns, padding_mode, (row, column)).cpu().to(dtype or x.dtype)
    weights = weight[out_channel].cpu().to(dtype or weight.dtype)
    products = inputs * weights
    channel_sums = products.sum((1, 2))
    offset = 0.0 if bias is None else float(bias.detach()[out_channel])
    return ConvStep(
        out_channel, row, column, in_channels, rows.taps(row), columns.taps(column),
        is_padding=read_only(_outside(rows.taps(row), x.shape[2])[:, None]
                             | _outside(columns.taps(column), x.shape[3])[None, :]),
        inputs=read_only(inputs),
        weights=read_only(weights.clone()),
        products=read_only(products),
        channel_sums=read_only(channel_sums),
        bias=offset,
        value=float(channel_sums.sum()) + offset,
    )  # fmt: skip


def _under_window(
    x: Tensor, rows: Window, columns: Window, padding_mode: PaddingMode, place: tuple[int, int]
) -> Tensor:
    """(C, kh, kw) values of x (C, H, W) that the window at one output covers, padding included."""
    sources = []
    for window, size, at in zip((rows, columns), x.shape[1:], place, strict=True):
        window.require_fit(size)
        padded = source_indices(size, window.padding, window.padding_end, padding_mode)
        taps = [tap + window.padding for tap in window.taps(at)]
        sources.append(torch.as_tensor(padded[taps], device=x.device))
    r, c = sources
    values = x.index_select(1, r.clamp(min=0)).index_select(2, c.clamp(min=0))
    return values.masked_fill((r < 0)[:, None] | (c < 0)[None, :], 0)


def _outside(coordinates: range, input_size: int) -> Tensor:
    index = torch.tensor(list(coordinates))
    return (index < 0) | (index >= input_size)


class Conv2dFromScratch(nn.Module):
    """`torch.nn.Conv2d` on top of our `conv2d`: same arguments, parameters and results.

    A state dict of either loads into the other, and the same random seed gives the same weights.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: IntPair,
        stride: IntPair = 1,
        padding: Padding = 0,
        dilation: IntPair = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: PaddingMode = "zeros",
    ) -> None:
        super().__init__()
        axis_windows(kernel_size, stride, padding, dilation)
        if not is_whole(groups) or groups < 1 or in_channels % groups or out_channels % groups:
            raise CnnvizError(
                f"groups={groups} must divide in_channels={in_channels} and out_channels={out_channels}."
            )
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size = pair(kernel_size, "kernel_size")
        self.stride, self.padding, self.dilation = stride, padding, dilation
        self.groups = groups
        self.padding_mode: PaddingMode = padding_mode
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels // groups, *self.kernel_size))
        self.bias = nn.Parameter(torch.empty(out_channels)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights as `torch.nn.Conv2d` does: uniform, both within ±1/√fan_in."""
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.weight[0].numel())
            nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → (N, O, H', W')."""
        geometry = self.stride, self.padding, self.dilation, self.groups, self.padding_mode
        return conv2d(x, self.weight, self.bias, *geometry)

    def extra_repr(self) -> str:
        """The arguments, as PyTorch prints them."""
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"padding={self.padding}, dilation={self.dilation}, groups={self.groups}, "
            f"bias={self.bias is not None}, padding_mode={self.padding_mode}"
        )
