"""Pixel use and the flipped kernel: PyTorch and SciPy agree, and the code on screen gives the screen."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.signal import convolve2d

import cnnviz
from cnnviz.errors import CnnvizError
from cnnviz.ops.filtering import CHANNEL_MODES, PictureFilter, filter_picture
from cnnviz.ops.geometry import PADDING_MODES, Window
from cnnviz.ui.convolution.snippets import flip_code, pixel_use_code
from cnnviz.ui.convolution.views import layer_rows
from tests.app.running import open_expanders, run

PICTURE = cnnviz.draw_pattern(cnnviz.Pattern("grating", 9, 35))
axes = st.builds(Window, st.integers(1, 5), st.integers(1, 4), st.integers(0, 4), st.integers(1, 3))


def layer_of(rows, columns, channels="grey", mode="zeros", seed=0, bias=0.0):
    weights = np.random.default_rng(seed).normal(size=(rows.kernel_size, columns.kernel_size)).round(3)
    return PictureFilter(weights, channels, rows, columns, mode, bias)


@settings(max_examples=40)
@given(axes, axes, st.sampled_from(PADDING_MODES))
def test_the_code_of_pixel_use_counts_as_the_map_does(rows, columns, mode):
    layer = layer_of(rows, columns, mode=mode)
    counts = run(pixel_use_code(18, 22, layer))["counts"]
    np.testing.assert_array_equal(counts, cnnviz.read_counts(rows, columns, 18, 22, mode))


@settings(max_examples=40)
@given(axes, axes, st.sampled_from(CHANNEL_MODES), st.sampled_from(PADDING_MODES), st.integers(0, 99))
def test_the_code_of_the_flip_gives_both_outputs(rows, columns, channels, mode, seed):
    layer = layer_of(rows, columns, channels, mode, seed, 0.25)
    try:
        expected = filter_picture(PICTURE.fitted(28), layer)
    except CnnvizError:
        assume(False)
    flipped = PictureFilter(layer.kernel[::-1, ::-1].copy(), channels, rows, columns, mode, 0.25)
    names = run(flip_code(PICTURE, 28, layer))
    np.testing.assert_allclose(names["y"][0], expected.output, rtol=1e-4, atol=1e-4)
    true = filter_picture(PICTURE.fitted(28), flipped).output
    np.testing.assert_allclose(names["y_flipped"][0], true, rtol=1e-4, atol=1e-4)


def test_true_convolution_is_scipys():
    layer = layer_of(Window(3), Window(4))
    x = layer.input(PICTURE.fitted(28))[0, 0].numpy()
    names = run(flip_code(PICTURE, 28, layer))
    np.testing.assert_allclose(names["y_flipped"][0, 0], convolve2d(x, layer.kernel, "valid"), atol=1e-5)


@pytest.mark.parametrize(
    ("kernel", "words"),
    [
        ("box", "its own mirror image"),
        ("sobel_x", "into its negative"),
        ("emboss", "another kernel"),
    ],
)
def test_what_flipping_does_to_a_kernel_is_said(open_page, assert_fine, kernel, words):
    at = open_page("convolution", conv_mode="flip", conv_kernel=kernel)
    assert_fine(at)
    assert any(words in m.value for m in at.markdown)


def test_the_table_of_the_layer_is_pytorchs():
    layer = layer_of(Window(3, 2, 1), Window(5, 1, 0, 2), "summed", bias=0.5)
    rows = layer_rows(layer, 20, 30)
    y = layer.pytorch(cnnviz.draw_pattern(cnnviz.Pattern("rings"), 30).tensor()[:, :, :20])
    assert [row["output size"] for row in rows] == list(y.shape[2:])
    assert rows[0]["MACs"] == layer.weight.numel() * y[0, 0].numel()


@pytest.mark.parametrize(
    ("guess", "words"),
    [
        (9, "Right: 9"),
        (8, "you left out the + 1"),
        (10, "you rounded up"),
        (1000, "smaller than 1000"),
    ],
)
def test_the_output_size_is_asked_for_and_mistakes_are_named(open_page, guess, words):
    # (20 + 0 − 1·2 − 1)/2 = 8.5
    at = open_expanders(open_page("convolution", conv_stride=2))
    at.number_input(key="conv_quiz_guess").set_value(guess).run()
    assert any(words in m.value for m in at.markdown)
