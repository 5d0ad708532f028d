"""Transposed convolution: every input value adds the kernel, scaled by the value, to the output.

    Y[o, i·s + m·d − p, j·s + n·d − p] += X[c, i, j] · W[c, o, m, n]

It is the gradient of a convolution with respect to its input, hence the name. The scaled copies of
the kernel are called stamps here; where they overlap unevenly, the output shows a checkerboard
(Odena, Dumoulin and Olah 2016).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from cnnviz.arrays import Array, read_only
from cnnviz.errors import CnnvizError
from cnnviz.ops.convolution import axis_windows
from cnnviz.ops.geometry import IntPair, Window, is_whole, pair


def transposed_size(window: Window, input_size: int, output_padding: int = 0) -> int:
    """Output size along one axis: (n − 1)s − 2p + d(k−1) + output_padding + 1.

    Raises:
        CnnvizError: if the output would be empty.
    """
    size = (input_size - 1) * window.stride - 2 * window.padding
    size += window.effective_kernel_size + output_padding
    if size < 1:
        raise CnnvizError(f"Padding of {window.padding} cuts the whole output away: make it smaller.")
    return size


def conv_transpose2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: IntPair = 1,
    padding: IntPair = 0,
    output_padding: IntPair = 0,
    groups: int = 1,
    dilation: IntPair = 1,
) -> Tensor:
    """Transposed convolution from its definition; as `torch.nn.functional.conv_transpose2d`.

    Args:
        x: input, (N, C, H, W).
        weight: (C, O / groups, kh, kw).
        bias: (O,), or None.
        stride: output samples between neighbouring stamps.
        padding: samples cropped at each border of the output.
        output_padding: samples added at the end, less than stride or dilation.
        groups: channels are split into this many independent groups.
        dilation: output samples between neighbouring taps of the stamp.

    Returns:
        (N, O, H', W'), H' and W' by `transposed_size`.

    Raises:
        CnnvizError: if shapes do not agree or a value is out of range.
    """
    _check_shapes(x, weight, bias, groups)
    rows, columns = axis_windows(tuple(weight.shape[2:]), stride, padding, dilation)
    extra = pair(output_padding, "output_padding")
    for window, more in zip((rows, columns), extra, strict=True):
        if not 0 <= more < max(window.stride, window.dilation):
            raise CnnvizError("output_padding must be at least 0 and less than stride or dilation.")
    sizes = [transposed_size(w, n, e) for w, n, e in zip((rows, columns), x.shape[2:], extra, strict=True)]
    grouped_x = x.reshape(len(x), groups, x.shape[1] // groups, *x.shape[2:])
    grouped_weight = weight.reshape(groups, -1, *weight.shape[1:])
    stamps = torch.einsum("ngchw,gcoij->ngoijhw", grouped_x, grouped_weight).flatten(1, 2)
    y = _add_up(stamps, rows, columns)
    y = y[..., rows.padding :, columns.padding :]
    y = F.pad(y, (0, max(0, sizes[1] - y.shape[3]), 0, max(0, sizes[0] - y.shape[2])))
    y = y[..., : sizes[0], : sizes[1]]
    return y if bias is None else y + bias[:, None, None]


def _add_up(stamps: Tensor, rows: Window, columns: Window) -> Tensor:
    """(N, O, kh, kw, H, W) stamps → (N, O, full height, full width), tap by tap."""
    height, width = stamps.shape[-2:]
    full = [
        (n - 1) * w.stride + w.effective_kernel_size
        for n, w in zip((height, width), (rows, columns), strict=True)
    ]
    y = stamps.new_zeros(*stamps.shape[:2], *full)
    for m in range(rows.kernel_size):
        for n in range(columns.kernel_size):
            top, left = m * rows.dilation, n * columns.dilation
            target = y[
                ..., top : top + (height - 1) * rows.stride + 1 : rows.stride,
                left : left + (width - 1) * columns.stride + 1 : columns.stride,
            ]  # fmt: skip
            target += stamps[:, :, m, n]
    return y


def _check_shapes(x: Tensor, weight: Tensor, bias: Tensor | None, groups: int) -> None:
    if x.dim() != 4 or weight.dim() != 4 or 0 in x.shape[1:] or 0 in weight.shape:
        raise CnnvizError(
            "conv_transpose2d needs an input (N, C, H, W) and a weight (C, O/groups, kh, kw), "
            f"not {tuple(x.shape)} and {tuple(weight.shape)}."
        )
    if not is_whole(groups) or groups < 1 or x.shape[1] % groups:
        raise CnnvizError(f"groups={groups} must divide the {x.shape[1]} input channels.")
    if weight.shape[0] != x.shape[1]:
        raise CnnvizError(
            f"The input has {x.shape[1]} channels, but the weight has a kernel for {weight.shape[0]}."
        )
    if bias is not None and tuple(bias.shape) != (weight.shape[1] * groups,):
        raise CnnvizError(f"bias must have shape ({weight.shape[1] * groups},), not {tuple(bias.shape)}.")


def stamp_counts(
    rows: Window, columns: Window, height: int, width: int, output_padding: IntPair = 0
) -> Array:
    """Number of stamps on each output: int (H', W'). Uneven counts cause checkerboard artefacts."""
    ones = torch.ones(1, 1, height, width)
    kernel = torch.ones(1, 1, rows.kernel_size, columns.kernel_size)
    counts = conv_transpose2d(
        ones, kernel, None, (rows.stride, columns.stride), (rows.padding, columns.padding), output_padding,
        dilation=(rows.dilation, columns.dilation),
    )  # fmt: skip
    return read_only(counts[0, 0].round().long())


def inner_overlap(window: Window) -> tuple[int, int]:
    """Fewest and most stamps on an output along one axis, away from the border.

    Tap m of a stamp lands on outputs at positions ≡ m·d modulo the stride.
    """
    hits = [0] * window.stride
    for tap in range(window.kernel_size):
        hits[tap * window.dilation % window.stride] += 1
    return min(hits), max(hits)
