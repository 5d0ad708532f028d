"""Trained weights: had if they can be, and what is said if they cannot."""

import time
from dataclasses import replace

import streamlit as st

from cnnviz.errors import user_message
from cnnviz.nets.catalog import ModelSpec
from cnnviz.nets.classifiers import weights_bytes
from cnnviz.nets.trained import weights_source
from cnnviz.ui import cache
from cnnviz.ui.jobs.downloads import download_text
from cnnviz.ui.widgets.feedback import plain

_FAILED = "_weights_failed"
_LOOK_EVERY = 0.2


def usable(spec: ModelSpec) -> ModelSpec:
    """The network with its weights where they can be had, else with random ones; says what it does.

    A failure is said until the user tries again or chooses something else.
    """
    if spec.weights is None:
        st.session_state.pop(_FAILED, None)
        return spec
    failed = st.session_state.get(_FAILED)
    if failed is None or failed[0] != spec:
        problem = _problem(spec, spec.weights)
        if problem is None:
            st.session_state.pop(_FAILED, None)
            return spec
        failed = st.session_state[_FAILED] = spec, problem
    fallback = replace(spec, weights=None)
    st.warning(
        f"{plain(failed[1])} Until then the weights are {fallback.weights_label}.", icon=":material/error:"
    )
    st.button("Try again", key="weights_again", on_click=lambda: st.session_state.pop(_FAILED, None))
    return fallback


def missing_weights_text() -> str | None:
    """What a page says where random weights stand in for those that were chosen."""
    failed = st.session_state.get(_FAILED)
    if failed is None:
        return None
    return (
        f"The weights {plain(failed[0].weights_label)} could not be had: the sidebar says why. "
        "All that is shown here comes from random ones."
    )


def _problem(spec: ModelSpec, weights: str) -> str | None:
    """Have the network with its weights in memory; a sentence if that fails, whatever the fault."""
    try:
        _fetch(spec, weights)
        cache.networks.load(spec)
    except Exception as error:  # the page goes on with random weights of this network, not of the one before
        return user_message(error, f"The weights {spec.weights_label} could not be had.")
    return None


def _fetch(spec: ModelSpec, weights: str) -> None:
    """Wait for a download and show how far it is. Nothing else in the app waits for it."""
    cache.networks.require_memory(spec)
    if weights_source(spec.name, weights).is_there:
        return
    bar = st.progress(0.0, f"Downloading {spec.label}, {weights_bytes(spec.name, weights) / 1e6:,.0f} MB…")
    with cache.resources.downloads().wanted(spec.name, weights) as download:
        while not download.ended:
            queued = download.state == "queued"
            bar.progress(download.request.share, download_text(spec.label, download) + "…" * queued)
            time.sleep(_LOOK_EVERY)
    bar.empty()
    if download.error is not None:
        raise download.error
