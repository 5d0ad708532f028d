"""The controls of the feature maps page."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from cnnviz.analysis.layers.activations import CHANNEL_ORDERS, ChannelOrder, FeatureMaps
from cnnviz.analysis.layers.summaries import LayerSummary
from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui import cache
from cnnviz.ui.feature_maps.texts import no_layer_text
from cnnviz.ui.widgets.controls import readable_name
from cnnviz.ui.widgets.feedback import plain

SIDES = (32, 64, 96, 128, 160, 224)
MOST_MAPS = 512
_SCOPES = {"layer": "Whole layer", "map": "Each map its own", "network": "Whole network"}


@dataclass(frozen=True, slots=True)
class LayerChoice:
    """The chosen layer among all of the model's, and the side of the square the network is shown."""

    side: int
    layers: tuple[LayerSummary, ...]
    layer: LayerSummary


@dataclass(frozen=True, slots=True)
class WallChoice:
    """How the wall is sorted, where its colours end (None: each map by itself), what is large.

    Attributes:
        order: of the channels.
        limit: magnitude at which colours end.
        channel: shown large.
        shown: the channels on the wall, in its order.
    """

    order: ChannelOrder
    limit: float | None
    channel: int
    shown: tuple[int, ...]


def choose_layer(model: ModelSpec, side: int) -> LayerChoice:
    """A layer; the tree beside it sets the same value."""
    layers = cache.networks.layers_of(model.name, side, model.weights)
    shown = {layer.layer: layer for layer in layers if layer.has_maps}
    first = next(index for index, layer in enumerate(shown.values()) if layer.kind == "convolution")
    asked = st.query_params.get("maps_layer")
    chosen = st.selectbox(
        "Layer",
        list(shown),
        index=first,
        key="maps_layer",
        bind="query-params",
        help="Type to search, or choose in the tree below.",
    )
    if asked is not None and asked not in shown:
        st.caption(plain(no_layer_text(asked, model, layers, chosen)))
    return LayerChoice(side, layers, shown[chosen])


def set_layer(layer: str) -> None:
    """Take a layer from the tree; what the model does not have is dropped by the select box."""
    st.session_state["maps_layer"] = layer


def choose_wall(maps: FeatureMaps, network_limit: Callable[[], float]) -> WallChoice:
    """Order, colour scale and the channel shown large."""
    order_column, scope_column, channel_column = st.columns(3)
    order = order_column.selectbox(
        "Sort by", CHANNEL_ORDERS, format_func=readable_name, key="maps_order", bind="query-params"
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
    channel = min(max(int(channel), 0), maps.channels - 1)
    ranked = [int(c) for c in maps.ranked(order)]
    shown = ranked[:MOST_MAPS]
    if channel not in shown:
        shown.append(channel)
    return WallChoice(order, limits[scope](), channel, tuple(shown))


def set_channel(channel: int) -> None:
    """Take a channel from the wall; `choose_wall` checks it."""
    st.session_state["maps_channel"] = max(0, int(channel))
