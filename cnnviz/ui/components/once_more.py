"""Lets the browser ask for one more run of the fragment that it stands in."""

from cnnviz.ui.components.registry import declare

_mount = declare("once_more")


def once_more(key: str) -> None:
    """Run this fragment again, a moment later, as if the user had moved a control in it."""
    _mount(key=key, on_wanted_change=lambda: None)
