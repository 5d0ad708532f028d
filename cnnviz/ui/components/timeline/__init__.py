"""Architectures on a timeline, a card for each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from cnnviz.ui.components.registry import declare

_mount = declare("timeline")


def timeline(
    cards: Sequence[dict[str, Any]],
    key: str,
    on_link: Callable[[str, str], None],
    follow: Mapping[str, str] | None = None,
) -> None:
    """Show the cards.

    Args:
        cards: what stands on them.
        key: of the component.
        on_link: gets page and model of a link that was clicked.
        follow: the link to go to now.
    """

    def clicked() -> None:
        link = st.session_state[key]["go"]
        on_link(str(link["page"]), str(link["model"]))

    _mount(data={"cards": list(cards), "follow": follow}, key=key, on_go_change=clicked)
