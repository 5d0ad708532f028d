"""LeNet-5, the first widely used convolutional network (LeCun, Bottou, Bengio and Haffner 1998)."""

from collections import OrderedDict

import torch
from torch import Tensor, nn


class LeNet5(nn.Module):
    """Three 5×5 convolutions with 2×2 average pooling between them, then two linear layers, with tanh.

    (N, in_channels, 32, 32) → (N, num_classes) scores. The layers have the paper's names. As usual
    today, every map of C3 sees all maps of S2 (the paper links some only), pooling has no weights of
    its own and the output is linear (the paper's measures distances): 61,706 parameters.
    """

    def __init__(self, in_channels: int = 1, num_classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(
            OrderedDict(
                c1=nn.Conv2d(in_channels, 6, 5), tanh1=nn.Tanh(), s2=nn.AvgPool2d(2),
                c3=nn.Conv2d(6, 16, 5), tanh3=nn.Tanh(), s4=nn.AvgPool2d(2),
                c5=nn.Conv2d(16, 120, 5), tanh5=nn.Tanh(),
            )
        )  # fmt: skip
        self.flatten = nn.Flatten()
        self.f6 = nn.Linear(120, 84)
        self.tanh6 = nn.Tanh()
        self.output = nn.Linear(84, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Scores (logits) of each class."""
        x = self.tanh6(self.f6(self.flatten(self.features(x))))
        return torch.as_tensor(self.output(x))
