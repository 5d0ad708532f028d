"""Lets the browser request a rerun of the surrounding fragment."""

from collections.abc import Callable
from uuid import uuid4

from cnnviz.ui.components.registry import declare

_mount = declare("rerun_request")


def request_rerun(key: str, before: Callable[[], None] = lambda: None) -> None:
    """Rerun this fragment soon, as if the user had moved a control in it.

    `before` is called first, and may rerun another fragment instead: `st.rerun` with its key.
    """
    _mount(data={"request": uuid4().hex}, key=key, on_rerun_change=before)  # the same data would not arrive
