"""The code of a stack of dilated layers."""

from collections.abc import Sequence


def stack_code(rates: Sequence[int]) -> str:
    """PyTorch code for a stack of 3×3 layers; its `maps` are on screen, one after each layer."""
    return f"""\
import torch
import torch.nn.functional as F


def paths(rates):
    \"\"\"How many paths of taps lead from each pixel of the field to one unit on top.\"\"\"
    size = 1 + (3 - 1) * sum(rates)  # the receptive field
    x = torch.zeros(1, 1, size, size, dtype=torch.float64, requires_grad=True)
    ones = torch.ones(1, 1, 3, 3, dtype=torch.float64)
    y = x
    for dilation in rates:
        y = F.conv2d(y, ones, dilation=dilation)
    y.sum().backward()  # y is that one unit: (1, 1, 1, 1)
    return x.grad[0, 0].long()


rates = [{", ".join(map(str, rates))}]
maps = [paths(rates[:layers]) for layers in range(1, len(rates) + 1)]
never_read = [int((counts == 0).sum()) for counts in maps]
"""
