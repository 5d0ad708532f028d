"""Architectures: seven steps from 1998 to 2019, accuracy against cost, and any network block by block."""

import streamlit as st

from cnnviz.ui.architectures.accuracy import show_accuracy
from cnnviz.ui.architectures.blocks import show_blocks
from cnnviz.ui.architectures.presets import DEFAULTS, PRESETS
from cnnviz.ui.architectures.timeline import follow_link, show_timeline
from cnnviz.ui.shell.frame import require_frame
from cnnviz.ui.shell.sidebar import lab_context
from cnnviz.ui.widgets.controls import choose_view, register_controls
from cnnviz.ui.widgets.feedback import explained
from cnnviz.ui.widgets.presets import offer_presets

require_frame()

_VIEWS = {"timeline": "Timeline", "accuracy": "Accuracy against cost", "blocks": "Block by block"}


def lab() -> None:
    """One of three views."""
    context = lab_context()
    follow_link()
    chosen = choose_view(_VIEWS, "arch_view")
    with explained():
        if chosen == "timeline":
            show_timeline()
        elif chosen == "accuracy":
            show_accuracy(context.model.name)
        else:
            show_blocks(context.model)
    register_controls(DEFAULTS)


st.title("Architectures")
st.markdown(
    "What was new in the networks that mattered, what their numbers mean, and how they are built. Every "
    "model of the sidebar opens block by block."
)
offer_presets(PRESETS)
st.fragment(lab)()
