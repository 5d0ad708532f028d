"""Both orders of a residual block, and the networks for CIFAR-10, against other people's blocks."""

import pytest
import torch
import torch.nn.functional as F

from cnnviz.errors import CnnvizError
from cnnviz.nets.blocks import BottleneckBlock, ResidualBlock
from cnnviz.nets.classifiers import torchvision_models
from cnnviz.nets.residual_variants import DEPTHS, BlockDesign, CifarDesign

SHAPES = [(16, 16, 1), (16, 32, 1), (16, 16, 2), (16, 32, 2)]


def reference(kind, in_channels, out_channels, stride):
    if kind == "basic":
        return ResidualBlock(in_channels, out_channels, stride)
    return BottleneckBlock(in_channels, out_channels // 4, stride)


@pytest.mark.parametrize("kind", ["basic", "bottleneck"])
@pytest.mark.parametrize(("in_channels", "out_channels", "stride"), SHAPES)
def test_post_activation_is_the_block_of_the_package(kind, in_channels, out_channels, stride):
    block = BlockDesign(kind, "post", in_channels, out_channels, stride).build(3)
    other = reference(kind, in_channels, out_channels, stride)
    state = {name.replace("skip.", "downsample."): value for name, value in block.state_dict().items()}
    other.load_state_dict({name: value.clone() for name, value in state.items()})
    x = torch.randn(2, in_channels, 9, 7)
    parts = block.parts(x)
    torch.testing.assert_close(parts.output, other(x))
    torch.testing.assert_close(block(x), parts.output)
    torch.testing.assert_close(parts.residual, other.residual(x))
    torch.testing.assert_close(parts.output, (parts.residual + parts.identity).relu())


@pytest.mark.parametrize("stride", [1, 2])
def test_post_activation_is_the_block_of_torchvision(stride):
    block = BlockDesign("bottleneck", "post", 16, 32, stride).build(1)
    down = torch.nn.Sequential(torch.nn.Conv2d(16, 32, 1, stride, bias=False), torch.nn.BatchNorm2d(32))
    other = torchvision_models().resnet.Bottleneck(16, 8, stride, down)
    state = {
        name.replace("skip.conv", "downsample.0").replace("skip.bn", "downsample.1"): value.clone()
        for name, value in block.state_dict().items()
    }
    other.load_state_dict(state)
    x = torch.randn(2, 16, 8, 8)
    torch.testing.assert_close(block(x), other(x))


def batch_normed(x):
    mean, variance = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True, unbiased=False)
    return (x - mean) / (variance + 1e-5).sqrt()


@pytest.mark.parametrize("kind", ["basic", "bottleneck"])
@pytest.mark.parametrize(("in_channels", "out_channels", "stride"), SHAPES)
def test_pre_activation_is_bn_relu_conv(kind, in_channels, out_channels, stride):
    block = BlockDesign(kind, "pre", in_channels, out_channels, stride).build(2)
    state = block.state_dict()
    x = torch.randn(2, in_channels, 9, 7)
    strides = (stride, 1) if kind == "basic" else (1, stride, 1)
    y = x
    for number, step in enumerate(strides, start=1):
        weight = state[f"conv{number}.weight"]
        y = F.conv2d(batch_normed(y).relu(), weight, stride=step, padding=weight.shape[2] // 2)
    identity = x
    if "skip.conv.weight" in state:
        identity = F.conv2d(batch_normed(x).relu(), state["skip.conv.weight"], stride=stride)
    torch.testing.assert_close(block(x), y + identity, atol=1e-4, rtol=1e-4)
    assert (block(x) < 0).any()


@pytest.mark.parametrize("kind", ["basic", "bottleneck"])
@pytest.mark.parametrize("order", ["post", "pre"])
def test_without_the_skip_f_stays_and_nothing_is_added(kind, order):
    x = torch.randn(2, 16, 8, 8)
    with_skip, without = (BlockDesign(kind, order, 16, 32, 2, skip).build(5) for skip in (True, False))
    torch.testing.assert_close(without.parts(x).residual, with_skip.parts(x).residual)
    assert without.parts(x).identity is None
    expected = with_skip.parts(x).residual
    torch.testing.assert_close(without(x), expected.relu() if order == "post" else expected)


def test_weights_have_the_variance_they_should():
    block = BlockDesign("basic", "post", 128, 128).build()
    for conv in (block.conv1, block.conv2):
        assert conv.weight.var().item() == pytest.approx(2 / (9 * 128), rel=0.02)
    network = CifarDesign(8, width=32, gain=1.0).build(True)
    assert network.blocks[2].conv2.weight.var().item() == pytest.approx(1 / (9 * 128), rel=0.02)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("residual", [False, True])
def test_a_network_of_that_depth_has_that_many_layers(depth, residual):
    network = CifarDesign(depth, width=2).build(residual)
    kinds = (torch.nn.Conv2d, torch.nn.Linear)
    assert sum(isinstance(module, kinds) for module in network.modules()) == depth


def test_plain_and_residual_have_the_same_weights_and_other_scores():
    plain, residual = (CifarDesign(14).build(skips, seed=4) for skips in (False, True))
    for (name, one), (other_name, other) in zip(
        plain.state_dict().items(), residual.state_dict().items(), strict=True
    ):
        assert name == other_name
        assert torch.equal(one, other)
    x = torch.rand(2, 3, 32, 32)
    assert not torch.allclose(plain(x), residual(x))


def test_resnet_20_has_the_parameters_of_the_paper():
    count = sum(parameter.numel() for parameter in CifarDesign(20, width=16).build(True).parameters())
    assert round(count / 1e6, 2) == 0.27


def test_what_cannot_be_built_is_explained():
    for depth in (2, 9, 18):
        with pytest.raises(CnnvizError, match="6n"):
            CifarDesign(depth)
    with pytest.raises(CnnvizError, match="multiple of 4"):
        BlockDesign("bottleneck", "post", 16, 18)
    with pytest.raises(CnnvizError, match="at least 1"):
        BlockDesign("basic", "post", 16, 16, 0)
