"""Parameters and cost: layers compared, a network layer by layer, and two networks."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnviz.ui.cost.labs import (
    choose_deep,
    choose_dense,
    choose_setting,
    choose_ways,
    show_deep,
    show_dense,
    show_ways,
)
from cnnviz.ui.cost.models import choose_network, choose_other, choose_quantity, show_network, show_two
from cnnviz.ui.cost.presets import DEFAULTS, PRESETS, START
from cnnviz.ui.shell.frame import require_frame
from cnnviz.ui.shell.sidebar import lab_context
from cnnviz.ui.widgets.controls import bring_link_up_to_date, choose_view, lab_columns, register_controls
from cnnviz.ui.widgets.feedback import explained
from cnnviz.ui.widgets.presets import offer_presets

require_frame()

_VIEWS = {
    "dense": "Fully connected or convolution",
    "deep": "Deep or wide",
    "ways": "Ways to convolve",
    "model": "Layer by layer",
    "two": "Two models",
}


def lab() -> None:
    """Controls on the left; one of five views on the right."""
    controls, place = lab_columns()
    with place:
        view = choose_view(_VIEWS, "cost_view")
    with place, explained():
        if view in ("model", "two"):
            show_models(view, controls)
        else:
            show_layers(view, controls)
    bring_link_up_to_date()
    register_controls(DEFAULTS)


def show_layers(view: str, controls: DeltaGenerator) -> None:
    """A comparison of layers."""
    if view == "dense":
        with controls:
            dense, setting = choose_dense(), choose_setting()
        show_dense(dense, setting)
    elif view == "deep":
        with controls:
            deep, setting = choose_deep(), choose_setting()
        show_deep(deep, setting)
    else:
        with controls:
            ways, setting = choose_ways(), choose_setting()
        show_ways(ways, setting)


def show_models(view: str, controls: DeltaGenerator) -> None:
    """The model of the sidebar, alone or beside another."""
    context = lab_context()
    name = context.model.name
    with controls:
        if view == "model":
            network, setting = choose_network(name, "cost_side"), choose_setting()
        else:
            network = choose_network(name, "cost_side", f"{context.model.label}: input size")
            other = choose_network(choose_other(), "cost_other_side", "Second: input size")
            setting = choose_setting()
    if view == "model":
        show_network(network, choose_quantity(), setting)
    else:
        show_two(network, other, setting)


st.title("Parameters and cost")
st.markdown(
    "What a layer costs: **weights** to learn and store, **MACs** (a multiplication and an addition each) to "
    "compute, **activations** to keep in memory. Move the controls; 1 MAC = 2 FLOPs, and each number says "
    "which of them it is."
)
offer_presets(PRESETS, START)
st.fragment(lab)()
