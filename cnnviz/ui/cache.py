"""Every cache of the app, all of them bounded; what is in them comes through the one processor.

Arrays are keyed by a picture's digest and small parameters, never by their values: Streamlit keys a
large array on a sample of it, so that two pictures could get one answer. Arrays are read-only and
live in `cache_resource`, which hands out the object itself; `cache_data` would copy it each time.
"""

import gc
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import streamlit as st
import torch

from cnnviz.analysis.activations import feature_maps
from cnnviz.analysis.attribution import grad_cam_layers, last_map_module
from cnnviz.analysis.blocks import Block, blocks
from cnnviz.analysis.filters import Filters
from cnnviz.analysis.glance import GlanceColumns, glance_columns
from cnnviz.analysis.input_sizes import InputSizes, input_sizes
from cnnviz.analysis.layer_rows import Trace
from cnnviz.analysis.layers import LayerSummary, layer_summaries
from cnnviz.analysis.residual import GradientNorms, block_graph, gradient_norms
from cnnviz.analysis.shifts import PaddingOnTheWay, padding_on_the_way
from cnnviz.analysis.trace import trace
from cnnviz.analysis.unit_story import LayerStories
from cnnviz.arrays import Array, read_only
from cnnviz.data.images import Picture, draw_pattern, encode_png, sample
from cnnviz.data.patterns import Pattern
from cnnviz.data.shapes import gallery
from cnnviz.errors import CnnvizError
from cnnviz.nets.catalog import ModelSpec, catalog_entry, model_bytes, model_outline
from cnnviz.nets.classifiers import classifier_names, published_figures
from cnnviz.nets.residual_variants import BlockDesign, CifarDesign
from cnnviz.nets.shared import SharedModel
from cnnviz.ops.filtering import (
    Comparison,
    FilteredPicture,
    PictureFilter,
    compare_with_pytorch,
    filter_picture,
)
from cnnviz.ops.kernels import kernel
from cnnviz.training.plan import Plan, TrainingCost, training_cost
from cnnviz.training.runs import Runs
from cnnviz.training.sources import Source, downloaded_source
from cnnviz.ui.attribution_runs import AttributionRequest, AttributionRuns
from cnnviz.ui.downloads import Downloads
from cnnviz.ui.effective_runs import EffectiveRequest, EffectiveRuns
from cnnviz.ui.passes import GlanceRun as GlanceRun
from cnnviz.ui.passes import LayerRun as LayerRun
from cnnviz.ui.passes import Passes, Scores
from cnnviz.ui.processor import Processor
from cnnviz.ui.shelf import Shelf
from cnnviz.ui.weights_folder import WeightsFolder

T = TypeVar("T")


@st.cache_resource(show_spinner=False)
def processor() -> Processor:
    """The one processor of this server."""
    return Processor()


def _setting(name: str, default: float) -> float:
    """A positive number from the environment."""
    try:
        wanted = float(os.environ.get(name, ""))
    except ValueError:
        return default
    return wanted if 0 < wanted < math.inf else default


@st.cache_resource(show_spinner=False)
def _models() -> Shelf[ModelSpec, SharedModel]:
    """Networks in memory: CNNVIZ_MODEL_GB for all their weights together."""
    return Shelf(int(_setting("CNNVIZ_MODEL_GB", 2) * 1e9))


@st.cache_resource(show_spinner=False)
def _runs() -> Shelf[tuple[ModelSpec, str, str], LayerRun]:
    """Feature maps in memory."""
    return Shelf(400_000_000)


@st.cache_resource(max_entries=128, show_spinner=False)
def _bytes_of(name: str, weights: str | None) -> int:
    return model_bytes(name, weights)


def require_memory(spec: ModelSpec) -> None:
    """Refuse a network whose weights are too large for this server, before anything is built.

    Raises:
        CnnvizError: with what it needs and what there is.
    """
    needs, limit = _bytes_of(spec.name, spec.weights), _models().limit
    if needs > limit:
        raise CnnvizError(
            f"{spec.label} needs {needs / 1e9:.1f} GB of memory for its weights, and this server keeps up to "
            f"{limit / 1e9:.3g} GB of networks. Its layers and shapes can be read all the same. Whoever runs "
            "the server can allow more with the environment variable CNNVIZ_MODEL_GB."
        )


def shared_model(spec: ModelSpec) -> SharedModel:
    """A network, to be lent to one thread at a time; call it without holding a slot.

    Whoever builds it holds one, and whoever waits for somebody else's building holds none.

    Raises:
        CnnvizError: if it is too large, or its weights cannot be had.
    """
    require_memory(spec)
    shared = _models().get(spec, lambda: _build(spec), _bytes_of(spec.name, spec.weights))
    settle()
    return shared


def load(spec: ModelSpec) -> None:
    """Have a network in memory, so that what is wrong with its weights shows now.

    Raises:
        CnnvizError: as `shared_model`.
    """
    require_memory(spec)
    if spec not in _models():
        with st.spinner(f"Loading {spec.label}…"):
            shared_model(spec)


@st.cache_resource(show_spinner=False)
def downloads() -> Downloads:
    """The downloads of weights that run now."""
    return Downloads()


@st.cache_resource(show_spinner=False)
def weights_folder() -> WeightsFolder:
    """Users' own weights: CNNVIZ_OWN_WEIGHTS_GB for all of them together."""
    return WeightsFolder(int(_setting("CNNVIZ_OWN_WEIGHTS_GB", 1) * 1e9))


def _passes(spec: ModelSpec) -> Passes:
    return Passes(spec, shared_model(spec), processor())


def _build(spec: ModelSpec) -> SharedModel:
    with processor().slot():
        return SharedModel(spec.build(), processor().slots)


@st.cache_resource(show_spinner=False)
def settle() -> None:
    """Collect garbage once and leave what is loaded by now out of later collections."""
    gc.collect()
    gc.freeze()


@st.cache_resource(max_entries=16, show_spinner=False)
def outline(name: str, weights: str | None = None) -> torch.nn.Module:
    """A network without memory for its weights, shared by all threads: nobody puts hooks on it."""
    return model_outline(name, weights)


@st.cache_resource(max_entries=32, show_spinner=False)
def layers_of(name: str, side: int, weights: str | None = None) -> tuple[LayerSummary, ...]:
    """Every output of every layer of a network for a square picture.

    Raises:
        CnnvizError: if the network does not take that size.
    """
    channels = catalog_entry(name).input_shape[1]
    return layer_summaries(model_outline(name, weights), (1, channels, side, side))


@st.cache_resource(max_entries=64, show_spinner=False)
def traced(name: str, side: int, weights: str | None = None) -> Trace:
    """The trace of a network for square pictures of one size.

    Raises:
        CnnvizError: if the network does not take that size.
    """
    channels = catalog_entry(name).input_shape[1]
    return trace(outline(name, weights), (1, channels, side, side))


@st.cache_resource(max_entries=96, show_spinner=False)
def sizes_of(name: str, asked: tuple[int, ...], weights: str | None = None) -> InputSizes:
    """Which square pictures a network takes; its own size is that of its published figures, if it fits."""
    _, channels, side, _ = catalog_entry(name).input_shape
    published = (published_figures(name).input_size,) if name in classifier_names() else ()
    return input_sizes(outline(name, weights), channels, (*published, side), asked)


@st.cache_resource(max_entries=32, show_spinner=False)
def blocks_of(name: str, side: int) -> Block:
    """A network grouped into blocks, for square pictures of one size."""
    return blocks(outline(name), traced(name, side))


@st.cache_resource(show_spinner=False)
def effective_runs() -> EffectiveRuns:
    """The effective fields that are being measured, and the last ones measured."""
    return EffectiveRuns(_measure_effective)


def _measure_effective(
    request: EffectiveRequest, progress: Callable[[float], None], cancelled: Callable[[], bool]
) -> Array:
    network = outline(request.spec.name, request.spec.weights)
    return _passes(request.spec).effective_field(network, request, progress, cancelled)


@st.cache_resource(show_spinner=False)
def attribution_runs() -> AttributionRuns:
    """The attributions that are being computed, and the last ones computed."""
    return AttributionRuns(_attribute)


def _attribute(
    request: AttributionRequest, progress: Callable[[float], None], cancelled: Callable[[], bool]
) -> Array:
    network = outline(request.spec.name, request.spec.weights)
    return _passes(request.spec).attribution(network, request, progress, cancelled)


def scores(spec: ModelSpec, picture: Picture) -> Scores:
    """What a network answers to a picture, and to zeros.

    Raises:
        CnnvizError: if the network is too large, or cannot take the picture.
    """
    with processor().word_if_busy():
        return _scores(spec, picture.digest, picture)


@st.cache_resource(max_entries=64, show_spinner=False)
def _scores(spec: ModelSpec, digest: str, _picture: Picture) -> Scores:
    return _passes(spec).scores(_picture)


@st.cache_resource(max_entries=64, show_spinner=False)
def cam_layers(name: str, side: int, weights: str | None) -> tuple[str, ...]:
    """The modules whose maps Grad-CAM can weigh, the usual one first."""
    found, network = traced(name, side, weights), outline(name, weights)
    usual = last_map_module(network, found)
    return (usual, *(layer for layer in grad_cam_layers(network, found) if layer != usual))


@st.cache_resource(max_entries=64, show_spinner=False)
def padding_to(name: str, layer: str, side: int) -> PaddingOnTheWay:
    """What pads in a network on the way to a layer, for a square picture."""
    return padding_on_the_way(model_outline(name), layer, (1, 3, side, side))


@st.cache_resource(max_entries=32, show_spinner=False)
def photograph(name: str) -> Picture:
    """A photograph that comes with the app."""
    return sample(name)


@st.cache_resource(max_entries=32, show_spinner=False)
def test_pattern(pattern: Pattern) -> Picture:
    """A test pattern."""
    return draw_pattern(pattern)


Kernels = tuple[Array, ...]
PictureKey = tuple[str, str, tuple[str, ...], Pattern | None, bool]


def _key(picture: Picture) -> PictureKey:
    """All that a resized picture carries along: equal pixels may have different names."""
    return picture.digest, picture.name, picture.notes, picture.pattern, picture.is_sample


def fitted(picture: Picture, long_side: int) -> Picture:
    """`Picture.fitted`, remembered."""
    return _fitted(_key(picture), long_side, picture)


@st.cache_resource(max_entries=64, show_spinner=False)
def _fitted(key: PictureKey, long_side: int, _picture: Picture) -> Picture:
    return _picture.fitted(long_side)


def centre_square(picture: Picture, side: int) -> Picture:
    """`Picture.centre_square`, remembered."""
    return _centre_square(_key(picture), side, picture)


@st.cache_resource(max_entries=64, show_spinner=False)
def _centre_square(key: PictureKey, side: int, _picture: Picture) -> Picture:
    return _picture.centre_square(side)


def layer_run(spec: ModelSpec, layer: str, picture: Picture) -> LayerRun:
    """Run a network on a picture; keep one layer's maps and the prediction.

    Raises:
        CnnvizError: if the network is too large, or cannot take the picture.
    """
    summary = next(s for s in layers_of(spec.name, picture.height, spec.weights) if s.layer == layer)
    size = 4 * math.prod(summary.output_shape)
    with processor().word_if_busy():
        return _runs().get((spec, layer, picture.digest), lambda: _passes(spec).layer(summary, picture), size)


def stories(spec: ModelSpec, layer: str, picture: Picture) -> LayerStories:
    """The stories of one layer's units; the network runs for the first of them.

    Raises:
        CnnvizError: if they are not told.
    """
    with processor().word_if_busy():
        found = _stories(spec, layer, picture.digest, picture)
    if isinstance(found, CnnvizError):
        raise found
    return found


@st.cache_resource(max_entries=4, show_spinner=False)
def _stories(spec: ModelSpec, layer: str, digest: str, _picture: Picture) -> LayerStories | CnnvizError:
    """Few: each holds what the layer and those on the way have read and given."""
    try:
        return _passes(spec).stories(layer, _picture)
    except CnnvizError as error:
        return error


@st.cache_resource(max_entries=32, show_spinner=False)
def glance_columns_of(name: str, side: int, weights: str | None = None) -> GlanceColumns:
    """Which layers of a network are shown at a glance."""
    layers = layers_of(name, side, weights)
    return glance_columns(outline(name, weights), layers, traced(name, side, weights))


def glance_run(spec: ModelSpec, picture: Picture) -> GlanceRun:
    """Run a network on a picture; keep the strongest channels of some layers, made small.

    Raises:
        CnnvizError: as `layer_run`.
    """
    with processor().word_if_busy():
        return _glance_run(spec, picture.digest, picture)


@st.cache_resource(max_entries=32, show_spinner=False)
def _glance_run(spec: ModelSpec, digest: str, _picture: Picture) -> GlanceRun:
    columns = glance_columns_of(spec.name, _picture.height, spec.weights).shown
    return _passes(spec).glance(columns, _picture)


def filters_of(spec: ModelSpec) -> Filters:
    """The kernels of a network's first convolution.

    Raises:
        CnnvizError: if the network is too large, or has none.
    """
    with processor().word_if_busy():
        return _filters_of(spec)


@st.cache_resource(max_entries=32, show_spinner=False)
def _filters_of(spec: ModelSpec) -> Filters:
    return _passes(spec).filters()


def network_limit(spec: ModelSpec, picture: Picture) -> float:
    """Largest magnitude of any feature map of a network for a picture."""
    with processor().word_if_busy():
        return _network_limit(spec, picture.digest, picture)


@st.cache_resource(max_entries=64, show_spinner=False)
def _network_limit(spec: ModelSpec, digest: str, _picture: Picture) -> float:
    summaries = layers_of(spec.name, _picture.height, spec.weights)
    return _passes(spec).limit({layer.layer for layer in summaries if layer.has_maps}, _picture)


@st.cache_resource(max_entries=64, show_spinner=False)
def kernels_by_size(name: str, sizes: tuple[int, ...], parameters: tuple[tuple[str, float], ...]) -> Kernels:
    """A named kernel at several square sizes."""
    return tuple(kernel(name, size, **dict(parameters)) for size in sizes)


@st.cache_resource(max_entries=64, show_spinner=False)
def kernels_by_parameter(
    name: str, size: tuple[int, int], parameters: tuple[tuple[str, float], ...], turned: str,
    values: tuple[float, ...],
) -> Kernels:  # fmt: skip
    """A named kernel at several values of one of its parameters."""
    return tuple(kernel(name, size, **(dict(parameters) | {turned: value})) for value in values)


def gradients(picture: Picture, design: CifarDesign, seed: int) -> GradientNorms:
    """`gradient_norms` of both networks in its turn, remembered."""
    with processor().word_if_busy():
        return _gradients(_key(picture), design, seed, picture)


@st.cache_resource(max_entries=64, show_spinner=False)
def _gradients(key: PictureKey, design: CifarDesign, seed: int, _picture: Picture) -> GradientNorms:
    with processor().slot():
        return gradient_norms(design, _picture.tensor(), seed)


@st.cache_resource(max_entries=64, show_spinner=False)
def block_of(design: BlockDesign, side: int) -> tuple[Block, Trace]:
    """The operations of a residual block."""
    return block_graph(design, side)


@st.cache_resource(show_spinner=False)
def training_runs() -> Runs:
    """The runs of training on this server."""
    return Runs()


@st.cache_resource(max_entries=2, show_spinner=False)
def downloaded_pictures(name: str) -> Source:
    """CIFAR-10 or Fashion-MNIST, downloaded if they are not there yet.

    Raises:
        CnnvizError: if they cannot be had.
    """
    return downloaded_source(name, Path.home() / ".cache" / "cnnviz")


@st.cache_resource(max_entries=64, show_spinner=False)
def training_cost_of(plan: Plan, classes: int, side: int, pictures: int) -> TrainingCost:
    """What a plan of training takes."""
    return training_cost(plan, classes, side, pictures)


@st.cache_resource(max_entries=1, show_spinner=False)
def shapes_gallery() -> Array:
    """Examples of cnnviz shapes."""
    return read_only(gallery())


@st.cache_resource(max_entries=128, show_spinner=False)
def epoch_maps(
    token: str, epoch: int, layer: str, digest: str, most: int, _load: Callable[[], torch.nn.Module],
    _picture: Picture,
) -> Array:  # fmt: skip
    """The first feature maps of a layer after an epoch of a run, float32 (C, H, W)."""
    with processor().slot():
        found = feature_maps(_load(), _picture, [layer])[layer][:most]
    return read_only(np.nan_to_num(found))


def in_turn(compute: Callable[[], T]) -> T:
    """Compute something, once a slot is free."""
    with processor().word_if_busy(), processor().slot():
        return compute()


def filtered(picture: Picture, layer: PictureFilter) -> FilteredPicture:
    """`filter_picture` in its turn; quicker than a look-up of its result would be."""
    return in_turn(lambda: filter_picture(picture, layer))


def comparison(picture: Picture, layer: PictureFilter) -> Comparison:
    """`compare_with_pytorch` in its turn, so that other people's work does not stretch its times."""
    with processor().slot():
        return compare_with_pytorch(picture, layer)


@st.cache_resource(max_entries=32, show_spinner=False)
def _preview(key: PictureKey, _picture: Picture) -> bytes:
    return encode_png(_picture.fitted(280).pixels)


def preview(picture: Picture) -> bytes:
    """A small copy of a picture as a PNG file, for the sidebar."""
    return _preview(_key(picture), picture)
