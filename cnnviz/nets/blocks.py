"""Residual blocks, post-activation as in He et al. 2015: Conv → BN → ReLU, the sum, then ReLU."""

from collections import OrderedDict

import torch
from torch import Tensor, nn


def projection(in_channels: int, out_channels: int, stride: int) -> nn.Sequential | None:
    """A strided 1×1 convolution with batch norm where the identity would change shape, else None."""
    if stride == 1 and in_channels == out_channels:
        return None
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
            bn=nn.BatchNorm2d(out_channels),
        )
    )


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions and the identity: ReLU(F(x) + x).

    (N, in_channels, H, W) → (N, out_channels, ⌈H / stride⌉, ⌈W / stride⌉).
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample = projection(in_channels, out_channels, stride)
        self.relu2 = nn.ReLU(inplace=True)

    def residual(self, x: Tensor) -> Tensor:
        """F(x), before the identity is added."""
        y = self.relu1(self.bn1(self.conv1(x)))
        return torch.as_tensor(self.bn2(self.conv2(y)))

    def forward(self, x: Tensor) -> Tensor:
        """ReLU(F(x) + identity(x))."""
        identity = x if self.downsample is None else self.downsample(x)
        return torch.as_tensor(self.relu2(self.residual(x) + identity))


class BottleneckBlock(nn.Module):
    """1×1 to fewer channels, 3×3 (with the stride), 1×1 back to four times as many, plus identity.

    (N, in_channels, H, W) → (N, 4 · channels, ⌈H / stride⌉, ⌈W / stride⌉).
    """

    expansion = 4

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        out_channels = channels * self.expansion
        self.conv1 = nn.Conv2d(in_channels, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv3 = nn.Conv2d(channels, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.downsample = projection(in_channels, out_channels, stride)
        self.relu3 = nn.ReLU(inplace=True)

    def residual(self, x: Tensor) -> Tensor:
        """F(x), before the identity is added."""
        y = self.relu1(self.bn1(self.conv1(x)))
        y = self.relu2(self.bn2(self.conv2(y)))
        return torch.as_tensor(self.bn3(self.conv3(y)))

    def forward(self, x: Tensor) -> Tensor:
        """ReLU(F(x) + identity(x))."""
        identity = x if self.downsample is None else self.downsample(x)
        return torch.as_tensor(self.relu3(self.residual(x) + identity))
