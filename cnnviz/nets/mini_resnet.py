"""MiniResNet: a stem and four stages of two residual blocks, the shape of ResNet-18."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cnnviz.errors import CnnvizError
from cnnviz.nets.blocks import ResidualBlock


def stage(in_channels: int, out_channels: int, stride: int) -> nn.Sequential:
    """Two residual blocks; the first changes channels and stride."""
    return nn.Sequential(
        ResidualBlock(in_channels, out_channels, stride), ResidualBlock(out_channels, out_channels)
    )


class MiniResNet(nn.Module):
    """Conv 7×7 / 2 → BN → ReLU → MaxPool 3×3 / 2 → four stages → global average pooling → Linear.

    (N, 3, H, W) → (N, num_classes) scores, for any H and W; the last maps are ⌈H/32⌉×⌈W/32⌉.
    """

    def __init__(self, num_classes: int = 10, channels: Sequence[int] = (64, 128, 256, 512)) -> None:
        super().__init__()
        if len(channels) != 4:
            raise CnnvizError(f"MiniResNet has four stages, so it needs four widths, not {len(channels)}.")
        self.conv1 = nn.Conv2d(3, channels[0], 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(channels[0])
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = stage(channels[0], channels[0], stride=1)
        self.layer2 = stage(channels[0], channels[1], stride=2)
        self.layer3 = stage(channels[1], channels[2], stride=2)
        self.layer4 = stage(channels[2], channels[3], stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(channels[3], num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Scores (logits) of each class."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return torch.as_tensor(self.fc(self.flatten(self.avgpool(x))))
