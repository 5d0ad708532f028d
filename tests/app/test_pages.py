"""Every page with every choice, without a browser."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from cnnviz.analysis.layers.summaries import layer_summaries
from cnnviz.data.images import sample_names
from cnnviz.data.patterns import pattern_names
from cnnviz.nets.catalog import catalog_entry, meta_model, reference_names
from cnnviz.ops.filtering import CHANNEL_MODES
from cnnviz.ops.kernels import kernel_names, named_kernel
from cnnviz.ui.convolution.presets import PRESETS
from cnnviz.ui.widgets.controls import readable_name
from tests.app.running import picture_text, shown_code

PAGES = ("home", "convolution", "feature_maps")


@pytest.mark.parametrize("page", PAGES)
def test_each_page_opens_with_a_photograph_chosen(open_page, assert_fine, page):
    at = open_page(page)
    assert_fine(at)
    assert len(at.title) == 1
    assert picture_text(at) == "Cat, 300×451 pixels, height × width."


@pytest.mark.parametrize("page", PAGES)
def test_each_page_takes_every_photograph_and_every_pattern(open_page, assert_fine, page):
    at = open_page(page, maps_side=32)
    for name in sample_names():
        at.sidebar.selectbox(key="photo").select(name).run()
        assert_fine(at)
        assert picture_text(at).startswith(readable_name(name))
    at.session_state["source"] = "pattern"
    at.run()
    for name in pattern_names():
        at.sidebar.selectbox(key="pattern").select(name).run()
        assert_fine(at)
        assert picture_text(at).startswith(readable_name(name))


@pytest.mark.parametrize("channels", CHANNEL_MODES)
def test_every_kernel_runs_in_every_channel_mode(open_page, assert_fine, channels):
    at = open_page("convolution", conv_resolution=42)
    at.selectbox(key="conv_channels").select(channels).run()
    for name in kernel_names():
        at.selectbox(key="conv_kernel").select(name).run()
        assert_fine(at)
        assert at.selectbox(key="conv_kernel").value == name
        for parameter in named_kernel(name).parameters:
            at.slider(key=f"conv_{parameter.name}").set_value(float(parameter.maximum)).run()
            assert_fine(at)


@pytest.mark.parametrize("model", reference_names())
def test_every_layer_shows_its_maps(open_page, assert_fine, model):
    at = open_page("feature_maps", maps_view="layer", model=model, maps_side=32)
    assert catalog_entry(model).label in at.sidebar.selectbox(key="model").options
    layers = [s for s in layer_summaries(meta_model(model), (1, 3, 32, 32)) if s.has_maps]
    assert at.selectbox(key="maps_layer").options == [layer.layer for layer in layers]
    for layer in layers:
        at.selectbox(key="maps_layer").select(layer.layer).run()
        assert_fine(at)
        said = next(m.value for m in at.markdown if "Dead channels" in m.value)
        assert re.search(rf"of {layer.output_shape[0]}\.", said)
        assert f'["{layer.layer}"]' in shown_code(at)


@pytest.mark.parametrize("order", ["index", "mean", "max", "sparsity", "variance"])
@pytest.mark.parametrize("scope", ["layer", "map", "network"])
def test_the_wall_is_sorted_and_scaled_every_way(open_page, assert_fine, order, scope):
    at = open_page(
        "feature_maps",
        maps_view="layer",
        maps_side=32,
        maps_order=order,
        maps_scope=scope,
        maps_compared=True,
    )
    assert_fine(at)
    assert at.selectbox(key="maps_order").value == order


def test_another_model_begins_at_its_own_first_convolution(open_page, assert_fine):
    at = open_page("feature_maps", maps_view="layer", maps_side=32)
    at.selectbox(key="maps_layer").select("block3.conv2").run()
    at.sidebar.selectbox(key="model").select("mini_resnet").run()
    assert_fine(at)
    assert at.selectbox(key="maps_layer").value == "conv1"


def test_a_channel_that_a_layer_lacks_becomes_one_that_it_has(open_page, assert_fine):
    at = open_page(
        "feature_maps", maps_view="layer", model="mini_resnet", maps_side=32, maps_layer="layer4.1.conv2"
    )
    at.number_input(key="maps_channel").set_value(511).run()
    assert at.number_input(key="maps_channel").value == 511
    at.selectbox(key="maps_layer").select("conv1").run()
    assert_fine(at)
    assert at.number_input(key="maps_channel").value == 0


def png(height, width):
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def upload(at, name, data):
    at.session_state["source"] = "upload"
    at.run()
    at.file_uploader(key="file").set_value((name, data, "image/png")).run()


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("size", [(1, 1), (2, 900), (900, 2), (33, 47)])
def test_a_picture_of_any_shape_runs_on_every_page(open_page, assert_fine, page, size):
    at = open_page(page, maps_side=32)
    upload(at, "odd.png", png(*size))
    assert_fine(at)
    assert picture_text(at) == f"odd.png, {size[0]}×{size[1]} pixels, height × width."


@pytest.mark.parametrize("page", PAGES)
def test_a_file_that_is_no_picture_is_explained_and_the_picture_before_stays(open_page, page):
    at = open_page(page, maps_side=32)
    upload(at, "first.png", png(20, 30))
    at.sidebar.file_uploader(key="file").set_value(("second.png", b"no picture", "image/png")).run()
    assert not at.exception
    (error,) = at.error
    assert error.value.startswith("second.png is not a picture")
    assert picture_text(at) == "first.png, 20×30 pixels, height × width."


def test_where_no_kernel_fits_the_page_says_why_and_recovers(open_page, assert_fine):
    at = open_page("convolution")
    upload(at, "line.png", png(1, 400))
    assert_fine(at)
    at.selectbox(key="conv_padding_mode").select("reflect").run()
    assert not at.exception and not at.error
    assert [w.value for w in at.warning] == [
        "The kernel spans 2 but the padded input only 1: "
        "make the kernel or the dilation smaller, or pad more."
    ]
    at.selectbox(key="conv_padding_mode").select("zeros").run()
    assert_fine(at)


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (60, 90)])
@pytest.mark.parametrize("label", PRESETS)
def test_a_preset_works_on_any_picture(open_page, assert_fine, label, size):
    at = open_page("convolution")
    upload(at, "small.png", png(*size))
    at.selectbox(key="conv_padding_mode").select("reflect").run()
    assert not at.exception and not at.error
    at.button(key=f"preset {label}").click().run()
    assert_fine(at)
    at.selectbox(key="conv_padding_mode").select("circular").run()
    assert_fine(at)
    assert at.slider(key="conv_padding").value <= at.slider(key="conv_padding").max


def test_the_downloads_are_made_only_when_asked_for(open_page, monkeypatch):
    made = []
    monkeypatch.setattr("cnnviz.figures.downloads._npz", lambda **arrays: made.append(arrays) or b"")
    open_page("feature_maps", maps_view="layer", maps_side=32)
    open_page("convolution")
    assert made == []
