"""What is to be trained, as chosen on the page."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cnnviz.data.shapes import CLASSES, SIDE
from cnnviz.errors import CnnvizError, user_message
from cnnviz.nets.catalog import catalog_entry, reference_names
from cnnviz.training.archive import (
    MOST_BYTES,
    MOST_CLASSES,
    MOST_MEGAPIXELS,
    MOST_PICTURES,
    zip_source,
)
from cnnviz.training.plan import TEST_PICTURES, Plan, TrainingCost
from cnnviz.training.recipe import Recipe
from cnnviz.training.sources import Source, shapes_source
from cnnviz.ui import cache
from cnnviz.ui.widgets.feedback import plain

WIDTHS = (4, 8, 16, 32, 64)
COUNTS = (50, 100, 200, 500, 1000, 1500, 3000, 5000, 10_000)
BATCHES = (8, 16, 32, 64, 128)
DATA = {
    "shapes": "cnnviz shapes",
    "cifar10": "CIFAR-10",
    "fashion_mnist": "Fashion-MNIST",
    "folder": "A folder of pictures (ZIP)",
}
_MEGABYTES = {"cifar10": 170, "fashion_mnist": 31}  # of the archives that torchvision downloads
_TRIED, _KEPT = "_train_tried", "_train_source"


@dataclass(frozen=True, slots=True)
class Choice:
    """A plan, how to get its pictures, and what is known of these beforehand.

    Attributes:
        plan: what is trained.
        fetch: gets the pictures; None where there is nothing to train on yet.
        classes: how many there are.
        side: height and width of the pictures as the network sees them.
        pictures: in an epoch.
        source: the pictures, where they are there already.
    """

    plan: Plan
    fetch: Callable[[], Source] | None
    classes: int
    side: int
    pictures: int
    source: Source | None = None

    @property
    def cost(self) -> TrainingCost:
        """What the plan takes."""
        return cache.training.training_cost_of(self.plan, self.classes, self.side, self.pictures)


def is_private(plan: Plan) -> bool:
    """Whether a plan's pictures are a user's own."""
    return plan.data not in DATA or plan.data == "folder"


def choose_training() -> Choice:
    """All controls."""
    model = st.segmented_control(
        "Network", reference_names(), default="simple_cnn", required=True, key="train_model",
        format_func=lambda name: catalog_entry(name).label, bind="query-params",
    )  # fmt: skip
    width = st.select_slider(
        "Channels of the first block", WIDTHS, 16, key="train_width", bind="query-params",
        help="Each further block has twice as many. The lessons' own networks have 64, which takes minutes; "
        "narrower ones learn in less than one.",
    )  # fmt: skip
    data = st.selectbox(
        "Pictures to learn from", list(DATA), format_func=DATA.__getitem__, key="train_data",
        bind="query-params",
    )  # fmt: skip
    token = _choose_upload() if data == "folder" else ""
    uploaded = _uploaded(token)
    if data in _MEGABYTES:
        st.caption(
            f"torchvision downloads them when training starts, {_MEGABYTES[data]} MB, unless they are there."
        )
    count = st.select_slider(
        "Pictures an epoch", COUNTS, 1500, key="train_pictures", bind="query-params",
        help="Fewer if there are not so many. The limit leaves room for other people.",
    )  # fmt: skip
    epochs = st.slider("Epochs", 1, 40, 8, key="train_epochs", bind="query-params")
    rate = st.number_input(
        "Highest learning rate", 1e-6, 1e9, 0.01, 0.001, format="%g", key="train_rate", bind="query-params",
        help="Reached after a fifth of the steps. From 0.000001 to 1,000,000,000, far more than does "
        "any good.",
    )  # fmt: skip
    batch = st.select_slider("Batch size", BATCHES, 16, key="train_batch", bind="query-params")
    half, same, augment, seed = _choose_more(data)
    recipe = Recipe(epochs, batch, rate, augment=augment, seed=seed)
    name = data
    if uploaded:
        name = uploaded.train.name if uploaded.train.name not in DATA else f"folder {uploaded.train.name}"
    plan = Plan(model or "simple_cnn", width, name, recipe, count, same or data != "shapes", half)
    return _choice(data, plan, uploaded, partial(cache.training.upload, token))


def _choose_more(data: str) -> tuple[bool, bool, bool, int]:
    with st.expander("More settings"):
        half = st.toggle(
            "Half-size pictures", True, key="train_half", bind="query-params",
            help="Each pixel is the mean of four: a quarter of the work in every convolution.",
        )  # fmt: skip
        same = st.toggle(
            "The same pictures in every epoch", False, key="train_same", bind="query-params",
            disabled=data != "shapes",
            help="Shapes are made by code, so that each epoch can have new ones. Other data are always "
            "the same.",
        )  # fmt: skip
        augment = st.toggle(
            "Augment: mirror and shift", False, key="train_augment", bind="query-params",
            help="Half of the pictures are mirrored, and each is shifted by up to an eighth of its size.",
        )  # fmt: skip
        seed = st.number_input(
            "Seed", 0, 999, 0, key="train_seed", bind="query-params",
            help="Of the first weights, the pictures, their order, and dropout.",
        )  # fmt: skip
    return half, same, augment, int(seed)


def _choose_upload() -> str:
    """The name of pictures from a ZIP file; what is wrong with it is explained, and the one before stays."""
    file = st.file_uploader(
        "A ZIP file with a folder for each class", ["zip"], key="train_zip", max_upload_size=20,
        help=f"Up to 20 MB, {MOST_PICTURES:,} pictures, {MOST_CLASSES} classes, {MOST_MEGAPIXELS} "
        f"megapixels, and {MOST_BYTES // 10**6} MB unpacked. A fifth of each class is held out.",
    )  # fmt: skip
    st.caption(
        "The pictures stay on this server until others need the room. Only this session sees them: a copied "
        "link does not carry them."
    )
    if file is not None and st.session_state.get(_TRIED, ("", ""))[0] != file.file_id:
        _take(file)
    if problem := st.session_state.get(_TRIED, ("", ""))[1]:
        st.warning(plain(problem), icon=":material/error:")
    return str(st.session_state.get(_KEPT, ""))


def _take(file: UploadedFile) -> None:
    """Keep a file's pictures, or what is wrong with it; it is not read again."""
    problem = ""
    try:
        with st.spinner("Reading the pictures…"):
            turn = partial(cache.resources.queued, spinner=False)  # for each picture
            found = zip_source(file.getvalue(), file.name, turn=turn)
            st.session_state[_KEPT] = cache.training.keep_upload(found)
            st.session_state[_TRIED] = file.file_id, ""
    except Exception as error:  # as in `feedback.explained`; kept, so that it is not read with each run
        problem = user_message(error)
    if problem:
        st.session_state[_TRIED] = file.file_id, problem


def _uploaded(token: str) -> Source | None:
    """The kept pictures; says so where they are gone."""
    if not token:
        return None
    try:
        source = cache.training.upload(token)
    except CnnvizError as error:
        del st.session_state[_KEPT]
        st.session_state[_TRIED] = st.session_state[_TRIED][0], str(error)
        st.warning(plain(str(error)), icon=":material/error:")
        return None
    _show_sizes(source)
    return source


def _show_sizes(source: Source) -> None:
    held = len(source.test) if source.test else 0
    said = (
        f"{source.train.name}: {len(source.train.classes)} classes, {len(source.train):,} pictures to learn "
        f"from, {held:,} held out."
    )
    st.caption(plain(" ".join((said, *source.notes))))


def _choice(data: str, plan: Plan, uploaded: Source | None, fetch: Callable[[], Source]) -> Choice:
    if data == "folder":
        source = uploaded and plan.arranged(uploaded)
        side = SIDE // 2 if plan.half_size else SIDE
        if uploaded is None or source is None:
            return Choice(plan, None, 2, side, plan.pictures)
        classes = len(uploaded.train.classes)
        return Choice(plan, fetch, classes, side, len(source.train), source)
    if data == "shapes":
        whole = shapes_source(plan.pictures, TEST_PICTURES, plan.recipe.seed)
        side = SIDE // 2 if plan.half_size else SIDE
        return Choice(plan, lambda: whole, len(CLASSES), side, plan.pictures, plan.arranged(whole))
    side = 16 if plan.half_size else 32
    return Choice(plan, lambda: cache.training.downloaded_pictures(data), 10, side, plan.pictures)
