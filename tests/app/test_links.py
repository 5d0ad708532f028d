"""Links with settings that cannot be: what is shown is allowed."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import APP
from tests.app.running import run_on_page


def opened(page: str, query: dict[str, str | list[str]], **settings: object) -> AppTest:
    """A page by its link; `settings` make controls visible."""
    at = AppTest.from_file(str(APP), default_timeout=30)
    for key, value in query.items():
        at.query_params[key] = value
    for key, value in settings.items():
        at.session_state[key] = value
    return run_on_page(at, page)


def assert_allowed(at: AppTest) -> None:
    """Every slider and every field stands within its limits."""
    assert at.slider or at.number_input
    for control in at.slider:
        assert control.min <= control.value <= control.max, control.key
    for field in at.number_input:
        assert field.value is None or 0 <= field.value < 1e10, field.key
        assert field.max is None or field.value is None or field.value <= field.max, field.key


@pytest.mark.parametrize(
    "query",
    [
        {"conv_stride": "0"},
        {"conv_stride": "abc", "conv_bias": "nan", "conv_padding": "-3"},
        {"conv_kernel_height": "999", "conv_dilation": "1e9"},
        {"conv_kernel": "nonsense", "conv_channels": "purple", "conv_resolution": "17"},
        {"conv_padding_mode": "sideways", "conv_locked": "maybe", "nothing": "1"},
        {"source": "nonsense", "photo": "nobody", "pattern": "stars"},
    ],
)
def test_impossible_settings_of_a_convolution_are_left_out(assert_fine, query):
    at = opened("convolution", query)
    assert_fine(at)
    assert_allowed(at)


def test_a_kernel_that_is_none_is_explained():
    at = opened("convolution", {"conv_kernel": "By hand", "conv_weights": "one two;three"})
    assert not at.exception
    assert_allowed(at)


@pytest.mark.parametrize(
    "query",
    [
        {"maps_layer": "nonsense"},
        {"maps_channel": "99999"},
        {"maps_channel": "-1", "maps_order": "loudest", "maps_scope": "galaxy", "maps_side": "33"},
        {"model": "MiniResNet", "maps_layer": "block1.conv1", "maps_channel": "64"},
        {"maps_layer": "nonsense", "model": "none", "seed": ["-5", "x"]},
    ],
)
def test_impossible_settings_of_feature_maps_are_left_out(assert_fine, query):
    at = opened("feature_maps", query, maps_view="layer", weights="random", maps_side=64)
    assert_fine(at)
    assert_allowed(at)
    assert at.number_input(key="maps_channel").value == 0


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "9" * 309, "1e308"])
@pytest.mark.parametrize("page", ["feature_maps", "training"])
def test_an_infinite_number_in_a_link_is_left_out(assert_fine, page, value):
    keys = ("seed", "maps_channel", "maps_row", "maps_column", "train_seed", "train_rate")
    at = opened(page, dict.fromkeys(keys, value), maps_view="layer", weights="random", maps_side=64)
    assert_fine(at)
    assert_allowed(at)
