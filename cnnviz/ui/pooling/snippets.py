"""The code of the pooling page."""

from cnnviz.data.images import Picture
from cnnviz.ops.shrinking import Shrinking
from cnnviz.ui.widgets.snippet_parts import picture_code


def pooling_code(picture: Picture, long_side: int, shrinking: Shrinking) -> str:
    """PyTorch code for the four ways; its `outputs` are on screen."""
    return f"{_beginning(picture, long_side, shrinking)}\noutputs = shrink(x)\n"


def shift_code(picture: Picture, long_side: int, shrinking: Shrinking, pixels: int) -> str:
    """PyTorch code for the shifted picture; its `change` and `share` are on screen."""
    return f"""\
{_beginning(picture, long_side, shrinking)}
moved = torch.roll(x, {pixels}, dims=3)  # to the right; what leaves comes back on the left
before, after = shrink(x), shrink(moved)
change = {{way: after[way] - before[way] for way in before}}
on_screen = {{way: difference.mean(1) for way, difference in change.items()}}  # the mean of R, G and B
input_change = (moved - x).abs().mean()
share = {{way: float(difference.abs().mean() / input_change) for way, difference in change.items()}}
"""


def _beginning(picture: Picture, long_side: int, shrinking: Shrinking) -> str:
    s = shrinking
    rows = ",\n     ".join(f"[{', '.join(f'{w:.6g}' for w in row)}]" for row in s.weights)
    size = f"{s.kernel_size}, stride={s.stride}, padding={s.padding}"
    return f"""\
import torch
import torch.nn.functional as F
import cnnviz

x = {picture_code(picture)}.fitted({long_side}).tensor()  # (1, 3, H, W), values in [0, 1]
kernel = torch.tensor(
    [{rows}]
)
weight = kernel.float().repeat(3, 1, 1, 1)  # the same kernel for each channel

def shrink(x):
    return {{
        "max": F.max_pool2d(x, {size}, ceil_mode={s.ceil_mode}),
        "average": F.avg_pool2d(
            x, {size}, ceil_mode={s.ceil_mode}, count_include_pad={s.count_include_pad}
        ),
        "strided": F.conv2d(x, weight, stride={s.stride}, padding={s.padding}, groups=3),
        "global": F.adaptive_avg_pool2d(x, 1),
    }}
"""
