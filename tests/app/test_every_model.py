"""The feature maps page with networks of every kind, and with trained weights."""

import re
import time
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
import torch

import cnnviz
from cnnviz.nets.catalog import ModelSpec, model_names
from cnnviz.nets.classifiers import class_names, weights_bytes
from cnnviz.ui import cache
from cnnviz.ui.components import bar_list, layer_tree, map_wall
from tests.app.running import run, shown_code

NAME = "shufflenet_v2_x0_5"
FILE = "shufflenetv2_x0.5-f707e7126e.pth"


@pytest.fixture(autouse=True)
def empty_shelves():
    cache.networks._models.clear()
    cache.maps._runs.clear()


@pytest.fixture
def walls(monkeypatch):
    """What each wall on the page was made of."""
    made = []

    def note(maps, picture, **settings):
        made.append({"maps": maps, "picture": picture, **settings})

    monkeypatch.setattr("cnnviz.ui.feature_maps.layer.map_wall", note)
    return made


def said(at):
    return [m.value for m in at.markdown] + [c.value for c in at.caption]


def test_the_sidebar_offers_every_network(open_page, assert_fine):
    at = open_page("feature_maps", maps_view="layer", maps_side=32)
    assert_fine(at)
    assert len(at.sidebar.selectbox(key="model").options) == len(model_names()) == 83


@pytest.mark.parametrize(
    ("name", "layer", "shape", "words"),
    [
        ("squeezenet1_1", "features.0", (64, 31, 31), "Shown: the square in the middle, its colours from 0"),
        ("lenet5", "features.c1", (6, 28, 28), "its brightness from 0 to 1. LeNet-5 is built for this size"),
        ("inception_v3", "Conv2d_1a_3x3.conv", (32, 47, 47), "inception_v3 cannot take 32×32 or 64×64."),
        ("swin_t", "features.1", (96, 16, 16), "colours from 0 to 1."),
    ],
)
def test_a_network_is_shown_at_a_size_that_it_takes(open_page, assert_fine, walls, name, layer, shape, words):
    at = open_page("feature_maps", maps_view="layer", model=name, maps_side=64, maps_layer=layer)
    assert_fine(at)
    assert at.selectbox(key="maps_layer").value == layer
    assert any(words in text for text in said(at))
    (wall,) = walls[-1:]
    assert wall["maps"].values.shape == shape
    maps = run(shown_code(at))["maps"]
    np.testing.assert_allclose(wall["maps"].values, maps, rtol=1e-4, atol=1e-5)


def test_a_size_chosen_before_comes_back_with_a_network_that_takes_it(open_page, assert_fine):
    at = open_page("feature_maps", maps_view="layer", model="simple_cnn", maps_side=64)
    at.select_slider(key="maps_side").set_value(32).run()
    for other in ("inception_v3", "lenet5"):
        at.sidebar.selectbox(key="model").select(other).run()
        assert_fine(at)
    at.sidebar.selectbox(key="model").select("mini_resnet").run()
    assert_fine(at)
    assert at.select_slider(key="maps_side").value == 32


def test_a_network_too_large_for_the_server_is_reported_and_its_layers_stay_readable(open_page, monkeypatch):
    built, build = [], ModelSpec.build
    monkeypatch.setattr(ModelSpec, "build", lambda spec: (built.append(spec.name), build(spec))[1])
    at = open_page("feature_maps", maps_view="layer", model="vit_h_14")
    assert "vit_h_14" not in built
    assert not at.exception and not at.error
    (warning,) = at.warning
    assert warning.value.startswith("vit\\_h\\_14 needs 2.5 GB of memory for its weights")
    assert "keeps up to 2 GB" in warning.value
    assert at.selectbox(key="maps_layer").options == ["conv_proj"]


@pytest.mark.parametrize(("setting", "limit"), [("0.001", 1e6), ("", 2e9), ("-1", 2e9), ("x", 2e9)])
def test_the_limit_is_a_setting(monkeypatch, setting, limit):
    monkeypatch.setenv("CNNVIZ_MODEL_GB", setting)
    assert cache.networks._models().limit == limit
    refused = limit < 5e6
    try:
        cache.networks.require_memory(ModelSpec("simple_cnn"))
    except cnnviz.CnnvizError as error:
        assert refused and "SimpleCNN needs 0.0 GB" in str(error)
    else:
        assert not refused


def test_networks_in_memory_stay_within_the_limit(monkeypatch):
    monkeypatch.setenv("CNNVIZ_MODEL_GB", "0.012")  # two of SimpleCNN's 4.6 MB
    for seed in range(3):
        cache.networks.shared_model(ModelSpec("simple_cnn", None, seed))
    kept = [seed for seed in range(3) if ModelSpec("simple_cnn", None, seed) in cache.networks._models()]
    assert kept == [1, 2]


def test_a_layer_with_many_channels_shows_512_and_says_which(open_page, assert_fine, walls):
    at = open_page(
        "feature_maps",
        maps_view="layer",
        model=NAME,
        maps_side=32,
        maps_layer="conv5.0",
        maps_order="variance",
    )
    assert_fine(at)
    wall = walls[-1]
    ranked = wall["maps"].ranked("variance").tolist()
    assert list(wall["shown"])[:512] == ranked[:512]
    assert len(wall["shown"]) == 512 + (0 not in ranked[:512])
    words = next(text for text in said(at) if "are on the wall" in text)
    assert words.startswith(f"**{len(wall['shown'])} of 1,024 channels are on the wall:**")
    at.number_input(key="maps_channel").set_value(ranked[700]).run()
    assert_fine(at)
    assert list(walls[-1]["shown"]) == [*ranked[:512], ranked[700]]


def test_the_wall_gets_the_numbers_of_the_channels_on_it(monkeypatch):
    sent = {}
    monkeypatch.setattr(map_wall, "pack", lambda fields, arrays: sent.update(fields | arrays) or b"")
    monkeypatch.setattr(map_wall, "_mount", lambda **_: None)
    monkeypatch.setattr(map_wall, "edit_version", lambda _key: 0)
    values = np.random.default_rng(0).normal(size=(9, 3, 4)).astype(np.float32)
    maps = cnnviz.FeatureMaps.of("layer", values)
    map_wall.map_wall(
        maps, cnnviz.sample("cat").fitted(8), shown=[7, 2, 5], limits=np.arange(9.0), selected=2,
        dead_text="", row=None, pinned=None, key="k", on_choose=lambda _: None,
    )  # fmt: skip
    assert (sent["order"], sent["kept"]) == ([7, 2, 5], [2, 5, 7])
    np.testing.assert_array_equal(sent["maps"], values[[2, 5, 7]])
    np.testing.assert_array_equal(sent["limits"], [2, 5, 7])
    np.testing.assert_allclose(sent["mean"], values[[2, 5, 7]].mean((1, 2)), rtol=1e-5, atol=1e-6)


def test_a_layer_that_a_link_names_in_vain_is_explained(open_page, assert_fine, monkeypatch):
    items = []
    monkeypatch.setattr(layer_tree, "_mount", lambda data, **_: items.extend(data["layers"]))
    at = open_page("feature_maps", maps_view="layer", model="lenet5")
    at.query_params["maps_layer"] = "output"
    at.run()
    assert_fine(at)
    assert any(text == "output: a vector has no feature maps, so features.c1 is shown." for text in said(at))
    at.query_params["maps_layer"] = "layer_9"
    at.run()
    assert any(text.startswith("LeNet-5 has no layer layer\\_9, so") for text in said(at))
    assert {i["layer"]: i["why_not"] for i in items}["output"] == "a vector has no feature maps"


# --- trained weights


@pytest.fixture
def trained(hub):
    """Weights as torchvision would have downloaded them."""
    network = cnnviz.model(NAME, seed=11)
    torch.save(network.state_dict(), hub / FILE)
    return network


def test_trained_weights_are_loaded_and_name_the_classes(open_page, assert_fine, walls, trained, monkeypatch):
    bars = []
    monkeypatch.setattr(bar_list, "_mount", lambda data, **_: bars.append(data))
    at = open_page(
        "feature_maps", maps_view="layer", model=NAME, weights="imagenet", maps_side=64, maps_layer="conv1.0"
    )
    assert_fine(at)
    assert not [n for n in at.sidebar.number_input if n.key == "seed"]
    x = cnnviz.network_input(cnnviz.sample("cat").centre_square(64), NAME, "imagenet")
    with torch.no_grad():
        probabilities = trained(x)[0].softmax(0)
        expected = trained.conv1[0](x)[0].numpy()
    np.testing.assert_allclose(walls[-1]["maps"].values, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(run(shown_code(at))["maps"], expected, rtol=1e-4, atol=1e-5)
    words = next(text for text in said(at) if text.startswith("**Prediction:**"))
    best = probabilities.argsort(descending=True)[:5].tolist()
    names = class_names(NAME, "imagenet")
    shown = [(bar["name"], bar["number"]) for bar in bars[-1]["bars"]]
    assert shown == [(names[i], f"{100 * float(probabilities[i]):.3g} %") for i in best]
    assert words.startswith("**Prediction:** the 5 likeliest of 1,000 classes.")
    shown = next(text for text in said(at) if text.startswith("Shown:"))
    assert "less 0.485, 0.456, 0.406 and divided by 0.229, 0.224, 0.225" in shown


@pytest.mark.usefixtures("hub", "offline")
def test_offline_the_reason_is_said_and_random_weights_stay_in_use(open_page, assert_fine, trained_file):
    at = open_page("feature_maps", maps_view="layer", model=NAME, weights="imagenet", maps_side=32)
    assert not at.exception and not at.error
    (warning,) = at.warning
    assert re.search(r"\(5 MB\) could not be downloaded: no route to host", warning.value)
    assert warning.value.endswith("Until then the weights are random (seed 0).")
    assert any("have learned nothing" in text for text in said(at))
    assert any("trained on ImageNet could not be had" in info.value for info in at.info)
    assert "seed=0" in shown_code(at)
    trained_file()
    at.run()
    assert at.warning, "It is tried again only when the user says so."
    at.sidebar.button(key="weights_again").click().run()
    assert_fine(at)
    assert any("likeliest of 1,000 classes" in text for text in said(at))


@pytest.fixture
def trained_file(hub):
    return lambda: torch.save(cnnviz.model(NAME).state_dict(), hub / FILE)


def test_a_file_that_is_not_the_weights_is_named(open_page, hub):
    (hub / FILE).write_bytes(b"not weights")
    at = open_page("feature_maps", maps_view="layer", model=NAME, weights="imagenet", maps_side=32)
    assert not at.exception and not at.error
    assert "is not what torchvision published" in at.warning[0].value
    assert any("have learned nothing" in text for text in said(at))


class Said(list):
    """What was said, one after another, perhaps in other threads."""

    def wait_for(self, pattern):
        deadline = time.monotonic() + 10
        while not any(re.search(pattern, text) for text in self):
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.fixture
def progress_said(monkeypatch):
    """What the progress bar of a download says."""
    seen, progress = Said(), st.progress

    def watched(value, text):
        bar = progress(value, text)
        real = bar.progress
        bar.progress = lambda value, text: (seen.append(text), real(value, text))[1]
        return bar

    monkeypatch.setattr("cnnviz.ui.shell.weights.st.progress", watched)
    return seen


def test_a_download_shows_how_far_it_is_and_holds_no_slot(
    open_page, assert_fine, monkeypatch, trained_file, progress_said
):
    slots = []

    def download(_url, file, _digest, **_):
        part = Path(f"{file}.0.partial")
        part.write_bytes(bytes(weights_bytes(NAME, "imagenet") // 2))
        slots.append(cache.resources.processor()._running)
        progress_said.wait_for("of [56] MB")
        part.unlink()
        trained_file()

    monkeypatch.setattr("torch.hub.download_url_to_file", download)
    at = open_page("feature_maps", maps_view="layer", model=NAME, weights="imagenet", maps_side=32)
    assert_fine(at)
    assert slots == [0]
    assert progress_said[-1].startswith(f"Downloading {NAME}: ")
    assert any("likeliest of 1,000 classes" in text for text in said(at))


def test_networks_without_trained_weights_offer_none(open_page, assert_fine):
    at = open_page("feature_maps", maps_view="layer", model="lenet5", weights="imagenet", maps_side=32)
    assert_fine(at)
    assert "weights" not in [control.key for control in at.sidebar.button_group]
    assert at.sidebar.number_input(key="seed").value == 0


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize("page", ["architectures", "parameters_and_cost"])
def test_a_page_without_use_for_weights_fetches_none_and_keeps_the_setting(
    open_page, assert_fine, monkeypatch, page
):
    monkeypatch.setattr("torch.hub.download_url_to_file", lambda *_, **__: pytest.fail("downloaded"))
    built, build = [], ModelSpec.build
    monkeypatch.setattr(ModelSpec, "build", lambda spec: (built.append(spec.name), build(spec))[1])
    at = open_page(page, model=NAME, weights="imagenet")
    assert NAME not in built
    assert_fine(at)
    assert at.session_state["weights"] == "imagenet"
    assert any("does not use the weights" in caption.value for caption in at.sidebar.caption)


@pytest.mark.usefixtures("trained")
def test_the_weights_are_fetched_when_a_page_has_use_for_them(open_page, assert_fine):
    at = open_page("architectures", model=NAME, weights="imagenet")
    at.session_state["maps_view"] = "layer"
    at.switch_page("pages/feature_maps.py")
    at.run()
    assert_fine(at)
    assert any("likeliest of 1,000 classes" in text for text in said(at))


@pytest.mark.usefixtures("hub")
def test_a_fault_nobody_thought_of_leaves_the_chosen_network_with_random_weights(open_page, monkeypatch):
    at = open_page("feature_maps", maps_view="layer", model="lenet5", maps_side=32)

    def fault(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("cnnviz.ui.shell.weights.weights_source", fault)
    at.session_state["weights"] = "imagenet"
    at.sidebar.selectbox(key="model").select(NAME).run()
    assert not at.exception and not at.error
    (warning,) = at.warning
    assert "The log has the details under" in warning.value
    assert warning.value.endswith("Until then the weights are random (seed 0).")
    assert at.session_state["_model"] == ModelSpec(NAME)
    assert at.selectbox(key="maps_layer").value == "conv1.0"


@pytest.mark.usefixtures("hub")
def test_a_download_in_the_queue_says_so(open_page, assert_fine, monkeypatch, trained_file, progress_said):
    def download(_url, file, _digest, **_):
        progress_said.wait_for("")
        if FILE in file:
            trained_file()

    monkeypatch.setattr("torch.hub.download_url_to_file", download)
    downloads = cache.resources.downloads()
    with downloads.wanted("alexnet", "imagenet") as one, downloads.wanted("vgg11", "imagenet") as two:
        assert not (one.ended or two.ended)
        at = open_page("feature_maps", maps_view="layer", model=NAME, weights="imagenet", maps_side=32)
    assert_fine(at)
    assert progress_said[0].startswith(f"Waiting for other downloads, then {NAME}, ")
