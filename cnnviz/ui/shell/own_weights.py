"""Weights of the user's own, from a file or from training: kept on this server while they are wanted."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile
from torch import nn

from cnnviz.errors import CnnvizError, user_message
from cnnviz.nets.catalog import ModelSpec, catalog_entry, meta_model
from cnnviz.nets.weights import Provenance, read_weights, save_weights
from cnnviz.ui import cache
from cnnviz.ui.widgets.controls import lazy_expander
from cnnviz.ui.widgets.feedback import plain

OWN = "own"
MOST_MEGABYTES = 250
_FILES, _PROBLEM, _UPLOADER = "_own_weights", "_own_weights_problem", "own_weights_file"


@dataclass(frozen=True, slots=True)
class OwnWeights:
    """A file on the server, and what the user calls it."""

    path: Path
    title: str


def own_weights(name: str) -> OwnWeights | None:
    """This session's own weights for a network; says so if they went for somebody else's."""
    found = st.session_state.get(_FILES, {}).get(name)
    if not isinstance(found, OwnWeights):
        return None
    if not found.path.exists():
        del st.session_state[_FILES][name]
        st.warning(f"{plain(found.title)} is no longer kept on this server: load it again.")
        return None
    cache.resources.weights_folder().used(found.path)
    return found


def keep(network: nn.Module, provenance: Provenance) -> Path:
    """Write weights to a file of the server's own; it is evicted when space is needed.

    Raises:
        CnnvizError: if they cannot be written.
    """
    return cache.resources.weights_folder().add(lambda path: save_weights(network, path, provenance))


def use(name: str, path: Path, title: str = "your training") -> None:
    """Offer a kept file in this session's sidebar for a network, and choose both there.

    Call it in a callback, before the controls are drawn.
    """
    st.session_state[_FILES] = st.session_state.get(_FILES, {}) | {name: OwnWeights(path, title)}
    st.session_state["model"] = name
    st.session_state["weights"] = OWN


def offer_upload(name: str) -> None:
    """A place for a file of weights, opened on demand; what is wrong with one is said below it."""
    place = lazy_expander("Weights of your own", "own_weights")
    if place is None:
        return
    with place:
        st.file_uploader(
            "A safetensors file",
            ["safetensors"],
            key=_UPLOADER,
            on_change=_take,
            args=(name,),
            max_upload_size=MOST_MEGABYTES,
            help=f"For {catalog_entry(name).label}, as safetensors.torch.save_file(model.state_dict(), …) "
            f"writes it, up to {MOST_MEGABYTES} MB. Checked before use; it stays on this server.",
        )
        problem = st.session_state.get(_PROBLEM)
        if problem:
            st.error(plain(problem), icon=":material/error:")


def _take(name: str) -> None:
    """Use a file that has just come, unless something is wrong with it."""
    st.session_state.pop(_PROBLEM, None)
    file: UploadedFile | None = st.session_state.get(_UPLOADER)
    if file is None:
        return
    try:
        path = cache.resources.weights_folder().add(
            lambda path: path.write_bytes(file.getbuffer()), lambda path: _check(name, path, file.name)
        )
    except Exception as error:  # as in `feedback.explained`: a callback has no page yet to say it on
        st.session_state[_PROBLEM] = f"{user_message(error)} The weights stay as they were."
        return
    use(name, path, file.name)


def _check(name: str, path: Path, title: str) -> None:
    """Refuse a file that does not fit the network.

    Raises:
        CnnvizError: with every difference in words, under the name that the user knows.
    """
    cache.networks.require_memory(ModelSpec(name))
    try:
        with cache.resources.queued():
            read_weights(meta_model(name, str(path)), path, catalog_entry(name).label)
    except CnnvizError as error:
        raise CnnvizError(str(error).replace(path.name, title)) from error
