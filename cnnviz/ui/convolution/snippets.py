"""The code of the convolution lab."""

from cnnviz.data.images import Picture
from cnnviz.ops.filtering import PictureFilter
from cnnviz.ui.sliding.snippets import convolution_code, pad_arguments


def pixel_use_code(height: int, width: int, layer: PictureFilter) -> str:
    """PyTorch code for how often each pixel is read: the gradient of a sum of all outputs."""
    padding, stride, dilation = pad_arguments(layer)
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
