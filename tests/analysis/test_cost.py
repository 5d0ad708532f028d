import pytest
import torch
from torch import nn

from cnnviz.analysis.cost import (
    Quantity,
    compare,
    convolution,
    deep_or_wide,
    fully_connected,
    fully_connected_or_convolution,
    model_cost,
    ways_to_convolve,
)  # fmt: skip
from cnnviz.analysis.trace.trace import trace
from cnnviz.errors import CnnvizError
from cnnviz.nets.catalog import meta_model


def count(module):
    return sum(p.numel() for p in module.parameters())


def test_fully_connected_against_convolution():
    dense, conv = fully_connected_or_convolution()
    assert dense.weights == 483_385_147_392
    assert (conv.weights, conv.parameters) == (1_728, 1_792)
    assert dense.biases == 224 * 224 * 64


@pytest.mark.parametrize(("layers", "deep", "wide"), [(1, 9, 9), (2, 18, 25), (3, 27, 49), (5, 45, 121)])
def test_deep_against_wide(layers, deep, wide):
    narrow, broad = deep_or_wide(layers, channels=16, height=8, width=10)
    assert (narrow.weights, broad.weights) == (deep * 256, wide * 256)
    assert (narrow.macs, broad.macs) == (deep * 256 * 80, wide * 256 * 80)
    assert (narrow.activations, broad.activations) == (layers * 16 * 80, 16 * 80)


@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_costs_what_torchs_has(bias):
    layer = nn.Conv2d(8, 12, (3, 5), padding=(1, 2), groups=4, bias=bias)
    ours = convolution(8, 12, (3, 5), (7, 9), groups=4, bias=bias)
    (row,) = trace(layer, (1, 8, 7, 9))
    assert (ours.parameters, ours.macs, ours.activations) == (count(layer), row.macs, row.activation_elements)
    assert fully_connected(20, 30, bias).parameters == count(nn.Linear(20, 30, bias))


def test_four_ways_to_convolve():
    conv = lambda i, o, k=1, g=1: nn.Conv2d(i, o, k, padding=k // 2, groups=g, bias=False)  # noqa: E731
    built = (
        conv(32, 64, 3),
        conv(32, 64, 3, 8),
        nn.Sequential(conv(32, 32, 3, 32), conv(32, 64)),
        nn.Sequential(conv(32, 16), conv(16, 16, 3), conv(16, 64)),
    )
    ways = ways_to_convolve(32, 64, 3, 14, 20, groups=8)
    for cost, network in zip(ways, built, strict=True):
        found = trace(network, (1, 32, 14, 20))
        assert (cost.weights, cost.macs) == (found.parameters, found.macs), cost.name
        assert cost.activations == sum(row.activation_elements for row in found)
    assert [cost.name for cost in ways] == [
        "standard",
        "grouped, 8 groups",
        "depthwise separable",
        "bottleneck",
    ]


def test_unlike_units_do_not_meet():
    parameters, macs = Quantity(10, "parameters"), Quantity(10, "MACs")
    for meet in (lambda: parameters - macs, lambda: parameters + macs, lambda: parameters.over(macs)):
        with pytest.raises(CnnvizError, match="parameters and MACs cannot be compared"):
            meet()
    with pytest.raises(CnnvizError, match="MACs and FLOPs cannot be compared"):
        _ = macs - macs.flops()
    with pytest.raises(CnnvizError, match="Only MACs"):
        parameters.flops()
    with pytest.raises(CnnvizError, match="The unit is one of"):
        Quantity(1, "apples")
    assert macs.flops() == Quantity(20, "FLOPs")
    assert str(Quantity(1234, "MACs") - Quantity(5000, "MACs")) == "−3,766 MACs"


@pytest.mark.parametrize(("dtype", "size"), [("float32", 4), ("float16", 2), ("bfloat16", 2), ("float64", 8)])
@pytest.mark.parametrize("batch", [1, 3])
def test_the_memory_of_a_model(dtype, size, batch):
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(256, 10)
    )
    network = network.to(getattr(torch, dtype))
    outputs = network[0](torch.zeros(batch, 3, 8, 8).to(network[0].weight)).numel() + 10 * batch
    cost = model_cost(trace(network, (2, 3, 8, 8)), batch, dtype)
    assert cost.activation_memory == Quantity(outputs * size, "bytes")
    assert cost.parameter_memory == Quantity(sum(p.nbytes for p in network.parameters()), "bytes")
    assert cost.macs == Quantity(batch * (4 * 27 * 64 + 2560), "MACs")


def test_two_models_number_by_number():
    small, large = (model_cost(trace(meta_model(name))) for name in ("resnet18", "resnet34"))
    parameters, macs, *_ = compare(small, large)
    assert parameters.difference == Quantity(21_797_672 - 11_689_512, "parameters")
    assert macs.ratio == pytest.approx(3.664 / 1.814, rel=1e-3)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: convolution(8, 12, 3, 8, groups=5), "groups=5 must divide"),
        (lambda: convolution(0, 12, 3, 8), "in_channels must be a whole number"),
        (lambda: deep_or_wide(0, 1, 1, 1), "layers must be"),
        (lambda: model_cost(trace(nn.Conv2d(1, 1, 1), (1, 1, 4, 4)), 0), "batch_size must be"),
        (lambda: model_cost(trace(nn.Conv2d(1, 1, 1), (1, 1, 4, 4)), 1, "float8"), "number type is one of"),
    ],
)
def test_what_is_out_of_range_is_refused(call, said):
    with pytest.raises(CnnvizError, match=said):
        call()
