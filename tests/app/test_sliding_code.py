"""The pixel-by-pixel views: Python's numbers are PyTorch's, and the code on screen gives them."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import cnnviz
from cnnviz.errors import CnnvizError
from cnnviz.figures.downloads import figure_file
from cnnviz.figures.grids import Grid, grid_rows, grids_figure
from cnnviz.ops.filtering import CHANNEL_MODES
from cnnviz.ops.geometry import PADDING_MODES, Window
from cnnviz.ui.components.sliding_window import Patch, Sliding
from cnnviz.ui.sliding.formulas import sliding_facts
from cnnviz.ui.sliding.result import sliding_input, sliding_output
from cnnviz.ui.sliding.snippets import sliding_code
from tests.app.running import run, shown_code

PICTURE = cnnviz.draw_pattern(cnnviz.Pattern("grating", 9, 35))
SMALL = PICTURE.fitted(64)
MATRIX = np.arange(30.0).reshape(5, 6) - 11.5
patches = st.builds(Patch, st.integers(0, 48), st.integers(0, 48), st.integers(5, 16))
inputs = st.one_of(st.none(), st.just(MATRIX))


def check(patch, matrix, sliding):
    x = sliding_input(SMALL, patch, matrix, sliding.channels)
    try:
        expected = sliding_output(x, sliding)
    except CnnvizError:
        assume(False)
    y = run(sliding_code(PICTURE, 64, patch, matrix, sliding))["y"]
    np.testing.assert_allclose(y[0].numpy(), expected, rtol=1e-4, atol=1e-4)
    sizes = [
        str(part["result"])
        for _, right in sliding_facts(sliding, *x.shape[1:])[1].equations
        for part in right
        if isinstance(part, dict) and "result" in part
    ]
    assert sizes == [str(n) for n in y.shape[2:]]


@settings(max_examples=60)
@given(
    patch=patches, matrix=inputs, kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=st.integers(1, 4), padding=st.integers(0, 4), dilation=st.integers(1, 3),
    channels=st.sampled_from(CHANNEL_MODES), mode=st.sampled_from(PADDING_MODES),
    bias=st.sampled_from([0.0, -0.35]), seed=st.integers(0, 99),
)  # fmt: skip
def test_convolution(patch, matrix, kernel, stride, padding, dilation, channels, mode, bias, seed):
    weights = np.random.default_rng(seed).normal(size=kernel).round(3)
    axes = [Window(k, stride, padding, dilation) for k in kernel]
    check(patch, matrix, Sliding("conv", *axes, weights, channels=channels, bias=bias, mode=mode))


@settings(max_examples=60)
@given(
    patch=patches, matrix=inputs, kind=st.sampled_from(["max", "average"]), size=st.integers(2, 5),
    stride=st.integers(1, 5), padding=st.integers(0, 2), ceil=st.booleans(), counted=st.booleans(),
)  # fmt: skip
def test_pooling(patch, matrix, kind, size, stride, padding, ceil, counted):
    window = Window(size, stride, min(padding, size // 2))
    check(patch, matrix, Sliding(kind, window, window, options={"ceil": ceil, "countPadding": counted}))


@settings(max_examples=40)
@given(
    patch=patches, matrix=inputs, size=st.integers(1, 5), stride=st.integers(1, 4), padding=st.integers(0, 2),
    dilation=st.integers(1, 3), extra=st.integers(0, 3), seed=st.integers(0, 99),
)  # fmt: skip
def test_transposed_convolution(patch, matrix, size, stride, padding, dilation, extra, seed):
    weights = np.random.default_rng(seed).normal(size=(size, size)).round(3)
    window = Window(size, stride, padding, dilation)
    extra = min(extra, max(stride, dilation) - 1)
    check(patch, matrix, Sliding("transposed", window, window, weights, output_padding=extra))


def test_the_table_has_every_number_and_the_figure_every_grid():
    grids = [Grid("Input", MATRIX, "input"), Grid("Output", np.array([[-1.0, np.inf]]), "activation")]
    rows = grid_rows(grids)
    assert len(rows) == MATRIX.size + 2
    assert rows[7] == {"grid": "Input", "row": 1, "column": 1, "value": MATRIX[1, 1]}
    svg = figure_file(grids_figure(grids), "svg").decode()
    assert svg.count("Input 5×6") >= 1 and svg.count("Output 1×2") >= 1


@pytest.mark.parametrize("page", ["convolution", "pooling", "dilation", "transposed_convolution"])
def test_the_page_shows_the_code_of_its_window(open_page, assert_fine, page):
    views = {
        "convolution": "conv_mode",
        "pooling": "pool_view",
        "dilation": "dil_view",
        "transposed_convolution": "up_view",
    }
    at = open_page(page, **{views[page]: "pixels"}, source="pattern", pattern="rings")
    assert_fine(at)
    y = run(shown_code(at))["y"]
    assert y.dim() == 4 and min(y.shape) > 0
