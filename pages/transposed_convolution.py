"""Transposed convolution: up-sampling stamp by stamp, and its checkerboard."""

import streamlit as st

from cnnviz.ui.controls import choose_view
from cnnviz.ui.feedback import explained
from cnnviz.ui.frame import require_frame
from cnnviz.ui.presets import offer_presets
from cnnviz.ui.sidebar import current_picture
from cnnviz.ui.transposed_lab import choose_layer, show_picture, show_pixels

require_frame()

_VIEWS = {"picture": "Whole picture", "pixels": "Pixel by pixel"}
_PRESETS = {
    "k 3, s 2: checkerboard": {"up_kernel_size": 3, "up_stride": 2, "up_stamp": "ones", "up_padding": 0},
    "k 4, s 2: even": {"up_kernel_size": 4, "up_stride": 2, "up_stamp": "bilinear", "up_padding": 1},
    "k 2, s 3: gaps": {"up_kernel_size": 2, "up_stride": 3, "up_stamp": "ones", "up_padding": 0},
}


def lab() -> None:
    """Controls on the left; the picture or the stamps on the right."""
    controls, place = st.columns([1, 3.4], gap="medium")
    with controls:
        layer = choose_layer()
    with place, explained():
        if choose_view(_VIEWS, "up_view") == "picture":
            show_picture(current_picture(), layer)
        else:
            show_pixels(current_picture(), layer)


st.title("Transposed convolution")
st.markdown(
    "A transposed convolution makes a map larger: every input value **stamps** the kernel, scaled by itself, "
    "onto the output, and the stamps add up. Where they overlap unevenly, a checkerboard appears."
)
offer_presets(_PRESETS)
st.fragment(lab)()
