"""Architectures on a timeline, a card for each."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from cnnviz.ui.components.registry import declare

_mount = declare("timeline")


def timeline(cards: Sequence[dict[str, Any]], key: str, on_follow: Callable[[str, str], None]) -> None:
    """Show the cards; `on_follow` is called with page and model of a link that is followed."""

    def followed() -> None:
        link = st.session_state[key]["go"]
        on_follow(link["page"], link["model"])

    _mount(data={"cards": list(cards)}, key=key, on_go_change=followed)
