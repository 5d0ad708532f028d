"""Where the channels stand, and the maps of torchvision's families against plain hooks."""

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz.analysis.layers.activations import activation_limit, capture, feature_maps
from cnnviz.analysis.layers.channel_axes import channel_axes, module_of
from cnnviz.analysis.layers.summaries import layer_summaries
from cnnviz.nets.catalog import catalog_entry, meta_model, model
from cnnviz.nets.classifiers import torchvision_models
from tests.analysis.small_networks import UsedTwice

SIDES = (32, 64, 96, 128, 160, 224)
ONE_SIZE = {"lenet5": 32, "maxvit_t": 224}


@pytest.mark.parametrize(
    "name", ["swin_t", "swin_v2_t", "convnext_tiny", "squeezenet1_1", "googlenet", "mobilenet_v3_small"]
)
def test_the_channels_stand_where_the_size_of_the_picture_does_not_reach(name):
    """Oracle: a taller picture makes one dimension longer, a wider one another; the third is the channels."""
    outline = meta_model(name)
    plain, taller, wider = (
        {row.layer: row for row in layer_summaries(outline, (1, 3, *size))}
        for size in ((64, 64), (128, 64), (64, 128))
    )
    compared = 0
    for layer, row in plain.items():
        grown = [
            {i for i, n in enumerate(row.output_shape) if other[layer].output_shape[i] != n}
            for other in (taller, wider)
        ]
        if [len(dims) for dims in grown] == [1, 1] and len(row.output_shape) == 3:
            assert {row.channel_axis} == {0, 1, 2} - grown[0] - grown[1], layer
            compared += 1
        elif grown == [set(), set()]:
            pooled = row.channel_axis == 0 and row.output_shape[1:] == (1, 1)
            assert not row.has_maps or pooled, layer
    assert compared > 40


def test_tokens_windows_and_tables_of_positions_are_no_maps():
    tokens = {row.layer: row for row in layer_summaries(meta_model("vit_b_32"), (1, 3, 224, 224))}
    assert [name for name, row in tokens.items() if row.has_maps] == ["conv_proj"]
    assert tokens["encoder.layers.encoder_layer_0.self_attention[0]"].output_shape == (50, 768)
    windows = {row.layer: row for row in layer_summaries(meta_model("maxvit_t"), (1, 3, 224, 224))}
    attention = "blocks.0.layers.0.layers.grid_attention"
    assert windows[attention].channel_axis == 0
    assert windows[f"{attention}.partition_op"].output_shape == (49, 64, 64)
    assert not windows[f"{attention}.partition_op"].has_maps
    table = channel_axes(meta_model("swin_v2_t"), (1, 3, 64, 64))["features.1.0.attn.cpb_mlp.0"]
    assert table == (None,)


@pytest.mark.parametrize(
    ("name", "side"),
    [("squeezenet1_1", 64), ("shufflenet_v2_x0_5", 32), ("mobilenet_v3_small", 64), ("mnasnet0_5", 32),
     ("googlenet", 32), ("regnet_y_400mf", 32), ("resnet18", 32), ("swin_t", 32), ("lenet5", 32)],
)  # fmt: skip
def test_maps_are_what_a_plain_hook_sees(name, side):
    network = model(name, seed=3)
    x = torch.rand(
        1, catalog_entry(name).input_shape[1], side, side, generator=torch.Generator().manual_seed(1)
    )
    summaries = [row for row in layer_summaries(network, tuple(x.shape)) if row.has_maps]
    seen = {}
    handles = [
        module.register_forward_hook(
            lambda _m, _i, output, path=path: seen.setdefault(path, []).append(output.clone())
        )
        for path, module in network.named_modules()
        if path in {row.module for row in summaries}
    ]
    with torch.no_grad():
        network(x)
    for handle in handles:
        handle.remove()
    found = feature_maps(network, x, dict.fromkeys(row.module for row in summaries))
    assert set(found) == {row.layer for row in summaries}
    for row in summaries:
        run = int(row.layer.partition("#")[2] or 1)
        expected = seen[row.module][run - 1][0].numpy()
        np.testing.assert_array_equal(found[row.layer], np.moveaxis(expected, row.channel_axis, 0), row.layer)
        assert found[row.layer].shape[0] == row.channels


def test_the_convolutions_of_vgg16_have_negative_values_before_their_in_place_relus():
    vgg = torchvision_models().vgg
    torch.manual_seed(0)
    features = vgg.make_layers(vgg.cfgs["D"])
    assert all(module.inplace for module in features if isinstance(module, nn.ReLU))
    x = torch.rand(1, 3, 32, 32)
    maps = feature_maps(features, x)
    assert len(maps) == 13
    for module in features:
        if isinstance(module, nn.ReLU):
            module.inplace = False
    with torch.no_grad(), capture(features, maps) as expected:
        features(x)
    for path, values in maps.items():
        assert values.min() < 0, path
        np.testing.assert_array_equal(values, expected[path][0].numpy())


def test_second_runs_count_for_the_limit_only_if_they_are_asked_for():
    network, x = UsedTwice(), torch.rand(1, 3, 6, 6)
    maps = {path: float(np.abs(values).max()) for path, values in feature_maps(network, x, ["conv"]).items()}
    assert activation_limit(network, x, ["conv#2"]) == pytest.approx(maps["conv#2"])
    assert activation_limit(network, x, ["conv", "conv#2"]) == pytest.approx(max(maps.values()))


@pytest.mark.parametrize(
    ("layer", "module"), [("a.relu", "a.relu"), ("a.relu#2", "a.relu"), ("a#3[0]", "a"), ("a['x']", "a")]
)
def test_the_module_behind_a_name(layer, module):
    assert module_of(layer) == module
