"""Transposed convolution: up-sampling stamp by stamp, and its checkerboard."""

import streamlit as st

from cnnviz.ui.shell.frame import require_frame
from cnnviz.ui.shell.sidebar import lab_context
from cnnviz.ui.transposed.lab import (
    choose_layer,
    choose_more,
    overlap_text,
    show_picture,
    show_pixels,
)
from cnnviz.ui.transposed.presets import PRESETS, START
from cnnviz.ui.widgets.controls import bring_link_up_to_date, choose_view, lab_columns
from cnnviz.ui.widgets.feedback import explained
from cnnviz.ui.widgets.presets import offer_presets

require_frame()

_VIEWS = {"picture": "Whole picture", "pixels": "Pixel by pixel"}


def lab() -> None:
    """Controls on the left; the picture or the stamps on the right."""
    context = lab_context()
    controls, place = lab_columns()
    with place:
        view = choose_view(_VIEWS, "up_view")
    with controls:
        window, name = choose_layer()
        with st.expander("More"):
            window, output_padding = choose_more(window)
        st.markdown(overlap_text(window))
    with place, explained():
        if view == "picture":
            show_picture(context.picture, (window, name), output_padding)
        else:
            show_pixels(context.picture, (window, name), output_padding)
    bring_link_up_to_date()


st.title("Transposed convolution")
st.markdown(
    "A transposed convolution makes a map larger: every input value **stamps** the kernel, scaled by itself, "
    "onto the output, and the stamps add up. Where they overlap unevenly, a checkerboard appears."
)
offer_presets(PRESETS, START)
st.fragment(lab)()
