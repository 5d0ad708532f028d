"""Feature maps: the activation of every channel of every layer, and how it is computed."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnviz.ui.attribution import presets as attribution_presets
from cnnviz.ui.attribution.lab import show_attribution
from cnnviz.ui.feature_maps import presets
from cnnviz.ui.feature_maps.controls import SIDES
from cnnviz.ui.feature_maps.filters import show_filters
from cnnviz.ui.feature_maps.glance import show_glance
from cnnviz.ui.feature_maps.layer import show_layer
from cnnviz.ui.feature_maps.two_weights import show_two_weights
from cnnviz.ui.shell.frame import require_frame
from cnnviz.ui.shell.input_size import choose_side
from cnnviz.ui.shell.sidebar import LabContext, lab_context
from cnnviz.ui.widgets.controls import choose_view, lab_columns, register_controls
from cnnviz.ui.widgets.feedback import explained
from cnnviz.ui.widgets.presets import offer_presets

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
    context = lab_context()
    top = st.container()
    view = choose_view(_VIEWS, "maps_view")
    with top:
        chosen = attribution_presets if view == "why" else presets
        if offer_presets(chosen.PRESETS, chosen.START):
            st.rerun()
        if view == "why":
            register_controls(attribution_presets.DEFAULTS)
    if view == "glance":
        place = st.container()
        words, sizes = st.columns([3.4, 1], gap="medium")
        with sizes:
            side = choose_side(context.model, SIDES, "maps_side")
        with place, explained():
            show_glance(context, side, words)
        return
    controls, place = lab_columns()
    with controls:
        side = choose_side(context.model, SIDES, "maps_side")
    with place, explained():
        show(view, context, side, controls)


def show(view: str, context: LabContext, side: int, controls: DeltaGenerator) -> None:
    """A view with its own controls in the narrow column."""
    views = {
        "layer": show_layer,
        "filters": show_filters,
        "two": show_two_weights,
        "why": show_attribution,
    }
    views[view](context, side, controls)


st.title("Feature maps")
st.markdown(
    "A **feature map** says where in the picture one channel of a layer answers, and how strongly: "
    "blue above zero, red below."
)
st.fragment(lab)()
register_controls(presets.DEFAULTS)
