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
from cnnviz.ui.shell.frame import require_frame
from cnnviz.ui.shell.sidebar import lab_context
from cnnviz.ui.widgets.controls import lab_columns
from cnnviz.ui.widgets.feedback import explained
from cnnviz.ui.widgets.presets import offer_presets

require_frame()

_START: dict[str, object] = {"eq_subject": "layer", "eq_kernel": "sobel_x", "eq_stride": 1, "eq_pool": "none"}
_START |= {"eq_padding_mode": "circular", "eq_down": 0, "eq_right": 4}
_PRESETS: dict[str, dict[str, object]] = {
    "Circular: exact": {},
    "Zeros break it at the border": {"eq_padding_mode": "zeros"},
    "Stride 2 cannot follow 1": {"eq_stride": 2, "eq_right": 1},
    "Nor can max pooling": {"eq_pool": "max", "eq_right": 1},
    "Blurred, it errs less": {"eq_pool": "blur", "eq_right": 1},
    "MiniResNet's max pool": {"eq_subject": "mini_resnet", "eq_right": 8, "eq_layer": "maxpool"},
}


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
offer_presets(_PRESETS, _START)
st.fragment(lab)()
