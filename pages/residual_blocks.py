"""Residual blocks: the sum taken apart, the block drawn, and gradients by depth with and without skips."""

import streamlit as st

from cnnviz.ui.residual.gradients import choose_networks, show_gradients
from cnnviz.ui.residual.lab import choose_block, choose_channel, show_block, show_sums
from cnnviz.ui.residual.presets import PRESETS, START
from cnnviz.ui.shell.frame import require_frame
from cnnviz.ui.shell.sidebar import lab_context
from cnnviz.ui.widgets.controls import choose_view, lab_columns, register_controls
from cnnviz.ui.widgets.feedback import explained
from cnnviz.ui.widgets.presets import offer_presets

require_frame()

_VIEWS = {"sums": "The sums", "block": "The block", "gradients": "Gradients by depth"}


def lab() -> None:
    """One of three views; the first two are of the same block."""
    context = lab_context()
    view = choose_view(_VIEWS, "res_view")
    controls, place = lab_columns()
    if view == "gradients":
        with controls:
            design, seed = choose_networks()
        with place, explained():
            show_gradients(context.picture, design, seed)
    else:
        with controls:
            block = choose_block()
            channel = choose_channel(block) if view == "sums" else 0
        with place, explained():
            if view == "sums":
                show_sums(context.picture, block, channel)
            else:
                show_block(block)
    register_controls(START)


st.title("Residual blocks")
st.markdown(
    "A residual block adds its input to what its convolutions make of it, **F(x) + x**. The layers need to "
    "learn only the difference from x, and the gradient has a way around them."
)
offer_presets(PRESETS, START)
st.fragment(lab)()
