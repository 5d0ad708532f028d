"""Small networks, each awkward in one way."""

import torch
from torch import nn


def hooks(model):
    """Hooks of every kind that hang on a model."""
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(module, kind)) for module in model.modules() for kind in kinds)


def vgg_like():
    """Convolutions straight into in-place ReLUs, without a norm between them, as in VGG."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace=True),
        nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
    )  # fmt: skip


class UsedTwice(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        return self.conv(self.conv(x) + 1)


class Outputs(nn.Module):
    """Returns its input in whatever package the test asks for."""

    def __init__(self, package):
        super().__init__()
        self.package = package

    def forward(self, x):
        return self.package(x)


class Unpacks(nn.Module):
    """A network with a layer whose output is no single tensor."""

    def __init__(self, package):
        super().__init__()
        self.branches = Outputs(package)
        self.conv = nn.Conv2d(3, 2, 1)

    def forward(self, x):
        self.branches(x)
        return self.conv(x)


class Fails(nn.Module):
    def __init__(self, error):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        self.bn = nn.BatchNorm2d(3)
        self.error = error

    def forward(self, x):
        self.bn(self.conv(x))
        raise self.error


def picture(channels=3, height=8, width=10):
    return torch.rand(1, channels, height, width, generator=torch.Generator().manual_seed(0))
