"""Feature maps: what every channel of every layer answers to the picture, and why."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui.controls import choose_view, lab_columns
from cnnviz.ui.feature_map_controls import SIDES
from cnnviz.ui.feedback import explained
from cnnviz.ui.frame import require_frame
from cnnviz.ui.input_size import choose_side
from cnnviz.ui.maps_attribution import show_attribution
from cnnviz.ui.maps_filters import show_filters
from cnnviz.ui.maps_glance import show_glance
from cnnviz.ui.maps_layer import show_layer
from cnnviz.ui.maps_two_weights import show_two_weights
from cnnviz.ui.sidebar import current_model

require_frame()

_VIEWS = {
    "layer": "A layer",
    "glance": "The network at a glance",
    "filters": "First filters",
    "two": "Two weight sets",
    "why": "What the prediction rests on",
}


def lab() -> None:
    """Controls on the left; one of five views on the right."""
    model = current_model()
    controls, place = lab_columns()
    with place:
        view = choose_view(_VIEWS, "maps_view")
    with controls:
        side = choose_side(model, SIDES, "maps_side")
    with place, explained():
        show(view, model, side, controls)


def show(view: str, model: ModelSpec, side: int, controls: DeltaGenerator) -> None:
    """The chosen view; its own controls go into the narrow column."""
    views = {
        "layer": show_layer,
        "glance": show_glance,
        "filters": show_filters,
        "two": show_two_weights,
        "why": show_attribution,
    }
    views[view](model, side, controls)


st.title("Feature maps")
st.markdown(
    "Each channel of a convolution has a kernel of its own over all channels of its input; its **feature "
    "map** says where in the picture that kernel answers, and how strongly: blue above zero, red below. "
    "Other layers pass such maps on, changed. Point at a map, or click to see it large."
)
st.fragment(lab)()
