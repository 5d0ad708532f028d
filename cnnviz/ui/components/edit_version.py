"""What a hand does in the browser is numbered, so that a late answer cannot take a newer choice back.

The component counts its turns and sends the count along (`shared.js`); Python sends the last count it
has seen back with the data. A message that knows fewer turns than the component has taken is late.
"""

from typing import Any
from uuid import uuid4

import streamlit as st

_SESSION = "_turns_session"


def taken(key: str, event: str, hand: str | None = None) -> Any:
    """The value of the event that component `key` has just sent; remembers its turn.

    `hand` is the component in which the turn was taken, if another one passes it on.
    """
    sent = st.session_state[key][event]
    st.session_state[_memory(hand or key)] = int(sent["turn"])
    return sent["value"]


def last_turn(key: str) -> dict[str, Any]:
    """This session, and the last turn of component `key` that it has seen; 0 before the first."""
    session = st.session_state.setdefault(_SESSION, uuid4().hex)
    return {"session": session, "count": int(st.session_state.get(_memory(key), 0))}


def _memory(key: str) -> str:
    return f"_{key}_turn"
