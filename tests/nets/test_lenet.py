import torch
from torch import nn

from cnnviz.nets.lenet import LeNet5


def test_the_layers_are_those_of_the_paper():
    network = LeNet5()
    parameters = {
        path: sum(p.numel() for p in module.parameters()) for path, module in network.named_modules()
    }
    # LeCun et al. 1998, section II.B, but C3 sees all six maps (the paper links 1,516 parameters).
    assert parameters["features.c1"] == 156
    assert parameters["features.c3"] == 16 * (6 * 25 + 1)
    assert parameters["features.c5"] == 48_120
    assert parameters["f6"] == 10_164
    assert parameters[""] == 61_706


def test_scores_for_a_picture():
    x = torch.rand(2, 1, 32, 32)
    network = LeNet5().eval()
    maps = nn.Sequential(*list(network.features)[:6])(x)
    assert maps.shape == (2, 16, 5, 5)
    assert network(x).shape == (2, 10)
    assert LeNet5(in_channels=3, num_classes=7)(torch.rand(1, 3, 32, 32)).shape == (1, 7)
