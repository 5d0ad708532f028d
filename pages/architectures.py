"""Architectures: seven steps from 1998 to 2019, accuracy against cost, and any network block by block."""

import streamlit as st

from cnnviz.ui.architectures.accuracy import show_accuracy
from cnnviz.ui.architectures.blocks import show_blocks
from cnnviz.ui.architectures.presets import offer_architecture_presets, register_architecture_presets
from cnnviz.ui.architectures.timeline import follow_link, show_timeline
from cnnviz.ui.shell.frame import require_frame
from cnnviz.ui.shell.sidebar import current_model
from cnnviz.ui.widgets.controls import choose_view
from cnnviz.ui.widgets.feedback import explained

require_frame()

_VIEWS = {"timeline": "Timeline", "accuracy": "Accuracy against cost", "blocks": "Block by block"}


def lab() -> None:
    """One of three views."""
    follow_link()
    chosen = choose_view(_VIEWS, "arch_view")
    with explained():
        if chosen == "timeline":
            show_timeline()
        elif chosen == "accuracy":
            show_accuracy(current_model().name)
        else:
            show_blocks(current_model())
    register_architecture_presets()


st.title("Architectures")
st.markdown(
    "What was new in the networks that mattered, what their numbers mean, and how they are built. Every "
    "model of the sidebar opens block by block."
)
offer_architecture_presets()
st.fragment(lab)()
