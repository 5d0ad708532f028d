"""Networks grouped into blocks: every row once, sums that add up, and the structure of the papers."""

from collections import Counter

import pytest
import torch
from torch import nn

from cnnviz.analysis.blocks import INPUT, blocks, entering, in_order
from cnnviz.analysis.trace.trace import trace
from cnnviz.nets.catalog import catalog_entry, meta_model


def grouped(name):
    network = meta_model(name)
    found = trace(network, catalog_entry(name).input_shape)
    return network, found, blocks(network, found)


def part(block, path):
    return next(p for p in block.walk() if p.path == path and p.parts)


def stages(block, operation):
    return [stage.repeats for stage in block.parts if stage.operation == operation]


@pytest.mark.parametrize(
    ("name", "operation", "repeats"),
    [
        ("resnet50", "Bottleneck", [3, 4, 6, 3]),  # He et al. 2016, table 1
        ("resnet18", "BasicBlock", [2, 2, 2, 2]),
        ("vit_b_16", "EncoderBlock", [12]),  # Dosovitskiy et al. 2021, table 1
        ("swin_t", "SwinTransformerBlock", [2, 2, 6, 2]),  # Liu et al. 2021
        ("convnext_tiny", "CNBlock", [3, 3, 9, 3]),  # Liu et al. 2022
        ("mobilenet_v2", "InvertedResidual", [1, 2, 3, 4, 3, 3, 1]),  # Sandler et al. 2018, table 2
        ("efficientnet_b0", "MBConv", [1, 2, 2, 3, 3, 4, 1]),  # Tan and Le 2019, table 1
        ("densenet121", "DenseBlock", [1, 1, 1, 1]),
    ],
)
def test_stages_are_those_of_the_paper(name, operation, repeats):
    network, found, whole = grouped(name)
    assert stages(whole, operation) == repeats
    classes = Counter(type(m).__name__.lstrip("_") for m in network.modules())
    assert sum(repeats) == classes[operation]
    assert whole.parameters == sum(p.numel() for p in network.parameters())
    assert whole.macs == found.macs


def test_the_layers_of_a_dense_block_read_all_before_them():
    _, found, whole = grouped("densenet121")
    for number, layers in enumerate((6, 12, 24, 16), start=1):
        block = part(whole, f"features.denseblock{number}")
        assert [p.parents for p in block.parts] == [(INPUT, *range(n)) for n in range(layers + 1)]
        last = block.parts[layers - 1]
        assert len(entering(found, last)) == layers
        assert block.output_shape[0] == sum(shape[0] for shape in entering(found, last)) + 32


def test_the_branches_of_an_inception_module_meet_in_one_join():
    _, _, whole = grouped("googlenet")
    block = part(whole, "inception3a")
    join = block.parts[-1]
    assert [block.parts[p].path.rpartition("inception3a.")[2] for p in join.parents] == [
        "branch1", "branch2.1", "branch3.1", "branch4.1",
    ]  # fmt: skip
    assert sum(block.parts[p].output_shape[0] for p in join.parents) == join.output_shape[0] == 256
    assert sum(p.parents == (INPUT,) for p in block.parts) == 4


def test_a_skip_connection_goes_around_the_block():
    _, _, whole = grouped("resnet18")
    plain, changing = part(whole, "layer1.0"), part(whole, "layer2.0")
    add = next(p for p in plain.parts if p.kind == "join")
    assert set(add.parents) == {INPUT, plain.parts.index(add) - 1}
    add = next(p for p in changing.parts if p.kind == "join")
    assert INPUT not in add.parents and len(add.parents) == 2


def test_blocks_that_do_not_differ_are_called_alike():
    _, _, whole = grouped("resnet50")
    stage = next(p for p in whole.parts if p.path == "layer3")
    assert stage.title == "6 × Bottleneck" and not stage.are_alike  # the first one strides
    _, _, whole = grouped("vit_b_16")
    assert next(p for p in whole.parts if p.repeats == 12).are_alike


def test_a_module_that_runs_twice_is_there_twice_and_counted_once():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.block = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.ReLU())

        def forward(self, x):
            return self.block(torch.tanh(self.block(x)))

    network = Twice()
    whole = blocks(network, trace(network, (1, 3, 8, 8)))
    assert whole.parameters == 3 * 3 * 9 + 3
    assert whole.macs == 2 * 3 * 3 * 9 * 64
    assert (whole.first, whole.last) == (0, 5)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("a", "a"),
        ("a b c", "a, b, c"),
        ("a b a b", "2 × (a, b)"),
        ("p a b a b a b", "p, 3 × (a, b)"),
        ("a b a b p", "2 × (a, b), p"),
        ("a a a b", "3 × a, b"),
    ],
)
def test_patterns_are_said_once(names, words):
    assert in_order(names.split()) == words


def test_a_network_without_operations_is_one_block():
    found = trace(nn.Identity(), (1, 3, 9, 8))
    whole = blocks(nn.Identity(), found)
    assert (whole.operation, whole.parts, whole.output_shape) == ("Identity", (), (3, 9, 8))
