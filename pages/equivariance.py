"""Equivariance: shift in, shift out, and exactly where that breaks."""

import streamlit as st

from cnnviz.ui.equivariance.lab import (
    choose_layer,
    choose_network_layer,
    choose_shift,
    choose_subject,
    measure_layer,
    measure_network,
    show_measurement,
)
from cnnviz.ui.equivariance.presets import PRESETS, START
from cnnviz.ui.shell.frame import require_frame
from cnnviz.ui.shell.sidebar import lab_context
from cnnviz.ui.widgets.controls import lab_columns
from cnnviz.ui.widgets.feedback import explained
from cnnviz.ui.widgets.presets import offer_presets

require_frame()


def lab() -> None:
    """Controls on the left; the shift, both orders and their difference on the right."""
    controls, place = lab_columns()
    with controls:
        subject, mode = choose_subject()
        choice = choose_layer(mode) if subject == "layer" else choose_network_layer(subject)
    with place, explained():
        shift, picture = choose_shift(), lab_context().picture
        if isinstance(choice, str):
            shown = measure_network(picture, subject, choice, mode, shift)
        else:
            shown = measure_layer(picture, choice, shift)
        show_measurement(shown)


st.title("Equivariance")
st.markdown(
    "**Equivariant:** shift the input, and the output shifts alike. **Invariant:** shift the input, and the "
    "output stays. A convolution is the first, as long as padding, stride and pooling let it be."
)
offer_presets(PRESETS, START)
st.fragment(lab)()
