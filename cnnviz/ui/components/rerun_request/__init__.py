"""Lets the browser ask for one more run of the fragment that it stands in."""

from collections.abc import Callable
from uuid import uuid4

from cnnviz.ui.components.registry import declare

_mount = declare("rerun_request")


def once_more(key: str, before: Callable[[], None] = lambda: None) -> None:
    """Run this fragment again, a moment later, as if the user had moved a control in it.

    `before` is called first, and may have another fragment run instead: `st.rerun` with its key.
    """
    _mount(data={"asked": uuid4().hex}, key=key, on_wanted_change=before)  # the same data would not arrive
