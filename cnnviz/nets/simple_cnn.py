"""SimpleCNN: six 3×3 convolutions in three blocks."""

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cnnviz.errors import CnnvizError

WIDTHS = (64, 128, 256)


def conv_block(in_channels: int, out_channels: int, pool: nn.Module) -> nn.Sequential:
    """Two times [Conv 3×3 → BatchNorm → ReLU], then `pool`."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for index, channels in enumerate((in_channels, out_channels), start=1):
        layers[f"conv{index}"] = nn.Conv2d(channels, out_channels, 3, padding=1)
        layers[f"bn{index}"] = nn.BatchNorm2d(out_channels)
        layers[f"relu{index}"] = nn.ReLU(inplace=True)
    layers["pool"] = pool
    return nn.Sequential(layers)


class SimpleCNN(nn.Module):
    """Three blocks (64, 128 and 256 channels), global average pooling, dropout, one linear layer.

    (N, in_channels, H, W) → (N, num_classes) scores, for H and W of at least 4.
    """

    def __init__(self, in_channels: int = 3, num_classes: int = 10, channels: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        if len(channels) != 3:
            raise CnnvizError(f"SimpleCNN has three blocks, so it needs three widths, not {len(channels)}.")
        self.block1 = conv_block(in_channels, channels[0], nn.MaxPool2d(2))
        self.block2 = conv_block(channels[0], channels[1], nn.MaxPool2d(2))
        self.block3 = conv_block(channels[1], channels[2], nn.AdaptiveAvgPool2d(1))
        self.flatten = nn.Flatten()
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(channels[2], num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Scores (logits) of each class."""
        x = self.block3(self.block2(self.block1(x)))
        return torch.as_tensor(self.fc(self.dropout(self.flatten(x))))
