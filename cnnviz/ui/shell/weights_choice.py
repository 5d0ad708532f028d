"""The sidebar's choice among a network's weights."""

from collections.abc import Sequence

import streamlit as st

from cnnviz.nets.catalog import reference_names
from cnnviz.nets.trained import SHAPES, weights_names, weights_source
from cnnviz.ui.shell.own_weights import OWN, own_weights
from cnnviz.ui.widgets.controls import register_control
from cnnviz.ui.widgets.feedback import plain

RANDOM = "random"
_KEY, _WANTED, _DRAWN = "weights", "_weights_wanted", "_weights_drawn"
_ABSENT = "_weights_absent"
_NAMES = {RANDOM: "Random", SHAPES: "Trained on shapes", "imagenet": "Trained on ImageNet", OWN: "Your own"}


def choose_weights(name: str) -> str | None:
    """Trained weights by name or path; None for random ones.

    Our networks start with the trained weights that come with the app; what the user has chosen comes
    back with the next network that has it.
    """
    own = own_weights(name)
    offered = [*weights_names(name), RANDOM, *([OWN] if own else [])]
    absent = own is None and st.query_params.get(_KEY) == _NAMES[OWN]
    chosen = _choose(offered, offered[0] if name in reference_names() else RANDOM)
    if absent:
        st.session_state[_ABSENT] = chosen
    if st.session_state.get(_ABSENT) == chosen:
        st.caption(
            "The link names weights of one's own, which a reload or a copied link does not bring along. Open "
            "them again, from their file or on the training page; until then others are shown."
        )
    else:
        st.session_state.pop(_ABSENT, None)
    if chosen == OWN and own is not None:
        st.caption(f"{plain(own.title)}. {_origin(name, str(own.path))} A copied link does not carry it.")
        return str(own.path)
    if chosen == SHAPES:
        st.caption(_origin(name, SHAPES))
    return chosen if chosen in weights_names(name) else None


def _choose(offered: Sequence[str], default: str) -> str:
    _settle(offered, default)
    if len(offered) == 1:
        register_control(_KEY, default)
        chosen: str = default
    else:
        chosen = st.segmented_control(
            "Weights",
            offered,
            default=default,
            required=True,
            format_func=lambda weights: _NAMES.get(weights, weights),
            key=_KEY,
            bind="query-params",
            width="stretch",
        )
        if chosen != default:
            st.session_state.setdefault(_WANTED, chosen)
    st.session_state[_DRAWN] = st.session_state[_KEY]
    return chosen


def _settle(offered: Sequence[str], default: str) -> None:
    """Bring the control to what is wanted, as far as this network has it."""
    state = st.session_state
    if _KEY in state and state[_KEY] != state.get(_DRAWN):
        state[_WANTED] = state[_KEY]
    wanted = state.get(_WANTED)
    if wanted is not None or _KEY in state:
        state[_KEY] = wanted if wanted in offered else default


def _origin(name: str, weights: str) -> str:
    """What a file of weights says of itself, as a sentence."""
    said = plain(weights_source(name, weights).label)
    return f"{said[:1].upper()}{said[1:]}."
