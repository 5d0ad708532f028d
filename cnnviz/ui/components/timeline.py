"""Architectures on a timeline, a card for each."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from cnnviz.ui.components.registry import declare

_mount = declare("timeline")


def timeline(cards: Sequence[dict[str, Any]], key: str, on_open: Callable[[str], None]) -> None:
    """Show the cards; `on_open` is called with the model of a link to this very page."""

    def opened() -> None:
        on_open(st.session_state[key]["go"])

    _mount(data={"cards": list(cards)}, key=key, on_go_change=opened)
