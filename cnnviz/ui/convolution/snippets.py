"""The code of the convolution lab."""

from cnnviz.data.images import Picture
from cnnviz.ops.filtering import PictureFilter
from cnnviz.ui.widgets.snippet_parts import LUMA_LINE, picture_code


def _geometry(layer: PictureFilter) -> tuple[str, str, str]:
    """The arguments of F.pad, and stride and dilation, as code."""
    axes = layer.rows, layer.columns
    stride, dilation = (str(tuple(getattr(a, name) for a in axes)) for name in ("stride", "dilation"))
    vertical, horizontal = layer.rows.padding, layer.columns.padding
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
    return f'({horizontal}, {horizontal}, {vertical}, {vertical}), mode="{mode}"', stride, dilation


def pixel_use_code(height: int, width: int, layer: PictureFilter) -> str:
    """PyTorch code for how often each pixel is read: the gradient of a sum of all outputs."""
    padding, stride, dilation = _geometry(layer)
    return f"""\
import torch
import torch.nn.functional as F

x = torch.zeros(1, 1, {height}, {width}, requires_grad=True)
ones = torch.ones(1, 1, {layer.rows.kernel_size}, {layer.columns.kernel_size})
y = F.conv2d(F.pad(x, {padding}), ones, stride={stride}, dilation={dilation})
counts = torch.autograd.grad(y.sum(), x)[0][0, 0]  # (height, width)
"""


def flip_code(picture: Picture, long_side: int, layer: PictureFilter) -> str:
    """PyTorch code for both operations; `y` and `y_flipped` are the outputs on screen."""
    code = convolution_code(picture, long_side, layer)
    last = code.splitlines()[-1].replace("y = ", "y_flipped = ").replace("weight,", "weight.flip(2, 3),", 1)
    return f"{code}{last}  # true convolution\n"


def convolution_code(picture: Picture, long_side: int, layer: PictureFilter) -> str:
    """PyTorch code for the convolution lab; its `y` is the output on screen."""
    rows = ",\n     ".join(f"[{', '.join(f'{w:.6g}' for w in row)}]" for row in layer.kernel)
    out_channels, per_group = layer.weight.shape[:2]
    padding, stride, dilation = _geometry(layer)
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
