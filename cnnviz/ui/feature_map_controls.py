"""The controls of the feature maps page, and what it says in words."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from cnnviz.analysis.activations import CHANNEL_ORDERS, ChannelOrder, FeatureMaps
from cnnviz.analysis.layers import LayerSummary
from cnnviz.arrays import Array
from cnnviz.nets.catalog import ModelSpec, catalog_entry
from cnnviz.ui import cache
from cnnviz.ui.controls import words

SIDES = (32, 64, 96, 128, 160, 224)
_SCOPES = {"layer": "Whole layer", "map": "Each map its own", "network": "Whole network"}


@dataclass(frozen=True, slots=True)
class LayerChoice:
    """The chosen layer among all of the model's, and the side of the square the network is shown."""

    side: int
    layers: tuple[LayerSummary, ...]
    layer: LayerSummary


@dataclass(frozen=True, slots=True)
class WallChoice:
    """How the wall is sorted, where its colours end (None: each map by itself), what is large."""

    order: ChannelOrder
    limit: float | None
    channel: int


def choose_layer(model: str) -> LayerChoice:
    """Input size and layer; the tree beside them sets the same value."""
    side = st.select_slider(
        "Input size",
        SIDES,
        224,
        format_func=lambda side: f"{side}×{side}",
        key="maps_side",
        bind="query-params",
        help=f"{catalog_entry(model).label} is shown the square in the middle of the picture at this size, "
        "values from 0 to 1.",
    )
    layers = cache.layers_of(model, side)
    shown = {layer.layer: layer for layer in layers if layer.has_maps}
    first = next(index for index, layer in enumerate(shown.values()) if layer.kind == "convolution")
    chosen = st.selectbox(
        "Layer",
        list(shown),
        index=first,
        key="maps_layer",
        bind="query-params",
        help="Type to search, or choose in the tree below.",
    )
    return LayerChoice(side, layers, shown[chosen])


def set_layer(layer: str) -> None:
    """Take a layer from the tree; what the model does not have is dropped by the select box."""
    st.session_state["maps_layer"] = layer


def choose_wall(maps: FeatureMaps, network_limit: Callable[[], float]) -> WallChoice:
    """Order, colour scale and the channel shown large."""
    order_column, scope_column, channel_column = st.columns(3)
    order = order_column.selectbox(
        "Sort by", CHANNEL_ORDERS, format_func=words, key="maps_order", bind="query-params"
    )
    scope = scope_column.selectbox(
        "Colours reach the largest value of",
        list(_SCOPES),
        format_func=_SCOPES.__getitem__,
        key="maps_scope",
        bind="query-params",
        help="On one scale maps can be compared; on a scale of its own each map shows its own pattern.",
    )
    if st.session_state.get("maps_channel", 0) >= maps.channels:
        st.session_state["maps_channel"] = 0
    channel = channel_column.number_input(
        "Channel shown large", 0, maps.channels - 1, 0, key="maps_channel", bind="query-params"
    )
    limits: dict[str, Callable[[], float | None]] = {
        "map": lambda: None,
        "layer": lambda: maps.limit,
        "network": network_limit,
    }
    return WallChoice(order, limits[scope](), min(max(int(channel), 0), maps.channels - 1))


def set_channel(channel: int) -> None:
    """Take a channel from the wall; `choose_wall` checks it."""
    st.session_state["maps_channel"] = max(0, int(channel))


def dead_words(maps: FeatureMaps, dead: int | None = None, channels: int = 0) -> str:
    """What a channel, or `dead` of `channels`, that is nowhere above zero means in this layer."""
    rectified = bool(maps.minimum.min() >= 0)
    after = "silent on this picture" if rectified else "a ReLU would silence"
    if dead is None:
        return f"Nowhere above 0: {after}" + ("." if rectified else " it.")
    if not dead:
        return f"**Dead channels: 0 of {channels}.** Each is above 0 somewhere on this picture."
    rest = f"they are {after}" if rectified else f"{after} them"
    return f"**Dead channels: {dead} of {channels}.** Nowhere above 0 on this picture, so {rest}."


def prediction_words(probabilities: Array, model: ModelSpec) -> str:
    """What the network says the picture is, and what that is worth."""
    best = int(probabilities.argmax())
    return (
        f"**Prediction:** class {best} (of 0 to {len(probabilities) - 1}), probability "
        f"{100 * float(probabilities[best]):.3g} %. "
        f"The weights are random (seed {model.seed}) and have learned nothing: a network can be sure and "
        "mean nothing by it."
    )
