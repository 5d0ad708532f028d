"""Receptive field: what a unit can see of the picture, how that grows, and how much of it matters."""

import streamlit as st

from cnnviz.ui import cache
from cnnviz.ui.receptive_field.effective import NOT_MEASURED, can_be_measured, show_effective
from cnnviz.ui.receptive_field.growth import choose_growth, show_growth, show_table
from cnnviz.ui.receptive_field.lab import SIDES, choose_row, choose_unit, show_box
from cnnviz.ui.receptive_field.presets import DEFAULTS, PRESETS
from cnnviz.ui.receptive_field.stack import show_stack
from cnnviz.ui.shell.frame import require_frame
from cnnviz.ui.shell.input_size import choose_side
from cnnviz.ui.shell.sidebar import lab_context
from cnnviz.ui.widgets.controls import choose_view, lab_columns, register_controls
from cnnviz.ui.widgets.feedback import explained
from cnnviz.ui.widgets.presets import offer_presets

require_frame()

_VIEWS = {
    "box": "Box on the picture",
    "growth": "Growth",
    "effective": "Effective field",
    "stack": "A stack by hand",
    "table": "Table",
}


def lab() -> None:
    """One of five views, its controls on the left where it has some."""
    chosen = choose_view(_VIEWS, "rf_view")
    with explained():
        if chosen == "stack":
            show_stack()
        else:
            show_network(chosen)
    register_controls(DEFAULTS)


def show_network(view: str) -> None:
    """The fields of the sidebar's network."""
    context = lab_context()
    model = context.model
    controls, place = lab_columns()
    if view == "growth":
        with controls:
            growth = choose_growth(model)
        with place, explained():
            show_growth(*growth)
        return
    if view == "table":
        with controls:
            found = cache.networks.traced(model.name, choose_side(model, SIDES, "rf_side"), model.weights)
        with place, explained():
            show_table(model, found)
        return
    with controls:
        if view == "box":
            choice = choose_row(model, lambda row: True)
            unit = choose_unit(choice)
        else:
            choice = choose_row(model, can_be_measured, NOT_MEASURED)
            unit = None
    with place, explained():
        if unit is not None:
            show_box(choice, context.picture, unit)
        else:
            show_effective(choice)


st.title("Receptive field")
st.markdown(
    "A unit deep in a network sees only a part of the picture, its **receptive field**. Every layer widens "
    "it: *r* ← *r* + (*k* − 1)·*j*, then *j* ← *j*·*s*. Near the border a part of it is padding."
)
offer_presets(PRESETS)
st.fragment(lab)()
