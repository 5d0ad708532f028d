"""Feature maps: the activation of every channel of every layer, and how it is computed."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui.attribution.lab import show_attribution
from cnnviz.ui.attribution.presets import offer_attribution_presets
from cnnviz.ui.feature_maps.controls import SIDES
from cnnviz.ui.feature_maps.filters import show_filters
from cnnviz.ui.feature_maps.glance import show_glance
from cnnviz.ui.feature_maps.layer import show_layer
from cnnviz.ui.feature_maps.presets import offer_maps_presets, register_maps_presets
from cnnviz.ui.feature_maps.two_weights import show_two_weights
from cnnviz.ui.shell.frame import require_frame
from cnnviz.ui.shell.input_size import choose_side
from cnnviz.ui.shell.sidebar import current_model
from cnnviz.ui.widgets.controls import choose_view, lab_columns
from cnnviz.ui.widgets.feedback import explained

require_frame()

_VIEWS = {
    "glance": "The network at a glance",
    "layer": "A layer",
    "filters": "First filters",
    "two": "Two weight sets",
    "why": "What the prediction rests on",
}


def lab() -> None:
    """The chosen one of five views; the network at a glance takes the whole width."""
    model = current_model()
    presets = st.container()
    view = choose_view(_VIEWS, "maps_view")
    with presets:
        if view == "why":
            offer_attribution_presets()
        else:
            offer_maps_presets()
    if view == "glance":
        place = st.container()
        words, sizes = st.columns([3.4, 1], gap="medium")
        with sizes:
            side = choose_side(model, SIDES, "maps_side")
        with place, explained():
            show_glance(model, side, words)
        return
    controls, place = lab_columns()
    with controls:
        side = choose_side(model, SIDES, "maps_side")
    with place, explained():
        show(view, model, side, controls)


def show(view: str, model: ModelSpec, side: int, controls: DeltaGenerator) -> None:
    """A view with its own controls in the narrow column."""
    views = {
        "layer": show_layer,
        "filters": show_filters,
        "two": show_two_weights,
        "why": show_attribution,
    }
    views[view](model, side, controls)


st.title("Feature maps")
st.markdown(
    "A **feature map** says where in the picture one channel of a layer answers, and how strongly: "
    "blue above zero, red below."
)
st.fragment(lab)()
register_maps_presets()
