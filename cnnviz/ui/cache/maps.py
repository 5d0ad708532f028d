"""Results of networks on pictures: maps, stories, filters, scores, attributions, gradients."""

import math
from collections.abc import Callable

import streamlit as st

from cnnviz.analysis.layers.filters import Filters
from cnnviz.analysis.residual import GradientNorms, gradient_norms
from cnnviz.analysis.unit.story import LayerStories
from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.errors import CnnvizError
from cnnviz.nets.catalog import ModelSpec
from cnnviz.nets.residual_variants import CifarDesign
from cnnviz.ui.cache.networks import glance_columns_of, layers_of, meta_model_of, shared_model
from cnnviz.ui.cache.pictures import PictureKey, picture_key
from cnnviz.ui.cache.resources import processor, queued
from cnnviz.ui.jobs.attribution_request import AttributionJobs, AttributionRequest
from cnnviz.ui.jobs.effective_request import EffectiveJobs, EffectiveRequest
from cnnviz.ui.jobs.lru_cache import SizedLRUCache
from cnnviz.ui.jobs.passes import GlanceRun, LayerRun, Passes, Scores


@st.cache_resource(show_spinner=False)
def _runs() -> SizedLRUCache[tuple[ModelSpec, str, str], LayerRun]:
    """Feature maps in memory."""
    return SizedLRUCache(400_000_000)


def _passes(spec: ModelSpec) -> Passes:
    return Passes(spec, shared_model(spec), processor())


def layer_run(spec: ModelSpec, layer: str, picture: Picture) -> LayerRun:
    """Run a network on a picture; keep one layer's maps and the prediction.

    Raises:
        CnnvizError: if the network is too large, or cannot take the picture.
    """
    summary = next(s for s in layers_of(spec.name, picture.height, spec.shaped_by) if s.layer == layer)
    size = 4 * math.prod(summary.output_shape)
    with processor().busy_spinner():
        return _runs().get((spec, layer, picture.digest), lambda: _passes(spec).layer(summary, picture), size)


def network_limit(spec: ModelSpec, picture: Picture) -> float:
    """Largest magnitude of any feature map of a network for a picture."""
    with processor().busy_spinner():
        return _network_limit(spec, picture.digest, picture)


@st.cache_resource(max_entries=64, show_spinner=False)
def _network_limit(spec: ModelSpec, digest: str, _picture: Picture) -> float:
    summaries = layers_of(spec.name, _picture.height, spec.shaped_by)
    return _passes(spec).limit({layer.layer for layer in summaries if layer.has_maps}, _picture)


def stories(spec: ModelSpec, layer: str, picture: Picture) -> LayerStories:
    """The stories of one layer's units; the network runs for the first of them.

    Raises:
        CnnvizError: if that layer is not supported.
    """
    with processor().busy_spinner():
        found = _stories(spec, layer, picture.digest, picture)
    if isinstance(found, str):
        raise CnnvizError(found)
    return found


@st.cache_resource(max_entries=4, show_spinner=False)
def _stories(spec: ModelSpec, layer: str, digest: str, _picture: Picture) -> LayerStories | str:
    """Or why that layer is not supported. Few: each holds the inputs and outputs of the layers on the way."""
    try:
        return _passes(spec).stories(layer, _picture)
    except CnnvizError as error:
        return str(error)


def glance_run(spec: ModelSpec, picture: Picture) -> GlanceRun:
    """Run a network on a picture; keep the strongest channels of some layers, made small.

    Raises:
        CnnvizError: as `layer_run`.
    """
    with processor().busy_spinner():
        return _glance_run(spec, picture.digest, picture)


@st.cache_resource(max_entries=32, show_spinner=False)
def _glance_run(spec: ModelSpec, digest: str, _picture: Picture) -> GlanceRun:
    columns = glance_columns_of(spec.name, _picture.height, spec.shaped_by).shown
    return _passes(spec).glance(columns, _picture)


def filters_of(spec: ModelSpec) -> Filters:
    """The kernels of a network's first convolution.

    Raises:
        CnnvizError: if the network is too large, or has none.
    """
    with processor().busy_spinner():
        return _filters_of(spec)


@st.cache_resource(max_entries=32, show_spinner=False)
def _filters_of(spec: ModelSpec) -> Filters:
    return _passes(spec).filters()


def scores(spec: ModelSpec, picture: Picture) -> Scores:
    """The scores of a network for a picture, and for zeros.

    Raises:
        CnnvizError: if the network is too large, or cannot take the picture.
    """
    with processor().busy_spinner():
        return _scores(spec, picture.digest, picture)


@st.cache_resource(max_entries=64, show_spinner=False)
def _scores(spec: ModelSpec, digest: str, _picture: Picture) -> Scores:
    return _passes(spec).scores(_picture)


@st.cache_resource(show_spinner=False)
def attribution_jobs() -> AttributionJobs:
    """The attributions that are being computed, and the last ones computed."""
    return AttributionJobs(_attribute)


def _attribute(
    request: AttributionRequest, progress: Callable[[float], None], cancelled: Callable[[], bool]
) -> Array:
    network = meta_model_of(request.spec.name, request.spec.shaped_by)
    return _passes(request.spec).attribution(network, request, progress, cancelled)


@st.cache_resource(show_spinner=False)
def effective_jobs() -> EffectiveJobs:
    """The effective fields that are being measured, and the last ones measured."""
    return EffectiveJobs(_measure_effective)


def _measure_effective(
    request: EffectiveRequest, progress: Callable[[float], None], cancelled: Callable[[], bool]
) -> Array:
    network = meta_model_of(request.spec.name, request.spec.shaped_by)
    return _passes(request.spec).effective_field(network, request, progress, cancelled)


def gradients(picture: Picture, design: CifarDesign, seed: int) -> GradientNorms:
    """`gradient_norms` of both networks, queued and cached."""
    with processor().busy_spinner():
        return _gradients(picture_key(picture), design, seed, picture)


@st.cache_resource(max_entries=64, show_spinner=False)
def _gradients(key: PictureKey, design: CifarDesign, seed: int, _picture: Picture) -> GradientNorms:
    with queued(spinner=False):
        return gradient_norms(design, _picture.tensor(), seed)
