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
from cnnviz.ui.widgets.controls import bring_link_up_to_date, choose_view, lab_columns
from cnnviz.ui.widgets.feedback import explained
from cnnviz.ui.widgets.presets import offer_presets

require_frame()

_VIEWS = {"picture": "Whole picture", "pixels": "Pixel by pixel"}
_START: dict[str, object] = {"up_stamp": "ones", "up_kernel_size": 3, "up_stride": 2, "up_padding": 0}
_START |= {"up_dilation": 1, "up_output_padding": 0}
_PRESETS: dict[str, dict[str, object]] = {
    "Kernel 3: checkerboard": {},
    "Kernel 4: even": {"up_kernel_size": 4, "up_padding": 1},
    "Weights that even it out": {"up_stamp": "bilinear"},
    "Random: uneven again": {"up_stamp": "random", "up_kernel_size": 4, "up_padding": 1},
    "Kernel 2, stride 3: gaps": {"up_kernel_size": 2, "up_stride": 3},
    "Dilation 2: gaps": {"up_view": "picture", "up_dilation": 2},
}


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
offer_presets(_PRESETS, _START)
st.fragment(lab)()
