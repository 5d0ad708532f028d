"""The code of the transposed convolution page."""

from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.ops.geometry import Window
from cnnviz.ui.widgets.snippet_parts import picture_code

# Ones around which a whole period of the output lies away from the border, at the largest kernel.
_EVEN_SIDE = 24


def transposed_code(
    picture: Picture, long_side: int, weights: Array, window: Window, output_padding: int
) -> str:
    """PyTorch code; `transposed`, `resized`, `counts` and `ripple` are those on screen."""
    rows = ",\n     ".join(f"[{', '.join(f'{w:.7g}' for w in row)}]" for row in weights)
    reach = window.effective_kernel_size
    before = (reach - 1) // 2
    after = reach - 1 - before
    inside = f"{reach}:{reach + window.stride}"
    return f"""\
import torch
import torch.nn.functional as F
import cnnviz

x = {picture_code(picture)}.fitted({long_side}).tensor()  # (1, 3, H, W), values in [0, 1]
stamp = torch.tensor(
    [{rows}]
).float()[None, None]  # (1, 1, k, k)
layer = dict(stride={window.stride}, dilation={window.dilation})
border = dict(padding={window.padding}, output_padding={output_padding})

# Each channel by itself: one stamp for all three
weight = stamp.expand(3, 1, -1, -1)
transposed = F.conv_transpose2d(x, weight, groups=3, **layer, **border)

# How many stamps reach each pixel
ones = torch.ones(1, 1, *x.shape[2:])
counts = F.conv_transpose2d(ones, torch.ones_like(stamp), **layer, **border)

# Resize, then convolve
larger = F.interpolate(x, scale_factor={window.stride}, mode="nearest")
larger = F.pad(larger, ({before}, {after}, {before}, {after}), mode="replicate")
resized = F.conv2d(larger, weight / stamp.sum(), dilation={window.dilation}, groups=3)

# How uneven an even input becomes, away from the border, as a share of its mean
even = F.conv_transpose2d(torch.ones(1, 1, {_EVEN_SIDE}, {_EVEN_SIDE}), stamp, **layer)
even = even[0, 0, {inside}, {inside}]  # one period
ripple = (even.max() - even.min()) / even.mean()
"""
