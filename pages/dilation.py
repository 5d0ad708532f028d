"""Dilation: a kernel with gaps, and what a stack of them reads and misses."""

import streamlit as st

from cnnviz.ui.controls import choose_view
from cnnviz.ui.dilation_lab import choose_layer, choose_rates, show_picture, show_pixels, show_stack
from cnnviz.ui.feedback import explained
from cnnviz.ui.frame import require_frame
from cnnviz.ui.presets import offer_presets
from cnnviz.ui.sidebar import current_picture

require_frame()

_VIEWS = {"stack": "A stack of layers", "pixels": "Pixel by pixel", "picture": "Whole picture"}
_PRESETS = {
    f"Rates {', '.join(map(str, rates))}": {
        "dil_view": "stack",
        "dil_layers": len(rates),
        **{f"dil_rate{index}": rate for index, rate in enumerate(rates, start=1)},
    }
    for rates in ((1, 1, 1), (2, 2, 2), (1, 2, 4), (1, 2, 5))
}


def lab() -> None:
    """A stack over the whole width, or one layer with its controls beside it."""
    view = choose_view(_VIEWS, "dil_view")
    if view == "stack":
        with explained():
            show_stack(choose_rates())
        return
    controls, place = st.columns([1, 3.4], gap="medium")
    with controls:
        layer = choose_layer()
    with place, explained():
        if view == "pixels":
            show_pixels(current_picture(), layer)
        else:
            show_picture(current_picture(), layer)


st.title("Dilation")
st.markdown(
    "Dilation spreads a kernel's taps apart: it sees farther with the same weights. Equal rates on layer "
    "after layer leave pixels that are never read, the **gridding** that mixed rates avoid."
)
offer_presets(_PRESETS)
st.fragment(lab)()
