"""Pooling and stride: four ways to a smaller map, side by side, pixel by pixel, and on a shifted picture."""

import streamlit as st

from cnnviz.ui.pooling.lab import (
    choose_pooling,
    show_pixels,
    show_shift,
    show_side_by_side,
)
from cnnviz.ui.pooling.presets import DEFAULTS, PRESETS, START
from cnnviz.ui.shell.frame import require_frame
from cnnviz.ui.shell.sidebar import lab_context
from cnnviz.ui.widgets.controls import choose_view, lab_columns, register_controls
from cnnviz.ui.widgets.feedback import explained
from cnnviz.ui.widgets.presets import offer_presets

require_frame()

_VIEWS = {"side": "Side by side", "pixels": "Pixel by pixel", "shift": "Shifted picture"}


def lab() -> None:
    """Controls on the left; one of three views on the right."""
    context = lab_context()
    controls, view = lab_columns()
    with controls:
        pooling = choose_pooling()
    with view, explained():
        chosen = choose_view(_VIEWS, "pool_view")
        if chosen == "side":
            show_side_by_side(context.picture, pooling)
        elif chosen == "pixels":
            show_pixels(context.picture, pooling)
        else:
            show_shift(context.picture, pooling)
    register_controls(DEFAULTS)


st.title("Pooling and stride")
st.markdown(
    "Pooling makes a map smaller. **Max** keeps the largest value under its window, **average** the mean; a "
    "**strided convolution** weighs them and learns how. **Global** average pooling leaves one number of the "
    "whole map."
)
offer_presets(PRESETS, START)
st.fragment(lab)()
