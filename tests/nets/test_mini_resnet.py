import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnviz.errors import CnnvizError
from cnnviz.nets.catalog import initialise
from cnnviz.nets.mini_resnet import MiniResNet, stage

# Of torchvision's ResNet-18 for 1,000 classes, as its weights' metadata states it.
RESNET18_PARAMETERS = 11_689_512


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    network = MiniResNet()
    initialise(network)
    for name, buffer in network.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(std=0.1)
        if name.endswith("running_var"):
            buffer.uniform_(0.5, 2)
    return network.eval()


def norm(state, name, x):
    return F.batch_norm(x, *(state[f"{name}.{n}"] for n in ("running_mean", "running_var", "weight", "bias")))


def block(state, name, x, stride):
    y = F.relu(norm(state, f"{name}.bn1", F.conv2d(x, state[f"{name}.conv1.weight"], None, stride, 1)))
    y = norm(state, f"{name}.bn2", F.conv2d(y, state[f"{name}.conv2.weight"], None, 1, 1))
    if f"{name}.downsample.conv.weight" in state:
        shortcut = F.conv2d(x, state[f"{name}.downsample.conv.weight"], None, stride)
        x = norm(state, f"{name}.downsample.bn", shortcut)
    return F.relu(y + x)


def reference(state, x):
    """The network as FACTS §4 words it, written with nothing but functions."""
    x = F.relu(norm(state, "bn1", F.conv2d(x, state["conv1.weight"], None, 2, 3)))
    x = F.max_pool2d(x, 3, 2, 1)
    for index, stride in enumerate((1, 2, 2, 2), start=1):
        x = block(state, f"layer{index}.0", x, stride)
        x = block(state, f"layer{index}.1", x, 1)
    return F.linear(x.mean((2, 3)), state["fc.weight"], state["fc.bias"])


@pytest.mark.parametrize("size", [(32, 32), (33, 33), (64, 64), (224, 160)])
def test_the_scores_are_those_of_the_definition(network, size):
    x = torch.randn(1, 3, *size)
    with torch.inference_mode():
        scores, expected = network(x), reference(network.state_dict(), x)
    assert scores.shape == (1, 10)
    torch.testing.assert_close(scores, expected, rtol=1e-3, atol=1e-3)


def test_the_parts_stand_in_the_order_of_the_definition(network):
    parts = [(name, type(module).__name__) for name, module in network.named_children()]
    assert parts == [
        ("conv1", "Conv2d"), ("bn1", "BatchNorm2d"), ("relu", "ReLU"), ("maxpool", "MaxPool2d"),
        ("layer1", "Sequential"), ("layer2", "Sequential"), ("layer3", "Sequential"),
        ("layer4", "Sequential"), ("avgpool", "AdaptiveAvgPool2d"), ("flatten", "Flatten"), ("fc", "Linear"),
    ]  # fmt: skip
    for index in range(1, 5):
        blocks = getattr(network, f"layer{index}")
        assert [type(b).__name__ for b in blocks] == ["ResidualBlock", "ResidualBlock"]
        assert [b.conv1.stride[0] for b in blocks] == [1 if index == 1 else 2, 1]
        assert [b.downsample is not None for b in blocks] == [index > 1, False]


def test_the_maps_shrink_as_in_resnet18():
    network, sizes = MiniResNet().eval(), {}
    for name in ("conv1", "maxpool", "layer1", "layer2", "layer3", "layer4"):
        getattr(network, name).register_forward_hook(
            lambda *args, name=name: sizes.update({name: tuple(args[2].shape[1:])})
        )
    with torch.inference_mode():
        network(torch.zeros(1, 3, 224, 160))
    assert sizes == {
        "conv1": (64, 112, 80),
        "maxpool": (64, 56, 40),
        "layer1": (64, 56, 40),
        "layer2": (128, 28, 20),
        "layer3": (256, 14, 10),
        "layer4": (512, 7, 5),
    }


def test_parameter_count_is_that_of_resnet18_with_fewer_classes(network):
    expected = RESNET18_PARAMETERS - (512 * 1000 + 1000) + (512 * 10 + 10)
    assert sum(p.numel() for p in network.parameters()) == expected


@pytest.mark.parametrize(
    ("num_classes", "channels"), [(10, (64, 128, 256, 512)), (4, (8, 16, 24, 32)), (2, (8, 8, 8, 8))]
)
def test_parameter_count_by_hand(num_classes, channels):
    def residual_block(i, o, projected):
        convolutions = 9 * i * o + 9 * o * o + (i * o if projected else 0)
        return convolutions + 2 * o * (3 if projected else 2)

    count = 3 * 49 * channels[0] + 2 * channels[0]
    previous = channels[0]
    for index, width in enumerate(channels):
        count += residual_block(previous, width, projected=index > 0) + residual_block(width, width, False)
        previous = width
    count += channels[-1] * num_classes + num_classes
    network = MiniResNet(num_classes, channels)
    assert sum(p.numel() for p in network.parameters()) == count
    assert network.eval()(torch.zeros(1, 3, 32, 32)).shape == (1, num_classes)


def test_no_convolution_has_a_bias_beside_its_batch_norm(network):
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    assert len(convolutions) == 1 + 16 + 3
    assert all(conv.bias is None for conv in convolutions)


def test_a_stage_changes_width_and_size_once():
    y = stage(64, 128, stride=2).eval()(torch.zeros(1, 64, 56, 40))
    assert y.shape == (1, 128, 28, 20)


@pytest.mark.parametrize("channels", [(), (64, 128, 256), (64, 128, 256, 512, 1024)])
def test_there_are_four_stages(channels):
    with pytest.raises(CnnvizError, match=f"four widths, not {len(channels)}"):
        MiniResNet(channels=channels)


def test_it_can_be_trained():
    network = MiniResNet(channels=(4, 4, 8, 8))
    network(torch.randn(2, 3, 64, 64)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())
