"""Dilation: a kernel with gaps, and what a stack of them reads and misses."""

import streamlit as st

from cnnviz.ui.dilation.facts import ask_about_span
from cnnviz.ui.dilation.lab import choose_layer, choose_rates, show_picture, show_pixels, show_stack
from cnnviz.ui.dilation.presets import DEFAULTS, PRESETS
from cnnviz.ui.shell.frame import require_frame
from cnnviz.ui.shell.sidebar import lab_context
from cnnviz.ui.widgets.controls import choose_view, lab_columns, register_controls
from cnnviz.ui.widgets.feedback import explained
from cnnviz.ui.widgets.presets import offer_presets

require_frame()

_VIEWS = {"stack": "A stack of layers", "pixels": "Pixel by pixel", "picture": "Whole picture"}


def lab() -> None:
    """A stack over the whole width, or one layer with its controls beside it."""
    view = choose_view(_VIEWS, "dil_view")
    if view == "stack":
        with explained():
            show_stack(choose_rates())
    else:
        show_layer(view)
    register_controls(DEFAULTS)


def show_layer(view: str) -> None:
    """One layer: its controls beside one of two views."""
    context = lab_context()
    controls, place = lab_columns()
    with controls:
        layer = choose_layer()
    with place, explained():
        if view == "pixels":
            show_pixels(context.picture, layer)
            ask_about_span(layer.rows)
        else:
            show_picture(context.picture, layer)


st.title("Dilation")
st.markdown(
    "Dilation spreads a kernel's taps apart: it reaches farther with the same weights, and skips the pixels "
    "in between. In a stack, equal rates above 1 leave a grid of pixels that are never read, the "
    "**gridding** that rates such as 1, 2, 5 avoid."
)
offer_presets(PRESETS)
st.fragment(lab)()
