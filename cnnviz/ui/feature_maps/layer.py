"""One layer of a network: all its channels as a wall of maps."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnviz.analysis.trace.rows import LayerRow
from cnnviz.errors import CnnvizError
from cnnviz.figures.channels import channel_bars, channel_rows
from cnnviz.figures.downloads import maps_npz, wall_png
from cnnviz.figures.maps import map_limits
from cnnviz.nets.catalog import ModelSpec
from cnnviz.nets.inputs import as_seen
from cnnviz.ui import cache
from cnnviz.ui.components.bar_list import bar_list
from cnnviz.ui.components.layer_tree import layer_tree
from cnnviz.ui.components.map_wall import map_wall
from cnnviz.ui.feature_maps.controls import (
    LayerChoice,
    WallChoice,
    choose_layer,
    choose_wall,
    set_channel,
    set_layer,
)
from cnnviz.ui.feature_maps.snippets import feature_maps_code
from cnnviz.ui.feature_maps.texts import dead_text, left_out_text, no_maps_text
from cnnviz.ui.feature_maps.unit import MapOnScreen, show_unit
from cnnviz.ui.jobs.passes import LayerRun
from cnnviz.ui.shell.sidebar import LabContext
from cnnviz.ui.shell.weights import missing_weights_text
from cnnviz.ui.widgets.controls import lazy_expander
from cnnviz.ui.widgets.exports import export_panel
from cnnviz.ui.widgets.predictions import is_tie, likeliest, prediction_text


def show_layer(context: LabContext, side: int, controls: DeltaGenerator) -> None:
    """Layers on the left, the wall of maps on the right."""
    model = context.model
    with controls:
        choice = choose_layer(model, side)
        layer_tree(choice.layers, choice.layer.layer, "maps_tree", set_layer, no_maps_text)
    picture = cache.pictures.centre_square(context.picture, choice.side)
    run = cache.maps.layer_run(model, choice.layer.layer, picture)
    wall = choose_wall(run.maps, lambda: cache.maps.network_limit(model, picture))
    channels, rows, columns = run.maps.values.shape
    shown = MapOnScreen(
        model,
        context.picture,
        picture,
        choice.layers,
        choice.layer.layer,
        (channels, rows, columns),
        wall.channel,
    )
    map_wall(
        run.maps,
        as_seen(picture, model.name),
        shown=wall.shown,
        limits=map_limits(run.maps.values, wall.limit),
        selected=wall.channel,
        dead_text=dead_text(run.maps),
        row=_traced(model, choice),
        pinned=shown.unit(),
        key="maps_wall",
        on_choose=set_channel,
    )
    if len(wall.shown) < run.maps.channels:
        st.markdown(left_out_text(len(wall.shown), run.maps.channels, wall.order))
    show_unit(shown)
    render_summary(run, model)
    show_exports(run, choice, wall, context)


def _traced(model: ModelSpec, choice: LayerChoice) -> LayerRow | None:
    """The layer in the trace; None if it is not there, or the network cannot be traced."""
    try:
        return cache.networks.traced(model.name, choice.side, model.weights)[choice.layer.layer]
    except CnnvizError:
        return None


def render_summary(run: LayerRun, model: ModelSpec) -> None:
    """Show the dead channels, the prediction, and a note if it ran on another device than planned."""
    silent = int(run.maps.dead.sum())
    st.markdown(dead_text(run.maps, silent, run.maps.channels))
    st.markdown(prediction_text(run.probabilities, model))
    bars = likeliest(run.probabilities, model)
    if bars and not is_tie(run.probabilities):
        bar_list(bars, "The likeliest classes", "maps_prediction")
    for note in filter(None, (missing_weights_text(), run.note)):
        st.info(note)


def show_exports(run: LayerRun, choice: LayerChoice, wall: WallChoice, context: LabContext) -> None:
    """The channels compared, the code, and the maps as files."""
    model, layer = context.model, choice.layer.layer
    compared = lazy_expander("Channels compared", "maps_compared")
    if compared is not None:
        compared.plotly_chart(channel_bars(run.maps, wall.order), config={"displayModeBar": False})
    export_panel(
        f"{model.name}.{layer}",
        feature_maps_code(context.picture, choice.side, model, layer),
        table=lambda: channel_rows(run.maps, wall.order),
        more={
            "Maps as NPZ": ("npz", lambda: maps_npz(run.maps)),
            "Wall as PNG": ("png", lambda: wall_png(run.maps, wall.order, wall.limit)),
        },
        key="maps",
    )
