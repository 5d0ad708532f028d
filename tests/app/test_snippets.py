"""The code on screen, run: it gives what is on screen."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import cnnviz
from cnnviz.data.images import Picture
from cnnviz.nets.catalog import ModelSpec
from cnnviz.ops.filtering import CHANNEL_MODES, PictureFilter, filter_picture
from cnnviz.ops.geometry import PADDING_MODES, Window
from cnnviz.ui.feature_maps.snippets import feature_maps_code
from cnnviz.ui.sliding.snippets import convolution_code
from tests.app.running import run, shown_code

SAMPLE = cnnviz.sample("coffee")
GRATING = cnnviz.draw_pattern(cnnviz.Pattern("grating", 9, 35))


axes = st.builds(
    Window, st.integers(1, 7), st.integers(1, 4), st.integers(0, 9), st.integers(1, 3)
)  # kernel, stride, padding, dilation


@settings(max_examples=40)
@given(
    picture=st.sampled_from([SAMPLE, GRATING]),
    rows=axes,
    columns=axes,
    channels=st.sampled_from(CHANNEL_MODES),
    mode=st.sampled_from(PADDING_MODES),
    bias=st.sampled_from([0.0, -0.35, 1.0]),
    seed=st.integers(0, 99),
)
def test_the_code_of_the_convolution_lab_gives_the_output_on_screen(
    picture, rows, columns, channels, mode, bias, seed
):
    weights = np.random.default_rng(seed).normal(size=(rows.kernel_size, columns.kernel_size))
    layer = PictureFilter(weights, channels, rows, columns, mode, bias)
    on_screen = filter_picture(picture.fitted(28), layer)
    y = run(convolution_code(picture, 28, layer))["y"]
    assert tuple(y.shape[1:]) == on_screen.output.shape
    np.testing.assert_allclose(y[0].numpy(), on_screen.output, rtol=1e-4, atol=2e-5 * max(1, on_screen.limit))


@pytest.mark.parametrize("picture", [SAMPLE, GRATING], ids=["sample", "pattern"])
@pytest.mark.parametrize(
    ("model", "seed", "layer", "side"),
    [("simple_cnn", 0, "block2.relu1", 32), ("mini_resnet", 17, "layer2.0.bn2", 64)],
)
def test_the_code_of_the_feature_maps_page_gives_the_maps_on_screen(picture, model, seed, layer, side):
    names = run(feature_maps_code(picture, side, ModelSpec(model, None, seed), layer))
    expected = cnnviz.feature_maps(cnnviz.model(model, seed=seed), picture.centre_square(side), [layer])[
        layer
    ]
    assert names["maps"].shape == expected.shape
    np.testing.assert_allclose(names["maps"], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("page", ["convolution", "feature_maps"])
def test_the_code_that_a_page_shows_is_that_code(open_page, assert_fine, page):
    at = open_page(
        page,
        source="pattern",
        pattern="checkerboard",
        pattern_period=20,
        maps_view="layer",
        maps_side=32,
        conv_resolution=28,
    )
    assert_fine(at)
    names = run(shown_code(at))
    if page == "convolution":
        x = cnnviz.draw_pattern(cnnviz.Pattern("checkerboard", 20), 28).tensor()
        weight = torch.tensor(np.array(cnnviz.kernel("sobel_x")), dtype=torch.float32).expand(1, 3, 3, 3)
        torch.testing.assert_close(names["y"], torch.nn.functional.conv2d(x, weight), rtol=1e-5, atol=1e-5)
    else:
        assert names["maps"].shape == (64, 32, 32)


def test_the_code_for_an_own_picture_reads_it_from_a_file(tmp_path, monkeypatch):
    pixels = np.random.default_rng(2).integers(0, 256, (30, 44, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "your_picture.png")
    picture = Picture(pixels, "holiday.png")
    before = Path.cwd()
    monkeypatch.chdir(tmp_path)
    layer = PictureFilter(np.ones((2, 2)), "summed", Window(2), Window(2))
    y = run(convolution_code(picture, 20, layer))["y"]
    os.chdir(before)
    np.testing.assert_allclose(y[0].numpy(), filter_picture(picture.fitted(20), layer).output, atol=1e-5)


def test_the_camera_code_never_carries_the_name_of_a_private_picture():
    picture = Picture(np.zeros((4, 4, 3), np.uint8), 'x"); import os  # ')
    layer = PictureFilter(np.ones((1, 1)), "grey", Window(1), Window(1))
    for code in (
        convolution_code(picture, 4, layer),
        feature_maps_code(picture, 32, ModelSpec("simple_cnn"), "block1"),
    ):
        assert "import os" not in code
        assert 'cnnviz.load_image("your_picture.png")' in code
