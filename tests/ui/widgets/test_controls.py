"""Sliders whose limits move under them: what they say is always possible."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from cnnviz.ops.geometry import PADDING_MODES, Window, largest_padding
from cnnviz.ops.kernel_text import MAX_SIZE
from cnnviz.ops.kernels import kernel_names, named_kernel
from cnnviz.ui.convolution.controls import _feasible
from cnnviz.ui.widgets.controls import readable_name

wanted_windows = st.builds(
    Window, st.integers(1, MAX_SIZE), st.integers(1, 8), st.integers(0, 15), st.integers(1, 8)
)


def allowed_sizes(name, axis):
    """Least and greatest kernel size of a named kernel on one axis."""
    if name is None:
        return 1, MAX_SIZE
    named = named_kernel(name)
    return named.smallest[axis], named.smallest[axis] if named.fixed else MAX_SIZE


@given(
    wanted_windows,
    st.integers(1, 40),
    st.sampled_from([None, *kernel_names()]),
    st.integers(0, 1),
    st.sampled_from(PADDING_MODES),
)
def test_whatever_was_wanted_the_feasible_window_fits_or_is_as_small_as_it_gets(
    wanted, size, name, axis, mode
):
    least, most = allowed_sizes(name, axis)
    window = _feasible(wanted, size, least, most, mode)
    limit = largest_padding(size, mode)
    assert least <= window.kernel_size <= most
    assert window.padding <= (15 if limit is None else limit)
    assert window.stride == wanted.stride
    if least <= size + 2 * window.padding:
        assert window.output_size(size) >= 1
    else:
        assert (window.kernel_size, window.dilation) == (least, 1)


@given(wanted_windows, st.integers(30, 200))
def test_what_fits_is_left_as_it_was_wanted(wanted, size):
    if wanted.effective_kernel_size <= size + 2 * wanted.padding:
        assert _feasible(wanted, size, 1, MAX_SIZE, "zeros") == wanted


def controls_only():
    """The controls of the convolution lab on a picture of noise, without the pictures."""
    import numpy as np
    import streamlit as st

    from cnnviz.data.images import Picture
    from cnnviz.ui.convolution.controls import choose_convolution

    def put() -> None:  # as a preset does
        for key, value in st.session_state["pending"].items():
            st.session_state[key] = value

    st.button("Put", on_click=put)
    height, width = st.session_state.get("shape", (40, 60))
    chosen = choose_convolution(Picture(np.zeros((height, width, 3), np.uint8), "noise"))
    st.session_state["chosen"] = chosen


CHANGES = {
    "conv_kernel": st.sampled_from([*kernel_names(), "by_hand"]),
    "conv_kernel_height": st.integers(1, MAX_SIZE),
    "conv_stride": st.integers(1, 8),
    "conv_padding": st.integers(0, 15),
    "conv_dilation": st.integers(1, 8),
    "conv_padding_mode": st.sampled_from(PADDING_MODES),
    "conv_locked": st.booleans(),
    "conv_resolution": st.sampled_from((28, 42, 56)),
    "shape": st.sampled_from([(40, 60), (1, 1), (1, 500), (500, 3)]),
}
changes = st.sampled_from(sorted(CHANGES)).flatmap(lambda key: CHANGES[key].map(lambda value: (key, value)))


@settings(max_examples=15)
@given(st.lists(changes, min_size=4, max_size=10))
def test_any_sequence_of_settings_leaves_a_layer_that_fits(sequence):
    at = AppTest.from_function(controls_only, default_timeout=30).run()
    for key, value in sequence:
        at.session_state["pending"] = {key: value}
        at.button[0].click().run()
        assert not at.exception, (sequence, [e.message for e in at.exception])
        assert not at.error
        chosen = at.session_state["chosen"]
        picture, layer = chosen.picture, chosen.layer
        for window, size in ((layer.rows, picture.height), (layer.columns, picture.width)):
            limit = largest_padding(size, layer.padding_mode)
            assert limit is None or window.padding <= limit
            if window.effective_kernel_size > size + 2 * window.padding:
                # Only where the kernel's least size is more than the fullest padding makes room for.
                name = at.session_state["conv_kernel"]
                assert name != "by_hand" and window.dilation == 1
                assert window.kernel_size <= max(named_kernel(name).smallest)


def slider_only():
    import streamlit as st

    from cnnviz.ui.widgets.controls import bounded_slider

    def put() -> None:
        st.session_state["size"] = st.session_state["pending"]

    st.button("Put", on_click=put)
    low, high = st.session_state.get("limits", (1, 8))
    st.session_state["given"] = bounded_slider("Size", low, high, 3, key="size", why="because")


@pytest.fixture
def sized():
    at = AppTest.from_function(slider_only).run()

    def with_limits(low, high):
        at.session_state["limits"] = (low, high)
        at.run()
        assert not at.exception
        return at

    return at, with_limits


def test_a_slider_starts_at_its_default_moved_into_its_limits(sized):
    at, _ = sized
    assert at.session_state["given"] == at.slider(key="size").value == 3
    fresh = AppTest.from_function(slider_only)
    fresh.session_state["limits"] = (5, 8)
    assert fresh.run().session_state["given"] == 5


def test_a_slider_keeps_its_value_where_its_new_limits_allow_it(sized):
    at, with_limits = sized
    at.slider(key="size").set_value(6).run()
    assert with_limits(2, 12).session_state["given"] == 6
    assert at.slider(key="size").value == 6


def test_a_slider_moves_to_the_nearest_limit_and_stays_there(sized):
    at, with_limits = sized
    at.slider(key="size").set_value(7).run()
    assert with_limits(1, 4).session_state["given"] == 4
    assert with_limits(1, 8).session_state["given"] == 4


def test_a_slider_with_one_value_left_is_shown_disabled(sized):
    at, with_limits = sized
    with_limits(3, 3)
    assert at.session_state["given"] == 3
    assert at.slider(key="size").disabled
    with_limits(1, 8)
    assert not at.slider(key="size").disabled


def test_a_slider_takes_a_value_set_by_code_into_its_limits(sized):
    at, _ = sized
    at.session_state["pending"] = 80
    at.button[0].click().run()
    assert not at.exception
    assert at.session_state["given"] == at.slider(key="size").value == 8


@pytest.mark.parametrize(("name", "text"), [("step_edge", "Step edge"), ("x", "X"), ("", "")])
def test_a_key_reads_as_a_person_would_write_it(name, text):
    assert readable_name(name) == text
