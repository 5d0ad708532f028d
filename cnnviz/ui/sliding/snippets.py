"""The code of a layer on a patch or on the whole picture."""

from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.ops.filtering import PictureFilter
from cnnviz.ops.geometry import Window
from cnnviz.ui.components.sliding_window import Patch, Sliding
from cnnviz.ui.widgets.snippet_parts import LUMA_LINE, picture_code


def sliding_code(picture: Picture, side: int, patch: Patch, matrix: Array | None, sliding: Sliding) -> str:
    """PyTorch code for the sliding window; its `y` is the output on screen."""
    return f"""\
import torch
import torch.nn.functional as F
{"" if matrix is not None else "import cnnviz"}

{_input(picture, side, patch, matrix, sliding)}
{_operation(sliding, 1 if matrix is not None or sliding.channels == "grey" else 3)}
"""


def _input(picture: Picture, side: int, patch: Patch, matrix: Array | None, sliding: Sliding) -> str:
    if matrix is not None:
        return f"x = torch.tensor({_rows(matrix)})[None, None]"
    rows = f"{patch.top}:{patch.top + patch.size}"
    columns = f"{patch.left}:{patch.left + patch.size}"
    grey = LUMA_LINE if sliding.channels == "grey" else ""
    return f"""\
x = {picture_code(picture)}.fitted({side}).tensor()  # (1, 3, H, W), values in [0, 1]
{grey}x = x[..., {rows}, {columns}]"""


def _operation(sliding: Sliding, channels: int) -> str:
    rows, columns = sliding.rows, sliding.columns
    size, stride, padding, dilation = (
        _both(rows, columns, name) for name in ("kernel_size", "stride", "padding", "dilation")
    )
    if sliding.kind == "max":
        return f"y = F.max_pool2d(x, {size}, {stride}, {padding}, ceil_mode={sliding.options['ceil']})"
    if sliding.kind == "average":
        ceil, counted = sliding.options["ceil"], sliding.options["countPadding"]
        return (
            f"y = F.avg_pool2d(x, {size}, {stride}, {padding}, ceil_mode={ceil}, count_include_pad={counted})"
        )
    assert sliding.weights is not None
    kernel = f"kernel = torch.tensor({_rows(sliding.weights)})"
    if sliding.kind == "transposed":
        return f"""\
{kernel}
y = F.conv_transpose2d(
    x, kernel[None, None], None, {stride}, {padding}, {sliding.output_padding}, 1, {dilation}
)  # stride, padding, output padding, groups, dilation"""
    apart = sliding.channels == "depthwise" and channels > 1
    out, per_group, groups = (channels, 1, channels) if apart else (1, channels, 1)
    mode = "constant" if sliding.mode == "zeros" else sliding.mode
    bias = f", bias=torch.full(({out},), {float(f'{sliding.bias:g}')})" if sliding.bias else ""
    padded = ", ".join(str(p) for p in (columns.padding, columns.padding, rows.padding, rows.padding))
    return f"""\
{kernel}
weight = kernel.repeat({out}, {per_group}, 1, 1)  # (out, in / groups, height, width)
x = F.pad(x, ({padded}), mode="{mode}")
y = F.conv2d(x, weight{bias}, stride={stride}, dilation={dilation}, groups={groups})"""


def _both(rows: Window, columns: Window, name: str) -> tuple[int, int]:
    return getattr(rows, name), getattr(columns, name)


def _rows(values: Array) -> str:
    rows = ",\n     ".join(f"[{', '.join(repr(float(f'{v:.6g}')) for v in row)}]" for row in values)
    return f"\n    [{rows}]\n"


def pad_arguments(layer: PictureFilter) -> tuple[str, str, str]:
    """The arguments of F.pad, and stride and dilation, as code."""
    axes = layer.rows, layer.columns
    stride, dilation = (str(tuple(getattr(a, name) for a in axes)) for name in ("stride", "dilation"))
    vertical, horizontal = layer.rows.padding, layer.columns.padding
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
    return f'({horizontal}, {horizontal}, {vertical}, {vertical}), mode="{mode}"', stride, dilation


def convolution_code(picture: Picture, long_side: int, layer: PictureFilter) -> str:
    """PyTorch code for a convolution of the whole picture; its `y` is the output on screen."""
    rows = ",\n     ".join(f"[{', '.join(f'{w:.6g}' for w in row)}]" for row in layer.kernel)
    out_channels, per_group = layer.weight.shape[:2]
    padding, stride, dilation = pad_arguments(layer)
    grey = LUMA_LINE if layer.channels == "grey" else ""
    bias = f", bias=torch.full(({out_channels},), {float(f'{layer.bias:g}')})" if layer.bias else ""
    return f"""\
import torch
import torch.nn.functional as F
import cnnviz

x = {picture_code(picture)}.fitted({long_side}).tensor()  # (1, 3, H, W), values in [0, 1]
{grey}kernel = torch.tensor(
    [{rows}]
)
weight = kernel.float().repeat({out_channels}, {per_group}, 1, 1)  # (out, in / groups, height, width)
x = F.pad(x, {padding})
y = F.conv2d(x, weight{bias}, stride={stride}, dilation={dilation}, groups={layer.groups})
"""
