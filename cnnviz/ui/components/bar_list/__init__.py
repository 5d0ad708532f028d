"""A few names with a bar and a number each."""

from collections.abc import Sequence
from dataclasses import dataclass

from cnnviz.ui.components.registry import declare

_mount = declare("bar_list")


@dataclass(frozen=True, slots=True)
class Bar:
    """A name, the share of the whole width that its bar takes, and its number as text."""

    name: str
    share: float
    number: str


def bar_list(bars: Sequence[Bar], label: str, key: str) -> None:
    """Show the bars one under another; `label` says what they are."""
    data = [{"name": bar.name, "share": bar.share, "number": bar.number} for bar in bars]
    _mount(data={"bars": data, "label": label}, key=key)
