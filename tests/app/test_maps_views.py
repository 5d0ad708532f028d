"""The network at a glance, first filters and two weight sets, without a browser."""

import re

import numpy as np
import pytest
import torch

import cnnviz
from cnnviz.analysis.glance import MOST_COLUMNS
from cnnviz.figures.filters import filter_limits, filter_rows, filters_pixels
from cnnviz.figures.glance import glance_figure, glance_rows
from cnnviz.figures.pairs import pairs_figure, pairs_rows
from cnnviz.nets.catalog import ModelSpec, catalog_entry
from cnnviz.nets.trained import weights_source
from cnnviz.ui import cache
from cnnviz.ui.components.glance import codes
from cnnviz.ui.feature_maps import filters as maps_filters
from cnnviz.ui.feature_maps import glance as maps_glance
from cnnviz.ui.feature_maps import two_weights as maps_two_weights
from cnnviz.ui.feature_maps.glance_texts import TOP, column_texts, left_out_text
from cnnviz.ui.feature_maps.presets import PRESETS
from cnnviz.ui.widgets.predictions import likeliest
from tests.app.running import families_of_networks, open_expanders, run, shown_code

PAGE = "feature_maps"


@pytest.fixture
def views(monkeypatch):
    """What each view was drawn from."""
    made = []

    def noting(*shown, **settings):
        made.append((shown, settings))

    monkeypatch.setattr(maps_glance, "glance_view", noting)
    monkeypatch.setattr(maps_filters, "filters_view", noting)
    monkeypatch.setattr(maps_two_weights, "map_pairs", noting)
    return made


def said(at):
    return " ".join(m.value for m in at.markdown)


@families_of_networks
def test_every_family_has_columns_that_fit_and_words_for_each(part):
    for name in part:
        side = catalog_entry(name).input_shape[2]
        found = cache.networks.glance_columns_of(name, side)
        assert 8 <= len(found.shown) <= MOST_COLUMNS, name
        layers = [column.summary.layer for column in found.shown]
        assert len(set(layers)) == len(layers), name
        classes = 10 if name in ("simple_cnn", "mini_resnet", "lenet5") else 1000
        assert int(np.prod(found.shown[-1].summary.output_shape)) == classes, name
        assert all(column.row is not None for column in found.shown), name
        assert bool(found.left_out) == ("Left out" in left_out_text(found)), name


@pytest.mark.parametrize(
    ("model", "side"),
    [
        ("simple_cnn", 64), ("mini_resnet", 64), ("lenet5", 32), ("resnet18", 64), ("densenet121", 64),
        ("vit_b_16", 224), ("squeezenet1_1", 96),
    ],
)  # fmt: skip
def test_a_network_opens_at_a_glance_and_predicts_nothing(open_page, assert_fine, views, model, side):
    at = open_page(PAGE, model=model, weights="random", maps_side=side)
    assert_fine(at)
    (columns, seen, picture), settings = views[-1]
    assert len(columns) == len(seen.columns) == len(settings["texts"])
    assert picture.pixels.shape[:2] == (side, side)
    assert "it means nothing" in settings["prediction_text"]
    with torch.inference_mode():
        x = cnnviz.network_input(picture, model)
        scores = cnnviz.model(model)(x)[0].softmax(0)
    assert settings["classes"][0][0] == f"class {int(scores.argmax())}"
    assert [share for _, share, _ in settings["classes"]] == pytest.approx(
        sorted(scores.tolist(), reverse=True)[:8], rel=1e-3, abs=1e-6
    )
    for column, words in zip(columns, settings["texts"], strict=True):
        assert bool(words.closed) == (not column.summary.has_maps)
        assert words.kind and words.name and all(words.foot)


def test_trained_weights_name_their_classes(open_page, assert_fine, views):
    at = open_page(PAGE, model="mini_resnet", weights="shapes", maps_side=64)
    assert_fine(at)
    classes = views[-1][1]["classes"]
    assert {name for name, _, _ in classes} <= set(weights_source("mini_resnet", "shapes").class_names)
    assert "means nothing" not in views[-1][1]["prediction_text"]


def test_the_code_of_the_glance_gives_the_channels_on_screen(open_page, assert_fine, views):
    at = open_page(PAGE, model="mini_resnet", maps_side=64, seed=4)
    assert_fine(at)
    names = run(shown_code(at))
    (columns, seen, _), _ = views[-1]
    for column, maps in zip(columns, seen.columns, strict=True):
        if column.is_maps:
            assert names["strongest"][column.summary.layer].tolist() == maps.channels.tolist()
    np.testing.assert_allclose(names["probabilities"].detach(), seen.probabilities, rtol=1e-4, atol=1e-6)


def test_colours_are_steps_of_the_scale_on_one_scale_a_column():
    picture = cnnviz.sample("cat").centre_square(32)
    seen = cache.maps.glance_run(ModelSpec("simple_cnn"), picture).seen
    for maps in seen.columns:
        steps = codes(maps).astype(int)
        np.testing.assert_allclose((steps - 127) / 127 * maps.limit, maps.maps, atol=0.51 / 127 * maps.limit)
        assert abs(steps - 127).max() == 127


def test_a_click_opens_the_layer_and_the_channel(open_page, assert_fine):
    at = open_page(PAGE, model="mini_resnet", maps_side=32)
    for key, value in {"maps_view": "layer", "maps_layer": "layer2.0", "maps_channel": 77}.items():
        at.session_state[key] = value
    at.run()
    assert_fine(at)
    assert at.selectbox(key="maps_layer").value == "layer2.0"
    assert at.number_input(key="maps_channel").value == 77


def test_the_mistake_behind_a_wrong_answer_is_named(open_page, assert_fine):
    at = open_expanders(open_page(PAGE, model="mini_resnet", maps_side=64))
    question = next(m.value for m in at.markdown if "How many rows" in m.value)
    layer, now, side, other = re.search(r"`(.+)` have (\d+) rows.* of (\d+)×.*\*\*(\d+)×", question).groups()
    model = cnnviz.model("mini_resnet")
    rows = {
        size: cnnviz.feature_maps(model, cnnviz.sample("cat").centre_square(int(size)), [layer])[layer].shape[
            1
        ]
        for size in (side, other)
    }
    assert rows[side] == int(now)
    guess = at.number_input(key="maps_glance_guess")
    at = guess.set_value(rows[other]).run()
    assert any(f"Right: {rows[other]}" in m.value for m in at.markdown)
    at = at.number_input(key="maps_glance_guess").set_value(int(other)).run()
    assert_fine(at)
    assert "strides and pooling" in said(at)


def test_a_network_of_one_size_asks_another_question(open_page, assert_fine):
    at = open_expanders(open_page(PAGE, model="lenet5"))
    assert_fine(at)
    question = next(m.value for m in at.markdown if "How many numbers" in m.value)
    maps, height, width = (int(n) for n in re.search(r"gives (\d+) maps of (\d+)×(\d+)", question).groups())
    at = at.number_input(key="maps_glance_guess").set_value(maps * height * width).run()
    assert "Right" in said(at)


@pytest.mark.parametrize("model", ["simple_cnn", "lenet5", "squeezenet1_1", "vit_b_16"])
@pytest.mark.parametrize("look", ["colours", "channels"])
def test_first_filters_are_the_modules_weights(open_page, assert_fine, views, model, look):
    at = open_page(
        PAGE, maps_view="filters", model=model, weights="random", filters_look=look, filters_channel=5
    )
    assert_fine(at)
    (filters, feature_map), settings = views[-1]
    network = cnnviz.model(model)
    np.testing.assert_array_equal(filters.weight, network.get_submodule(filters.layer).weight.detach())
    assert settings["colours"] == (look == "colours" and model != "lenet5")
    assert settings["selected"] == 5 and settings["shown"] == min(256, len(filters.weight))
    names = run(shown_code(at))
    np.testing.assert_array_equal(names["kernel"], filters.weight[5])
    np.testing.assert_allclose(names["feature_map"], feature_map, rtol=1e-4, atol=1e-5)
    assert abs(names["strongest"]) == pytest.approx(abs(feature_map).max(), rel=1e-4)


def test_a_filter_beyond_the_last_becomes_the_first(open_page, assert_fine):
    at = open_page(PAGE, maps_view="filters", model="mini_resnet", maps_side=32, filters_channel=63)
    at.sidebar.selectbox(key="model").select("lenet5").run()
    assert_fine(at)
    assert at.number_input(key="filters_channel").value == 0


def test_filters_on_one_scale_or_each_on_its_own(open_page, assert_fine, views):
    for scope in ("all", "each"):
        assert_fine(open_page(PAGE, maps_view="filters", model="lenet5", filters_scope=scope))
        (filters, _), settings = views[-1]
        largest = abs(filters.weight).max(axis=(1, 2, 3))
        expected = np.full_like(largest, largest.max()) if scope == "all" else largest
        np.testing.assert_array_equal(settings["limits"], expected)


def test_two_weight_sets_are_those_maps_on_one_scale(open_page, assert_fine, views):
    at = open_page(
        PAGE, maps_view="two", model="mini_resnet", weights="random", maps_side=64, maps_layer="layer1.0"
    )
    assert_fine(at)
    (left, right), settings = views[-1]
    code = run(shown_code(at))
    channels = settings["channels"]
    np.testing.assert_allclose(left, code["left"][channels], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(right, code["right"][channels], rtol=1e-4, atol=1e-4)
    assert settings["limit"] == pytest.approx(float(code["limit"]), rel=1e-5)
    difference = code["difference"][channels]
    assert (np.diff(difference) <= 1e-6).all() and difference[0] == code["difference"].max()
    assert settings["names"][0] == "random (seed 0)" and settings["names"][1].startswith(
        "trained on cnnviz shapes"
    )
    dead = int((code["right"].max(axis=(1, 2)) <= 0).sum())
    assert f"| {dead} of 64 |" in said(at)


def test_random_seeds_can_be_compared_and_equal_ones_say_so(open_page, assert_fine, views):
    at = open_page(PAGE, maps_view="two", model="lenet5", two_order="index")
    assert_fine(at)
    (left, right), settings = views[-1]
    assert settings["channels"] == list(range(6)) and not np.array_equal(left, right)
    at.number_input(key="two_seed").set_value(0).run()
    assert_fine(at)
    assert "the same weights" in said(at)
    np.testing.assert_array_equal(*views[-1][0])


def test_a_network_whose_weights_are_not_here_offers_random_ones_only(open_page, assert_fine):
    at = open_page(PAGE, maps_view="two", model="squeezenet1_1", maps_side=64)
    assert_fine(at)
    assert len(at.selectbox(key="two_weights").options) == 1


def test_a_number_of_thousands_of_digits_in_a_link_is_none(open_page, assert_fine):
    at = open_page(maps_view="glance", model="lenet5")
    at.query_params["maps_channel"] = "9" * 5000
    at.switch_page(f"pages/{PAGE}.py")
    at.run()
    assert_fine(at)


@pytest.mark.parametrize("label", [label for label, preset in PRESETS.items() if "model" not in preset])
def test_every_preset_opens(open_page, assert_fine, views, label):
    at = open_page(PAGE)
    at.button(key=f"preset {label}").click().run()
    assert_fine(at)
    assert at.session_state["model"] == "mini_resnet"
    assert views


def test_files_hold_what_is_on_screen():
    picture = cnnviz.sample("cat").centre_square(64)
    spec = ModelSpec("mini_resnet")
    columns = cache.networks.glance_columns_of("mini_resnet", 64).shown
    seen = cache.maps.glance_run(spec, picture).seen
    rows = glance_rows(columns, seen)
    assert [row["channel"] for row in rows[:12]] == seen.columns[0].channels.tolist()
    assert len(glance_figure(columns, seen, picture).axes) == len(columns) + 1
    filters = cache.maps.filters_of(spec)
    table = filter_rows(filters)
    assert len(table) == filters.weight.size
    assert table[-1]["weight"] == filters.weight[-1, -1, -1, -1]
    pixels = filters_pixels(filters, filter_limits(filters, True), True, 1)
    expected = np.rint(127.5 + 127.5 * filters.weight[0, :, 0, 0] / filters.limit)
    np.testing.assert_array_equal(pixels[3, 3], expected)
    maps = cache.maps.layer_run(spec, "layer1.0", picture).maps
    assert len(pairs_figure(maps, maps, np.arange(3), ("a", "b")).axes) == 7
    assert all(row["mean magnitude of the difference"] == 0 for row in pairs_rows(maps, maps, np.arange(3)))


def test_words_are_true_of_every_column_of_a_few_networks():
    for name, side in (("resnet18", 64), ("swin_t", 64), ("vit_b_16", 224)):
        columns = cache.networks.glance_columns_of(name, side).shown
        picture = cnnviz.sample("cat").centre_square(side)
        seen = cache.maps.glance_run(ModelSpec(name), picture).seen
        trace = cache.networks.traced(name, side)
        for column, maps in zip(columns, seen.columns, strict=True):
            words = column_texts(column, maps)
            field = trace[column.summary.layer].receptive_field
            if field is not None and not trace[column.summary.layer].is_pooled:
                assert f"{int(field.size[0]):,}" in words.foot[2], column.summary.layer
        assert len(likeliest(seen.probabilities, ModelSpec(name), TOP)) == 8
