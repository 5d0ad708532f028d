"""Which layers get a column for every network of the catalog, and that what they show is what ran."""

import functools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import cnnviz
from cnnviz.analysis.glance import MAP_SIDE, MOST_MAPS, SHEET, glance, glance_columns
from cnnviz.nets.catalog import catalog_entry, meta_model


@functools.cache
def columns_of(name, shape=None):
    outline = meta_model(name)
    shape = shape or catalog_entry(name).input_shape
    return glance_columns(outline, cnnviz.layer_summaries(outline, shape), cnnviz.trace(outline, shape))


@pytest.mark.parametrize("name", ["simple_cnn", "mini_resnet", "vit_b_16", "swin_t", "googlenet"])
def test_columns_stand_in_the_order_in_which_layers_end(name):
    """The oracle is the network itself, run with hooks."""
    found = columns_of(name)
    wanted = [column.summary.module for column in found.shown]
    outline, order = meta_model(name), []
    modules = dict(outline.named_modules())
    for path in wanted:
        modules[path].register_forward_hook(lambda *_, path=path: order.append(path))
    outline(torch.empty(catalog_entry(name).input_shape, device="meta"))
    assert list(dict.fromkeys(order)) == wanted


def test_sequences_are_taken_apart_and_long_stages_are_thinned():
    names = [column.summary.layer for column in columns_of("resnet50").shown]
    assert names[:2] == ["conv1", "maxpool"]
    assert {"layer3.0", "layer3.5"} <= set(names) and "layer3" not in names
    assert names[-2:] == ["avgpool", "fc"]
    simple = columns_of("simple_cnn")
    assert sum(column.summary.kind == "convolution" for column in simple.shown) == 6
    left_out = {layer.kind for layer in simple.left_out}
    assert left_out == {"norm", "other"}
    encoder = [column.summary.layer for column in columns_of("vit_b_16").shown]
    assert sum("encoder_layer_" in layer for layer in encoder) == 12


@pytest.mark.parametrize(
    ("name", "layer", "join"),
    [
        ("resnet18", "layer2.0", "add"),
        ("densenet121", "features.denseblock2", "cat"),
        ("googlenet", "inception4a", "cat"),
        ("resnet18", "conv1", None),
    ],
)
def test_a_block_says_how_it_joins_what_came_in(name, layer, join):
    (found,) = [column for column in columns_of(name).shown if column.summary.layer == layer]
    assert found.join == join


@pytest.mark.parametrize(
    ("name", "side"),
    [("simple_cnn", 96), ("mini_resnet", 64), ("lenet5", 32), ("squeezenet1_1", 96), ("swin_t", 64)],
)
def test_the_maps_are_the_strongest_channels_of_feature_maps(name, side):
    channels = catalog_entry(name).input_shape[1]
    model = cnnviz.model(name, seed=3)
    x = cnnviz.network_input(cnnviz.sample("coffee").centre_square(side), name)
    columns = columns_of(name, (1, channels, side, side)).shown
    seen = glance(model, x, columns)
    whole = cnnviz.feature_maps(model, x, [column.summary.module for column in columns])
    for column, shown in zip(columns, seen.columns, strict=True):
        values = whole[column.summary.layer]
        if not column.is_maps:
            np.testing.assert_allclose(
                [shown.minimum[0], shown.maximum[0]], [values.min(), values.max()], rtol=1e-5
            )
            continue
        strength = np.abs(values.astype(np.float64)).mean((1, 2))
        assert len(shown.channels) == min(MOST_MAPS, len(values))
        np.testing.assert_allclose(shown.strength, np.sort(strength)[::-1][: len(shown.strength)], rtol=1e-4)
        kept = values[shown.channels]
        np.testing.assert_allclose(shown.minimum, kept.min((1, 2)), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(shown.maximum, kept.max((1, 2)), rtol=1e-5, atol=1e-6)
        size = tuple(min(MAP_SIDE, length) for length in values.shape[1:])
        small = F.adaptive_avg_pool2d(torch.tensor(kept), size).numpy()
        np.testing.assert_allclose(shown.maps, small, rtol=1e-4, atol=1e-5 * shown.limit)
    with torch.inference_mode():
        torch.testing.assert_close(
            torch.tensor(seen.probabilities), model(x)[0].softmax(0), rtol=1e-4, atol=1e-6
        )
    assert not any(module._forward_hooks for module in model.modules())


def own_columns(model, shape):
    return glance_columns(model, cnnviz.layer_summaries(model, shape), cnnviz.trace(model, shape))


class Tokens(nn.Module):
    """One map, then tokens, then a vector longer than a column has lines."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 100, 1)
        self.mix = nn.Linear(100, 70)
        self.wide = nn.Linear(70, 1000)

    def forward(self, x):
        tokens = self.mix(self.conv(x).flatten(2).transpose(1, 2))
        return self.wide(tokens.mean(1))


def test_a_vector_and_tokens_become_a_sheet_with_the_greatest_magnitudes():
    torch.manual_seed(0)
    model, x = Tokens().eval(), torch.randn(1, 3, 20, 20)
    columns = glance_columns(
        model, cnnviz.layer_summaries(model, (1, 3, 20, 20)), cnnviz.trace(model, (1, 3, 20, 20))
    )
    assert [column.summary.layer for column in columns.shown] == ["conv", "mix", "wide"]
    _, tokens, vector = glance(model, x, columns.shown).columns
    assert tokens.maps.shape == (1, *SHEET)
    assert vector.maps.shape == (1, SHEET[0], 1)
    values = model(x)[0].detach().numpy()
    assert np.abs(vector.maps).max() == np.abs(values).max()
    # Each line is the value of greatest magnitude of its part, sign and all.
    starts = [(line * 1000) // SHEET[0] for line in range(SHEET[0])]
    ends = [-(-(line + 1) * 1000 // SHEET[0]) for line in range(SHEET[0])]
    wanted = [max(values[a:b], key=abs) for a, b in zip(starts, ends, strict=True)]
    np.testing.assert_array_equal(vector.maps[0, :, 0], wanted)


def test_what_is_not_finite_does_not_set_the_colours():
    model = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.Flatten(), nn.Linear(8, 2))
    nn.init.ones_(model[0].weight)
    x = torch.tensor([[[[1.0, 2.0], [3.0, float("inf")]]]])
    columns = glance_columns(
        model, cnnviz.layer_summaries(model, (1, 1, 2, 2)), cnnviz.trace(model, (1, 1, 2, 2))
    )
    assert glance(model.eval(), x, columns.shown).columns[0].limit == 3
