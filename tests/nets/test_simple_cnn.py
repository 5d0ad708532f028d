import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnviz.nets.catalog import initialise
from cnnviz.nets.simple_cnn import SimpleCNN

HALF_BLOCK = ["Conv2d", "BatchNorm2d", "ReLU"]
ORDER = [
    *HALF_BLOCK, *HALF_BLOCK, "MaxPool2d",
    *HALF_BLOCK, *HALF_BLOCK, "MaxPool2d",
    *HALF_BLOCK, *HALF_BLOCK, "AdaptiveAvgPool2d",
    "Flatten", "Dropout", "Linear",
]  # fmt: skip


def leaves(network):
    return [module for module in network.modules() if next(module.children(), None) is None]


def seeded(network):
    torch.manual_seed(0)
    initialise(network)
    for name, buffer in network.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_()
        if name.endswith("running_var"):
            buffer.uniform_(0.5, 2)
    return network.eval()


def reference(state, x):
    """The network as FACTS §4 words it, written with nothing but functions."""
    for block in ("block1", "block2", "block3"):
        for half in (1, 2):
            x = F.conv2d(x, state[f"{block}.conv{half}.weight"], state[f"{block}.conv{half}.bias"], padding=1)
            norm = [state[f"{block}.bn{half}.{n}"] for n in ("running_mean", "running_var", "weight", "bias")]
            x = F.relu(F.batch_norm(x, *norm))
        x = F.max_pool2d(x, 2) if block != "block3" else x.mean((2, 3))
    return F.linear(x, state["fc.weight"], state["fc.bias"])


def test_the_layers_stand_in_the_order_of_the_definition():
    assert [type(module).__name__ for module in leaves(SimpleCNN())] == ORDER


def test_the_layers_run_in_the_order_of_the_definition():
    network, ran = SimpleCNN().eval(), []
    for module in leaves(network):
        module.register_forward_hook(lambda module, *_: ran.append(type(module).__name__))
    network(torch.zeros(1, 3, 8, 8))
    assert ran == ORDER


def test_every_convolution_is_3_by_3_padded_and_biased():
    convolutions = [module for module in leaves(SimpleCNN()) if isinstance(module, nn.Conv2d)]
    widths = [(conv.in_channels, conv.out_channels) for conv in convolutions]
    assert widths == [(3, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256)]
    for conv in convolutions:
        assert (conv.kernel_size, conv.padding, conv.stride, conv.dilation, conv.groups) == (
            (3, 3), (1, 1), (1, 1), (1, 1), 1,
        )  # fmt: skip
        assert conv.bias is not None


def test_dropout_drops_one_half():
    (dropout,) = (module for module in leaves(SimpleCNN()) if isinstance(module, nn.Dropout))
    assert dropout.p == 0.5


@pytest.mark.parametrize(("in_channels", "num_classes"), [(3, 10), (1, 4), (4, 100)])
def test_parameter_count(in_channels, num_classes):
    widths = [(in_channels, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256)]
    convolutions = sum(9 * i * o + o for i, o in widths)
    norms = sum(2 * o for _, o in widths)
    linear = 256 * num_classes + num_classes
    network = SimpleCNN(in_channels, num_classes)
    assert sum(p.numel() for p in network.parameters()) == convolutions + norms + linear


@pytest.mark.parametrize("shape", [(1, 3, 4, 4), (2, 3, 32, 32), (1, 3, 33, 21)])
def test_the_scores_are_those_of_the_definition(shape):
    network = seeded(SimpleCNN())
    x = torch.randn(shape)
    with torch.inference_mode():
        torch.testing.assert_close(network(x), reference(network.state_dict(), x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("in_channels", "num_classes"), [(1, 4), (5, 2)])
def test_channels_and_classes_are_as_asked(in_channels, num_classes):
    scores = SimpleCNN(in_channels, num_classes).eval()(torch.zeros(3, in_channels, 16, 24))
    assert scores.shape == (3, num_classes)
