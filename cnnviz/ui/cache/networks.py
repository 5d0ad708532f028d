"""Networks in memory, and what is known without running them: traces, layers, blocks, sizes."""

import streamlit as st
import torch

from cnnviz.analysis.attribution import grad_cam_layers, last_map_module
from cnnviz.analysis.blocks import Block, blocks
from cnnviz.analysis.glance import GlanceColumns, glance_columns
from cnnviz.analysis.graph.record import Graph
from cnnviz.analysis.layers.summaries import LayerSummary, layer_summaries
from cnnviz.analysis.residual import block_graph
from cnnviz.analysis.shifts import PaddingOnTheWay, padding_on_the_way
from cnnviz.analysis.trace.input_sizes import InputSizes, input_sizes
from cnnviz.analysis.trace.rows import Trace
from cnnviz.analysis.trace.trace import trace_and_graph
from cnnviz.errors import CnnvizError
from cnnviz.nets.catalog import ModelSpec, catalog_entry, meta_model, model_bytes
from cnnviz.nets.classifiers import classifier_names, published_figures
from cnnviz.nets.residual_variants import BlockDesign
from cnnviz.nets.shared import SharedModel
from cnnviz.ui.cache.resources import processor, queued, setting, settle
from cnnviz.ui.jobs.lru_cache import SizedLRUCache


@st.cache_resource(show_spinner=False)
def _models() -> SizedLRUCache[ModelSpec, SharedModel]:
    """Networks in memory: CNNVIZ_MODEL_GB for all their weights together."""
    return SizedLRUCache(int(setting("CNNVIZ_MODEL_GB", 2) * 1e9))


@st.cache_resource(max_entries=128, show_spinner=False)
def _bytes_of(name: str, weights: str | None) -> int:
    return model_bytes(name, weights)


def require_memory(spec: ModelSpec) -> None:
    """Refuse a network whose weights are too large for this server, before anything is built.

    Raises:
        CnnvizError: with what it needs and what there is.
    """
    needs, limit = _bytes_of(spec.name, spec.shaped_by), _models().limit
    if needs > limit:
        raise CnnvizError(
            f"{spec.label} needs {needs / 1e9:.1f} GB of memory for its weights, and this server keeps up to "
            f"{limit / 1e9:.3g} GB of networks. Its layers and shapes can be read all the same. Whoever runs "
            "the server can allow more with the environment variable CNNVIZ_MODEL_GB."
        )


def shared_model(spec: ModelSpec) -> SharedModel:
    """A network, to be lent to one thread at a time; call it without holding a slot.

    The thread that builds it holds a slot; threads that wait for it hold none.

    Raises:
        CnnvizError: if it is too large, or its weights cannot be had.
    """
    require_memory(spec)
    shared = _models().get(spec, lambda: _build(spec), _bytes_of(spec.name, spec.shaped_by))
    settle()
    return shared


def _build(spec: ModelSpec) -> SharedModel:
    with queued(spinner=False):
        return SharedModel(spec.build(), processor().slots)


def load(spec: ModelSpec) -> None:
    """Load a network into memory, so that errors in its weights show now.

    Raises:
        CnnvizError: as `shared_model`.
    """
    require_memory(spec)
    if spec not in _models():
        with st.spinner(f"Loading {spec.label}…"):
            shared_model(spec)


@st.cache_resource(max_entries=16, show_spinner=False)
def meta_model_of(name: str, weights: str | None = None) -> torch.nn.Module:
    """A network on the meta device, whose weights take no memory; threads share it, so do not hook it."""
    return meta_model(name, weights)


@st.cache_resource(max_entries=32, show_spinner=False)
def layers_of(name: str, side: int, weights: str | None = None) -> tuple[LayerSummary, ...]:
    """Every output of every layer of a network for a square picture.

    Raises:
        CnnvizError: if the network does not take that size.
    """
    channels = catalog_entry(name).input_shape[1]
    _, graph = _recorded(name, side, weights)
    return layer_summaries(meta_model_of(name, weights), (1, channels, side, side), graph)


@st.cache_resource(max_entries=64, show_spinner=False)
def traced(name: str, side: int, weights: str | None = None) -> Trace:
    """The trace of a network for square pictures of one size.

    Raises:
        CnnvizError: if the network does not take that size.
    """
    return _recorded(name, side, weights)[0]


@st.cache_resource(max_entries=4, show_spinner=False)
def _recorded(name: str, side: int, weights: str | None) -> tuple[Trace, Graph]:
    """One pass for the trace and the layers, which a page asks for one after the other."""
    channels = catalog_entry(name).input_shape[1]
    return trace_and_graph(meta_model_of(name, weights), (1, channels, side, side))


@st.cache_resource(max_entries=96, show_spinner=False)
def sizes_of(name: str, asked: tuple[int, ...], weights: str | None = None) -> InputSizes:
    """Which square pictures a network takes; its own size is that of its published figures, if it fits."""
    _, channels, side, _ = catalog_entry(name).input_shape
    published = (published_figures(name).input_size,) if name in classifier_names() else ()
    return input_sizes(meta_model_of(name, weights), channels, (*published, side), asked)


@st.cache_resource(max_entries=32, show_spinner=False)
def blocks_of(name: str, side: int) -> Block:
    """A network grouped into blocks, for square pictures of one size."""
    return blocks(meta_model_of(name), traced(name, side))


@st.cache_resource(max_entries=64, show_spinner=False)
def block_of(design: BlockDesign, side: int) -> tuple[Block, Trace]:
    """The operations of a residual block."""
    return block_graph(design, side)


@st.cache_resource(max_entries=64, show_spinner=False)
def cam_layers(name: str, side: int, weights: str | None) -> tuple[str, ...]:
    """The modules whose maps Grad-CAM can weigh, the usual one first."""
    found, network = traced(name, side, weights), meta_model_of(name, weights)
    usual = last_map_module(network, found)
    return (usual, *(layer for layer in grad_cam_layers(network, found) if layer != usual))


@st.cache_resource(max_entries=64, show_spinner=False)
def padding_to(name: str, layer: str, side: int) -> PaddingOnTheWay:
    """What pads in a network on the way to a layer, for a square picture."""
    return padding_on_the_way(meta_model(name), layer, (1, 3, side, side))


@st.cache_resource(max_entries=32, show_spinner=False)
def glance_columns_of(name: str, side: int, weights: str | None = None) -> GlanceColumns:
    """Which layers of a network are shown at a glance."""
    layers = layers_of(name, side, weights)
    return glance_columns(meta_model_of(name, weights), layers, traced(name, side, weights))
