"""Equivariance: shift in, shift out, and exactly where that breaks."""

import streamlit as st

from cnnviz.ui.equivariance_lab import choose_and_measure, show_measurement
from cnnviz.ui.feedback import explained
from cnnviz.ui.frame import require_frame
from cnnviz.ui.presets import offer_presets
from cnnviz.ui.sidebar import current_picture

require_frame()

_START: dict[str, object] = {"eq_subject": "layer", "eq_kernel": "sobel_x", "eq_stride": 1, "eq_pool": "none"}
_START |= {"eq_padding_mode": "zeros", "eq_down": 0, "eq_right": 4}
_PRESETS: dict[str, dict[str, object]] = {
    "Circular padding: exact": {"eq_padding_mode": "circular"},
    "Zeros: the border breaks it": {"eq_padding_mode": "zeros"},
    "Stride 2, shift 1": {"eq_padding_mode": "circular", "eq_stride": 2, "eq_right": 1},
    "Max pooling, shift 1": {"eq_padding_mode": "circular", "eq_pool": "max", "eq_right": 1},
    "The same, blurred": {"eq_padding_mode": "circular", "eq_pool": "blur", "eq_right": 1},
}


def lab() -> None:
    """Controls on the left, both orders and their difference on the right."""
    controls, place = st.columns([1, 3.4], gap="medium")
    with controls, explained():
        result, name, _ = choose_and_measure(current_picture())
        with place:
            show_measurement(result, name)


st.title("Equivariance")
st.markdown(
    "**Equivariant:** shift the input, and the output shifts alike. **Invariant:** shift the input, and the "
    "output stays. A convolution is the first, as long as padding, stride and pooling let it be."
)
offer_presets(_PRESETS, _START)
st.fragment(lab)()
