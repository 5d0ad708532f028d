"""Controls shared by the pages."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnviz.ui.components.rerun_request import request_rerun

_MOVED = "_limits_moved"


def readable_name(name: str) -> str:
    """A key as readable text: "step_edge" → "Step edge"."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def counted(number: int, noun: str) -> str:
    """A number of things: "1 row", "2 rows"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def lazy_expander(label: str, key: str) -> DeltaGenerator | None:
    """An expander that stays empty until it is first opened; None until then.

    Otherwise every rerun would also compute, send and draw what is inside a closed expander.
    """
    place = st.expander(label, key=key, on_change="rerun")
    opened = st.session_state.setdefault(f"_{key}_opened", False) or bool(place.open)
    st.session_state[f"_{key}_opened"] = opened
    return place if opened else None


def register_control(key: str, default: object) -> None:
    """Make a control that is not on screen known, so that a button can set it.

    Streamlit puts a value set by code into the URL only if it knew the control's key before.
    """
    st.session_state.setdefault(key, default)


def register_controls(defaults: Mapping[str, Any]) -> None:
    """`register_control` for several controls: key → default."""
    for key, default in defaults.items():
        register_control(key, default)


def set_control(key: str, value: object) -> None:
    """Set a control from a button; call before the controls are drawn."""
    st.session_state[key] = value
    st.session_state[_set_value_key(key)] = value


def pop_set_value(key: str) -> Any:
    """What `set_control` has set since the last call; None if nothing."""
    return st.session_state.pop(_set_value_key(key), None)


def _set_value_key(key: str) -> str:
    return f"_{key}_preset"


def bring_link_up_to_date() -> None:
    """Rerun the lab soon if a slider's limits have moved; call after the controls.

    To Streamlit a slider with other limits is another control, whose value reaches the URL in the
    first run after the one that drew it. It is the fragment that runs again, not the whole page: where
    a key press meets a run of the whole page, Streamlit may drop what that run says of the fragment,
    and the browser forgets all controls in it.
    """
    if st.session_state.pop(_MOVED, False):
        request_rerun("link_rerun")


def bounded_slider(label: str, low: int, high: int, default: int, *, key: str, why: str | None = None) -> int:
    """A whole-number slider in the URL whose limits may change under it.

    Streamlit forgets a slider's value when its limits change, so the value is put back, moved to
    the nearest limit where it no longer fits. With one value left the slider is shown disabled.

    Args:
        label: on the slider.
        low: least value.
        high: greatest value, at least `low`.
        default: at first, and what the URL leaves out; moved to the nearest limit if outside.
        key: in the URL and the session.
        why: the reason for a limit, shown with the slider's help.
    """
    memory = f"_{key}"
    wanted = pop_set_value(key)
    value = wanted if wanted is not None else st.session_state.get(key, st.session_state.get(memory, default))
    value = min(max(value, low), high)
    moved = st.session_state.get(f"{memory}_limits", (low, high)) != (low, high) and key in st.session_state
    if moved or st.session_state.get(key, value) != value:
        st.session_state[key] = value
    if moved:
        st.session_state[_MOVED] = True
    st.session_state[f"{memory}_limits"] = low, high
    chosen = st.slider(
        label,
        low,
        max(high, low + 1),
        min(max(default, low), high),
        key=key,
        bind="query-params",
        help=why,
        disabled=high <= low,
    )
    chosen = min(max(chosen, low), high)
    if wanted is not None and moved and chosen != value:
        # A slider with new limits starts from the link, which still has the value before the button.
        st.session_state[_set_value_key(key)] = chosen = value
    st.session_state[memory] = chosen
    return int(chosen)


def limits(key: str) -> tuple[int, int]:
    """Least and greatest value of a `bounded_slider`, as it was drawn last."""
    low, high = st.session_state[f"_{key}_limits"]
    return int(low), int(high)


def lab_columns() -> Sequence[DeltaGenerator]:
    """A narrow column for controls, and a wide one for what they change; on a phone that comes first."""
    with st.container(key="lab"):
        return st.columns([1, 3.4], gap="small")


def choose_view(views: Mapping[str, str], key: str) -> str:
    """Let the user choose a view: key → name on screen; the first is the default."""
    chosen = st.segmented_control(
        "View",
        list(views),
        default=next(iter(views)),
        required=True,
        format_func=views.__getitem__,
        key=key,
        bind="query-params",
        label_visibility="collapsed",
    )
    return chosen or next(iter(views))


def apply_drag(name: str, value: Any, prefix: str = "conv_") -> None:
    """Set the control of that name to a dragged value; an unknown name or a bad value is ignored."""
    key = f"{prefix}{name}"
    if key in st.session_state and isinstance(value, int | float) and math.isfinite(value):
        set_control(key, type(st.session_state[key])(value))
