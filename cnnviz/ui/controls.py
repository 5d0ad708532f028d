"""Controls shared by the pages."""

import streamlit as st

_AGAIN = "_limits_moved"


def words(name: str) -> str:
    """A key as a person would write it: "step_edge" → "Step edge"."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def await_setting(key: str, default: object) -> None:
    """Prepare a control that is not on screen for a value from elsewhere, such as a button.

    Streamlit puts a value set by code into the URL only if it knew the control's key before.
    """
    st.session_state.setdefault(key, default)


def bring_link_up_to_date() -> None:
    """Run once more where a slider's limits have moved; call after the controls, before the work.

    To Streamlit a slider with other limits is another control, and a value set by code reaches the
    URL only on a control's second run.
    """
    if st.session_state.pop(_AGAIN, False):
        st.rerun()


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
    moved = st.session_state.get(f"{memory}_limits", (low, high)) != (low, high) and key in st.session_state
    if moved or st.session_state.pop(f"{memory}_again", False):
        st.session_state[key] = value
    if moved:
        st.session_state[f"{memory}_again"] = st.session_state[_AGAIN] = True
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
