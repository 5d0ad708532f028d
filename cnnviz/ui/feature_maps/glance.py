"""A whole network on one screen, from the picture to the prediction."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnviz.analysis.glance import Glance, GlanceColumns
from cnnviz.analysis.trace.rows import times
from cnnviz.data.images import Picture
from cnnviz.figures.glance import glance_figure, glance_rows
from cnnviz.nets.catalog import ModelSpec, catalog_entry
from cnnviz.nets.inputs import as_seen
from cnnviz.ui import cache
from cnnviz.ui.components.glance import glance_view
from cnnviz.ui.feature_maps.glance_quiz import ask_about_size
from cnnviz.ui.feature_maps.glance_texts import (
    HOW_TO_READ,
    TOP,
    column_texts,
    left_out_text,
    worth_text,
)
from cnnviz.ui.feature_maps.snippets import glance_code
from cnnviz.ui.feature_maps.unit import asked_number
from cnnviz.ui.shell.sidebar import LabContext
from cnnviz.ui.shell.weights import missing_weights_text
from cnnviz.ui.widgets.controls import register_controls, set_control
from cnnviz.ui.widgets.exports import export_panel
from cnnviz.ui.widgets.predictions import likeliest


def show_glance(context: LabContext, side: int, controls: DeltaGenerator) -> None:
    """A column a layer, the prediction behind the last; a click opens the layer."""
    model, picture = context.model, cache.pictures.centre_square(context.picture, side)
    _register_layer_controls(model, side)
    columns = cache.networks.glance_columns_of(model.name, side, model.weights)
    run = cache.maps.glance_run(model, picture)
    seen = as_seen(picture, model.name)
    bars = likeliest(run.seen.probabilities, model, TOP)
    glance_view(
        columns.shown,
        run.seen,
        seen,
        texts=[column_texts(c, m) for c, m in zip(columns.shown, run.seen.columns, strict=True)],
        network=f"{model.label}, {model.weights_label}, {side}×{side}",
        input_shape=times((catalog_entry(model.name).input_shape[1], side, side)),
        classes=[(bar.name, bar.share, bar.number) for bar in bars],
        prediction_text=worth_text(run.seen, model),
        key="maps_glance",
        on_open=open_layer,
    )
    with controls:
        for note in filter(None, (missing_weights_text(), run.note)):
            st.info(note)
        st.markdown(" ".join(filter(None, (HOW_TO_READ, left_out_text(columns)))))
        ask_about_size(model, side, columns.shown)
        _show_exports(columns, run.seen, seen, context, side)


def _show_exports(
    columns: GlanceColumns, seen: Glance, picture: Picture, context: LabContext, side: int
) -> None:
    model = context.model
    export_panel(
        f"{model.name}_glance",
        glance_code(context.picture, side, model, [column.summary.module for column in columns.shown]),
        lambda: glance_figure(columns.shown, seen, picture),
        lambda: glance_rows(columns.shown, seen),
        key="maps_glance",
    )


def open_layer(layer: str, channel: int | None) -> None:
    """Show a layer, and a channel of it, in the view of one layer."""
    set_control("maps_view", "layer")
    set_control("maps_layer", layer)
    set_control("maps_channel", max(0, channel or 0))


def _register_layer_controls(model: ModelSpec, side: int) -> None:
    """The layer and the channel that a click will set go into the link."""
    layers = cache.networks.layers_of(model.name, side, model.weights)
    first = next(layer.layer for layer in layers if layer.has_maps and layer.kind == "convolution")
    register_controls(
        {
            "maps_layer": st.query_params.get("maps_layer", first),
            "maps_channel": asked_number("maps_channel") or 0,
        }
    )
