"""Controls shared by the pages."""

import streamlit as st


def words(name: str) -> str:
    """A key as a person would write it: "step_edge" → "Step edge"."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


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
    value = min(max(st.session_state.get(key, st.session_state.get(memory, default)), low), high)
    if st.session_state.get(f"{memory}_limits", (low, high)) != (low, high) and key in st.session_state:
        st.session_state[key] = value
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
    st.session_state[memory] = chosen
    return int(chosen)
