import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnviz.nets.blocks import BottleneckBlock, ResidualBlock


def seeded(block):
    torch.manual_seed(0)
    for parameter in block.parameters():
        nn.init.normal_(parameter, std=0.3)
    for name, buffer in block.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_()
        if name.endswith("running_var"):
            buffer.uniform_(0.5, 2)
    return block.double().eval()


def norm(state, name, x):
    return F.batch_norm(x, *(state[f"{name}.{n}"] for n in ("running_mean", "running_var", "weight", "bias")))


def identity(state, x, stride):
    if "downsample.conv.weight" not in state:
        return x
    return norm(state, "downsample.bn", F.conv2d(x, state["downsample.conv.weight"], stride=stride))


def residual_reference(state, x, stride):
    y = F.relu(norm(state, "bn1", F.conv2d(x, state["conv1.weight"], stride=stride, padding=1)))
    y = norm(state, "bn2", F.conv2d(y, state["conv2.weight"], padding=1))
    return F.relu(y + identity(state, x, stride))


def bottleneck_reference(state, x, stride):
    y = F.relu(norm(state, "bn1", F.conv2d(x, state["conv1.weight"])))
    y = F.relu(norm(state, "bn2", F.conv2d(y, state["conv2.weight"], stride=stride, padding=1)))
    y = norm(state, "bn3", F.conv2d(y, state["conv3.weight"]))
    return F.relu(y + identity(state, x, stride))


BLOCKS = [
    (ResidualBlock, residual_reference, 1),
    (BottleneckBlock, bottleneck_reference, 4),
]


@pytest.mark.parametrize(("kind", "reference", "expansion"), BLOCKS)
@pytest.mark.parametrize(("in_channels", "channels", "stride"), [(8, 8, 1), (8, 2, 1), (4, 6, 2), (8, 8, 2)])
@pytest.mark.parametrize("size", [(8, 8), (9, 6), (1, 1)])
def test_a_block_is_its_definition(kind, reference, expansion, in_channels, channels, stride, size):
    block = seeded(kind(in_channels, channels, stride))
    x = torch.randn(2, in_channels, *size, dtype=torch.float64)
    y = block(x)
    assert y.shape == (2, expansion * channels, *(-(-n // stride) for n in size))
    torch.testing.assert_close(y, reference(block.state_dict(), x, stride))


@pytest.mark.parametrize(
    ("block", "projects"),
    [
        (ResidualBlock(8, 8), False),
        (ResidualBlock(8, 8, stride=2), True),
        (ResidualBlock(8, 16), True),
        (BottleneckBlock(8, 2), False),
        (BottleneckBlock(8, 2, stride=2), True),
        (BottleneckBlock(8, 8), True),
    ],
)
def test_the_identity_is_projected_only_where_the_shape_changes(block, projects):
    assert (block.downsample is not None) == projects


@pytest.mark.parametrize("kind", [ResidualBlock, BottleneckBlock])
def test_the_projection_is_one_strided_1_by_1_convolution_and_its_norm(kind):
    conv, bn = kind(8, 16, stride=2).downsample
    assert (conv.kernel_size, conv.stride, conv.bias) == ((1, 1), (2, 2), None)
    assert isinstance(bn, nn.BatchNorm2d)


@pytest.mark.parametrize("kind", [ResidualBlock, BottleneckBlock])
def test_a_block_that_adds_nothing_passes_the_identity_through_its_relu(kind):
    block = seeded(kind(8, 8 if kind is ResidualBlock else 2))
    last = block.bn2 if kind is ResidualBlock else block.bn3
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    x = torch.randn(1, 8, 5, 5, dtype=torch.float64)
    assert torch.equal(block(x), x.clamp(min=0))


@pytest.mark.parametrize("kind", [ResidualBlock, BottleneckBlock])
def test_residual_is_what_the_block_adds_to_the_identity(kind):
    block = seeded(kind(8, 8 if kind is ResidualBlock else 2))
    x = torch.randn(1, 8, 5, 5, dtype=torch.float64)
    residual = block.residual(x)
    assert (residual < 0).any()
    torch.testing.assert_close(F.relu(residual + x), block(x))


def test_the_bottleneck_strides_in_its_3_by_3_convolution():
    block = BottleneckBlock(64, 16, stride=2)
    kernels = [block.conv1, block.conv2, block.conv3]
    assert [conv.kernel_size for conv in kernels] == [(1, 1), (3, 3), (1, 1)]
    assert [conv.stride for conv in kernels] == [(1, 1), (2, 2), (1, 1)]
    assert [(conv.in_channels, conv.out_channels) for conv in kernels] == [(64, 16), (16, 16), (16, 64)]


@pytest.mark.parametrize("kind", [ResidualBlock, BottleneckBlock])
def test_the_input_of_a_block_is_not_overwritten(kind):
    block = seeded(kind(8, 8 if kind is ResidualBlock else 2))
    x = torch.randn(1, 8, 5, 5, dtype=torch.float64)
    before = x.clone()
    block(x)
    assert torch.equal(x, before)


@pytest.mark.parametrize("kind", [ResidualBlock, BottleneckBlock])
def test_a_block_can_be_trained(kind):
    block = kind(8, 4, stride=2)
    block(torch.randn(4, 8, 6, 6)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in block.parameters())
