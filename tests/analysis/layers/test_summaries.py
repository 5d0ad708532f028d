import pytest
import torch
from torch import nn

from cnnviz.analysis.layers.activations import capture
from cnnviz.analysis.layers.summaries import describe, layer_kind, layer_summaries
from cnnviz.errors import CnnvizError
from cnnviz.nets.catalog import meta_model, model
from cnnviz.ops.convolution import Conv2dFromScratch
from tests.analysis.small_networks import Fails, Unpacks, UsedTwice, hooks

NAMES = ["simple_cnn", "mini_resnet"]
SHAPES = [(1, 3, 32, 32), (1, 3, 33, 47)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_shapes_are_those_of_real_activations(name, shape):
    network = model(name)
    layers = [path for path, _ in network.named_modules() if path]
    with torch.inference_mode(), capture(network, layers) as maps:
        network(torch.rand(shape))
    summaries = layer_summaries(network, shape)
    assert [summary.layer for summary in summaries] == layers
    assert {s.layer: s.output_shape for s in summaries} == {
        path: tuple(output.shape[1:]) for path, output in maps.items()
    }


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_an_outline_without_weights_says_the_same(name, shape):
    assert layer_summaries(meta_model(name), shape) == layer_summaries(model(name), shape)


def test_an_outline_of_a_convolution_from_scratch_says_the_same():
    def network():
        return nn.Sequential(Conv2dFromScratch(3, 4, (3, 5), stride=2, padding=2, padding_mode="reflect"))

    with torch.device("meta"):
        outline = network()
    assert layer_summaries(outline, (1, 3, 9, 11)) == layer_summaries(network(), (1, 3, 9, 11))


def test_the_summaries_of_a_few_layers_by_hand():
    rows = {row.layer: row for row in layer_summaries(meta_model("mini_resnet"), (1, 3, 224, 160))}
    expected = {
        "conv1": ("convolution", "Conv2d 7×7 / 2", (64, 112, 80)),
        "bn1": ("norm", "BatchNorm2d", (64, 112, 80)),
        "relu": ("activation", "ReLU", (64, 112, 80)),
        "maxpool": ("pooling", "MaxPool2d 3×3 / 2", (64, 56, 40)),
        "layer2": ("block", "Sequential", (128, 28, 20)),
        "layer2.0": ("block", "ResidualBlock", (128, 28, 20)),
        "layer2.0.downsample.conv": ("convolution", "Conv2d 1×1 / 2", (128, 28, 20)),
        "layer4.1.conv2": ("convolution", "Conv2d 3×3", (512, 7, 5)),
        "avgpool": ("pooling", "AdaptiveAvgPool2d", (512, 1, 1)),
        "flatten": ("other", "Flatten", (512,)),
        "fc": ("linear", "Linear", (10,)),
    }
    for layer, (kind, description, shape) in expected.items():
        row = rows[layer]
        assert (row.kind, row.description, row.output_shape) == (kind, description, shape), layer
        assert row.has_maps == (len(shape) == 3)


@pytest.mark.parametrize(
    ("module", "kind"),
    [
        (nn.Conv2d(1, 1, 1), "convolution"),
        (nn.ConvTranspose2d(1, 1, 1), "convolution"),
        (Conv2dFromScratch(1, 1, 1), "convolution"),
        (nn.BatchNorm2d(1), "norm"),
        (nn.GroupNorm(1, 1), "norm"),
        (nn.LayerNorm(1), "norm"),
        (nn.InstanceNorm2d(1), "norm"),
        (nn.ReLU(), "activation"),
        (nn.SiLU(), "activation"),
        (nn.MaxPool2d(2), "pooling"),
        (nn.AvgPool2d(2), "pooling"),
        (nn.AdaptiveAvgPool2d(1), "pooling"),
        (nn.AdaptiveMaxPool2d(1), "pooling"),
        (nn.Linear(1, 1), "linear"),
        (nn.Sequential(nn.ReLU()), "block"),
        (nn.Sequential(), "other"),
        (nn.Flatten(), "other"),
        (nn.Dropout(), "other"),
    ],
)
def test_kinds(module, kind):
    assert layer_kind(module) == kind


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (nn.Conv2d(1, 1, 3), "Conv2d 3×3"),
        (nn.Conv2d(1, 1, (3, 5), stride=2), "Conv2d 3×5 / 2"),
        (nn.Conv2d(1, 1, 3, stride=(1, 2)), "Conv2d 3×3 / 1×2"),
        (nn.Conv2d(1, 1, 3, stride=(2, 1)), "Conv2d 3×3 / 2×1"),
        (Conv2dFromScratch(1, 1, (2, 3), stride=[2, 2]), "Conv2dFromScratch 2×3 / 2"),
        (nn.MaxPool2d(2), "MaxPool2d 2×2 / 2"),
        (nn.MaxPool2d((2, 3), stride=1), "MaxPool2d 2×3"),
        (nn.AvgPool2d(3, stride=(2, 1)), "AvgPool2d 3×3 / 2×1"),
        (nn.Conv1d(1, 1, 3), "Conv1d 3"),
        (nn.Conv3d(1, 1, 3, stride=2), "Conv3d 3×3×3 / 2"),
        (nn.ReLU(), "ReLU"),
    ],
)
def test_descriptions(module, words):
    assert describe(module) == words


def test_layers_that_do_not_run_are_left_out():
    network = Unpacks(lambda x: x)
    network.idle = nn.Conv2d(3, 3, 1)
    assert [row.layer for row in layer_summaries(network, (1, 3, 4, 4))] == ["branches", "conv"]


def test_tensors_in_a_tuple_or_a_dictionary_have_a_summary_each():
    for package, names in (
        (lambda x: (x, x.flatten(1)), ["branches[0]", "branches[1]"]),
        (lambda x: {"map": x, "vector": x.flatten(1)}, ["branches['map']", "branches['vector']"]),
    ):
        rows = layer_summaries(Unpacks(package), (1, 3, 4, 4))
        assert [row.layer for row in rows] == [*names, "conv"]
        assert [row.has_maps for row in rows] == [True, False, True]
        assert [row.module for row in rows] == ["branches", "branches", "conv"]


def test_a_layer_that_runs_twice_has_two_summaries():
    rows = layer_summaries(UsedTwice(), (1, 3, 4, 4))
    assert [(row.layer, row.module, row.channels) for row in rows] == [
        ("conv", "conv", 3),
        ("conv#2", "conv", 3),
    ]


@pytest.mark.parametrize("shape", [(1, 1, 32, 32), (1, 3, 2, 2)])
def test_an_input_that_does_not_fit_is_explained(shape):
    network = model("simple_cnn")
    with pytest.raises(CnnvizError, match="cannot take an input of"):
        layer_summaries(network, shape)
    assert hooks(network) == 0


def test_no_hook_is_left_over_after_an_error():
    network = Fails(RuntimeError("boom"))
    with pytest.raises(CnnvizError, match="boom"):
        layer_summaries(network, (1, 3, 4, 4))
    assert hooks(network) == 0
