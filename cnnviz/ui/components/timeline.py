"""Architectures on a timeline, a card for each."""

from collections.abc import Sequence
from typing import Any

from cnnviz.ui.components.registry import declare

_mount = declare("timeline")


def timeline(cards: Sequence[dict[str, Any]], key: str) -> dict[str, str] | None:
    """Show the cards; the link that has just been followed, as {"page": …, "model": …}, or None."""
    followed = _mount(data={"cards": list(cards)}, key=key, on_go_change=_nothing)
    return getattr(followed, "go", None)


def _nothing() -> None:
    return None
