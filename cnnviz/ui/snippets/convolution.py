"""The code of the convolution lab."""

from cnnviz.data.images import Picture
from cnnviz.ops.filtering import PictureFilter
from cnnviz.ui.snippets.common import LUMA_LINE, picture_code


def convolution_code(picture: Picture, long_side: int, layer: PictureFilter) -> str:
    """PyTorch code for the convolution lab; its `y` is the output on screen."""
    rows = ",\n     ".join(f"[{', '.join(f'{w:.6g}' for w in row)}]" for row in layer.kernel)
    out_channels, per_group = layer.weight.shape[:2]
    axes = layer.rows, layer.columns
    strides, dilations = (tuple(getattr(a, name) for a in axes) for name in ("stride", "dilation"))
    vertical, horizontal = layer.rows.padding, layer.columns.padding
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
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
x = F.pad(x, ({horizontal}, {horizontal}, {vertical}, {vertical}), mode="{mode}")
y = F.conv2d(x, weight{bias}, stride={strides}, dilation={dilations}, groups={layer.groups})
"""
