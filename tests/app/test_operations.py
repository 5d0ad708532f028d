"""The pages of the operations: every view and every preset runs, on every kind of picture."""

import pytest

from cnnviz.analysis.shifts import POOLS
from cnnviz.nets.catalog import reference_names
from cnnviz.ops.geometry import PADDING_MODES

VIEWS = {
    "convolution": ("conv_mode", ("picture", "pixels")),
    "pooling": ("pool_view", ("side", "pixels", "shift")),
    "dilation": ("dil_view", ("stack", "pixels", "picture")),
    "transposed_convolution": ("up_view", ("picture", "pixels")),
}


@pytest.mark.parametrize("page", [*VIEWS, "equivariance"])
def test_every_try_this_button_works(open_page, assert_fine, page):
    at = open_page(page)
    labels = [button.label for button in at.button if button.key and button.key.startswith("preset ")]
    for label in labels:
        at.button(key=f"preset {label}").click().run()
        assert_fine(at)
    assert labels


@pytest.mark.parametrize(("page", "view"), [(p, v) for p, (_, views) in VIEWS.items() for v in views])
@pytest.mark.parametrize("pattern", [None, "impulse", "rings"])
def test_every_view_runs(open_page, assert_fine, page, view, pattern):
    picture = {} if pattern is None else {"source": "pattern", "pattern": pattern}
    assert_fine(open_page(page, **{VIEWS[page][0]: view}, **picture))


@pytest.mark.parametrize("mode", PADDING_MODES)
@pytest.mark.parametrize("pool", POOLS)
def test_every_layer_of_the_equivariance_page_runs(open_page, assert_fine, mode, pool):
    assert_fine(open_page("equivariance", eq_padding_mode=mode, eq_pool=pool, eq_stride=2))


@pytest.mark.parametrize("model", reference_names())
def test_networks_run_on_the_equivariance_page(open_page, assert_fine, model):
    assert_fine(open_page("equivariance", eq_subject=model, eq_padding_mode="circular"))
