"""The sidebar: one picture for all pages, one model for all network pages."""

from dataclasses import dataclass, replace

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cnnviz.data.images import Picture, load_image, sample_names
from cnnviz.data.patterns import Pattern, pattern_names
from cnnviz.errors import CnnvizError
from cnnviz.nets.catalog import (
    ModelSpec,
    catalog_entry,
    model_names,
    reference_names,
)
from cnnviz.ui import cache
from cnnviz.ui.shell.own_weights import offer_upload
from cnnviz.ui.shell.weights import usable
from cnnviz.ui.shell.weights_choice import choose_weights
from cnnviz.ui.widgets.controls import readable_name, register_control
from cnnviz.ui.widgets.feedback import plain

_PICTURE = "_picture"
_MODEL = "_model"
_UPLOAD = "_upload"
_READ = "_upload_read"
_SOURCES = {"photo": "Photo", "pattern": "Pattern", "upload": "Upload"}
_FILE_TYPES = ["png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff"]


@dataclass(frozen=True, slots=True)
class LabContext:
    """What the sidebar has chosen, for the labs.

    Attributes:
        picture: for all pages.
        model: for all network pages.
    """

    picture: Picture
    model: ModelSpec


def lab_context() -> LabContext:
    """The choices of the sidebar as they are now; a lab asks once, as its run begins."""
    return LabContext(_current_picture(), _current_model())


def _current_picture() -> Picture:
    picture = st.session_state.get(_PICTURE)
    return picture if isinstance(picture, Picture) else cache.pictures.photograph(sample_names()[0])


def _current_model() -> ModelSpec:
    spec = st.session_state.get(_MODEL)
    return spec if isinstance(spec, ModelSpec) else ModelSpec(reference_names()[0])


def choose_picture() -> None:
    """Let the user choose; a file that cannot be read is explained, and the previous picture stays."""
    source = st.segmented_control(
        "Picture",
        list(_SOURCES),
        default="photo",
        required=True,
        format_func=_SOURCES.__getitem__,
        key="source",
        bind="query-params",
        width="stretch",
    )
    if source != "pattern":
        register_control("pattern", pattern_names()[0])
    try:
        picture = _PICKERS[source or "photo"]()
    except CnnvizError as error:
        st.error(plain(str(error)), icon=":material/error:")
        picture = None
    if picture is not None:
        st.session_state[_PICTURE] = picture
    private = source == "upload" and _UPLOAD in st.session_state
    if source == "upload" and not private:
        st.caption("A reload or a copied link does not bring your own picture along. Until you choose one:")
    _show(_current_picture(), private)


def _pick_photo() -> Picture:
    name = st.selectbox(
        "Photograph", sample_names(), format_func=readable_name, key="photo", bind="query-params"
    )
    return cache.pictures.photograph(name)


def _pick_pattern() -> Picture:
    name = st.selectbox(
        "Pattern", pattern_names(), format_func=readable_name, key="pattern", bind="query-params"
    )
    period, angle = 12, 0
    if name in ("grating", "checkerboard", "rings"):
        period = st.slider("Period (pixels)", 2, 64, 12, key="pattern_period", bind="query-params")
    if name == "grating":
        angle = st.slider("Angle (degrees)", 0, 180, 0, 5, key="pattern_angle", bind="query-params")
    return cache.pictures.test_pattern(Pattern(name, period, angle))


def _pick_upload() -> Picture | None:
    if st.toggle("Use the camera", key="camera_on"):
        shot = st.camera_input("Your camera", key="camera")
        return _uploaded(shot, "camera picture") if shot is not None else _last_upload()
    help_text = "PNG, JPEG, WebP, BMP, GIF or TIFF, up to 20 MB and 40 megapixels."
    file = st.file_uploader("Your picture", _FILE_TYPES, key="file", help=help_text, max_upload_size=20)
    return _uploaded(file, file.name) if file is not None else _last_upload()


def _uploaded(file: UploadedFile, name: str) -> Picture:
    """Read a new file; one that was read before is not read again."""
    if st.session_state.get(_READ, ("", None))[0] != file.file_id:
        with cache.resources.queued():
            st.session_state[_READ] = file.file_id, _read(file.getvalue(), name)
    found: Picture | CnnvizError = st.session_state[_READ][1]
    if isinstance(found, CnnvizError):
        raise found
    st.session_state[_UPLOAD] = found
    return found


def _read(data: bytes, name: str) -> Picture | CnnvizError:
    try:
        return load_image(data, name)
    except CnnvizError as error:
        return error


def _last_upload() -> Picture | None:
    upload = st.session_state.get(_UPLOAD)
    return upload if isinstance(upload, Picture) else None


_PICKERS = {"photo": _pick_photo, "pattern": _pick_pattern, "upload": _pick_upload}


def _show(picture: Picture, private: bool) -> None:
    name = picture.name if private else readable_name(picture.name)
    st.image(cache.pictures.preview(picture), width="stretch", alt=f"The chosen picture: {name}")
    notes = [f"{plain(name)}, {picture.height}×{picture.width} pixels, height × width", *picture.notes]
    st.caption("; ".join(notes) + ".")
    if private:
        st.caption("A copied link does not carry your own picture.")


def choose_model(weights_used: bool) -> None:
    """Let the user choose a network and its weights.

    Where the page uses weights they are fetched, and random ones stand in for those that cannot be had.
    """
    name = st.selectbox(
        "Model",
        model_names(),
        format_func=lambda name: catalog_entry(name).label,
        key="model",
        bind="query-params",
        help="Type to search.",
    )
    weights = choose_weights(name)
    if weights is not None:
        register_control("seed", 0)
    seed = _choose_seed() if weights is None else 0
    chosen = ModelSpec(name, weights, seed)
    if weights_used:
        st.session_state[_MODEL] = replace(chosen, weights=None)  # until the weights are there
        st.session_state[_MODEL] = usable(chosen)
        offer_upload(name)
    else:
        st.session_state[_MODEL] = chosen
        if weights is not None:
            st.caption("This page does not use the weights.")


def _choose_seed() -> int:
    return int(
        st.number_input(
            "Random weights: seed",
            0,
            999,
            0,
            key="seed",
            bind="query-params",
            help="The weights are drawn at random and have learned nothing; another seed draws others.",
        )
    )


def show_device() -> None:
    """Say where networks run."""
    st.caption(f"Networks run on: {cache.resources.processor().label}")
