"""Numbers the user's edits in a component, so that a late answer cannot undo a newer edit.

The component counts its edits and sends the count along (`shared/lifecycle.js`). Python sends the last
count that it has seen back with the data. Data with a lower count than the component's own is late.
"""

from typing import Any
from uuid import uuid4

import streamlit as st

_SESSION = "_edit_version_session"


def received(key: str, event: str, edited: str | None = None) -> Any:
    """The value of the event that component `key` has just sent; remembers its edit version.

    `edited` is the key of the component that the user edited, if another one passes the edit on.
    """
    sent = st.session_state[key][event]
    st.session_state[_memory(edited or key)] = int(sent["count"])
    return sent["value"]


def edit_version(key: str) -> dict[str, Any]:
    """This session, and the number of the last edit seen in component `key`; 0 before the first."""
    session = st.session_state.setdefault(_SESSION, uuid4().hex)
    return {"session": session, "count": int(st.session_state.get(_memory(key), 0))}


def _memory(key: str) -> str:
    return f"_{key}_edit_version"
