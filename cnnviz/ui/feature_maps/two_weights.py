"""One layer with two sets of weights, on one scale."""

from dataclasses import replace

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnviz.analysis.layers.activations import FeatureMaps
from cnnviz.arrays import Array
from cnnviz.figures.pairs import pairs_figure, pairs_rows
from cnnviz.nets.catalog import ModelSpec
from cnnviz.nets.trained import weights_names, weights_source
from cnnviz.nets.weights import is_weights_path
from cnnviz.ui import cache
from cnnviz.ui.components.equations import significant
from cnnviz.ui.components.map_pairs import map_pairs
from cnnviz.ui.feature_maps.controls import choose_layer
from cnnviz.ui.feature_maps.snippets import two_weights_code
from cnnviz.ui.jobs.passes import LayerRun
from cnnviz.ui.shell.sidebar import LabContext
from cnnviz.ui.shell.weights import missing_weights_text
from cnnviz.ui.widgets.controls import readable_name, register_controls
from cnnviz.ui.widgets.exports import export_panel
from cnnviz.ui.widgets.feedback import plain
from cnnviz.ui.widgets.predictions import likeliest

_RANDOM = "random"
_ORDERS = {"difference": "Largest difference", "index": "Index"}
_MOST, _FEWEST = 48, 12
_VALUES = 1_500_000


@np.errstate(invalid="ignore", over="ignore")  # a network may overflow
def show_two_weights(context: LabContext, side: int, controls: DeltaGenerator) -> None:
    """The same channels of one layer in pairs: left the sidebar's weights, right others."""
    model = context.model
    with controls:
        choice = choose_layer(model, side)
        other = _choose_other(model)
        order = st.selectbox(
            "Sort by", list(_ORDERS), format_func=_ORDERS.__getitem__, key="two_order", bind="query-params"
        )
    picture = cache.pictures.centre_square(context.picture, side)
    layer = choice.layer.layer
    runs = tuple(cache.maps.layer_run(spec, layer, picture) for spec in (model, other))
    left, right = (run.maps for run in runs)
    channels = ranked(left, right, order)
    shown = channels[: _fitting(left)]
    limit = max(left.limit, right.limit)
    names = (model.weights_label, other.weights_label)
    map_pairs(
        left.values[shown],
        right.values[shown],
        channels=[int(channel) for channel in shown],
        limit=limit,
        names=names,
        shown=f"{model.label}, {layer}, {picture.name}, {order}",
        key="maps_pairs",
    )
    st.markdown(_pairs_text(model, other, len(shown), left.channels))
    st.markdown(table_text((model, other), runs))
    for note in filter(None, (missing_weights_text(), *{run.note for run in runs})):
        st.info(note)
    export_panel(
        f"{model.name}.{layer}_two",
        two_weights_code(context.picture, side, model, other, layer),
        lambda: pairs_figure(left, right, shown[:_FEWEST], names),
        lambda: pairs_rows(left, right, channels),
        key="two",
    )


def _choose_other(model: ModelSpec) -> ModelSpec:
    """Other weights of the same network: random ones, or trained ones that are there."""
    there = [name for name in weights_names(model.name) if weights_source(model.name, name).is_there]
    own = model.weights if model.weights is not None and is_weights_path(model.weights) else None
    trained = [name for name in there if own is None or _equally_wide(model.name, name, own)]
    offered = [_RANDOM, *trained]
    first = offered.index(trained[0]) if trained and model.weights is None else 0
    chosen = st.selectbox(
        "Compared with",
        offered,
        index=first,
        format_func=lambda name: readable_name(
            name if name == _RANDOM else weights_source(model.name, name).label
        ),
        key="two_weights",
        bind="query-params",
    )
    if chosen != _RANDOM:
        register_controls({"two_seed": 1})
        return ModelSpec(model.name, chosen)
    seed = st.number_input("Its seed", 0, 999, 1, key="two_seed", bind="query-params")
    if trained != there:
        st.caption(
            "The trained weights that come with cnnviz have another width, so they make no pairs with these."
        )
    return replace(model, weights=None, seed=int(seed), like=own)


def _equally_wide(name: str, weights: str, own: str) -> bool:
    return weights_source(name, weights).channels == weights_source(name, own).channels


def ranked(left: FeatureMaps, right: FeatureMaps, order: str) -> Array:
    """Channels by index, or those first that differ most on average."""
    if order == "index":
        return np.arange(left.channels)
    return np.argsort(-np.abs(left.values - right.values).mean((1, 2)), kind="stable")


def _fitting(maps: FeatureMaps) -> int:
    """How many pairs are shown: fewer of large maps, so that they travel quickly."""
    return min(_MOST, max(_FEWEST, _VALUES // (2 * int(maps.values[0].size))))


def _pairs_text(model: ModelSpec, other: ModelSpec, shown: int, channels: int) -> str:
    if model == other:
        return "**Both sides have the same weights**, so they agree in every value. Choose another seed."
    pairs = f"{shown:,} of {channels:,} channels are shown. " if shown < channels else ""
    return (
        f"{pairs}All maps are on one scale. The number over a pair is its channel. Networks that began from "
        "different random numbers have nothing else in common: channel 3 of one does not look for what "
        "channel 3 of the other looks for. Compare the two as wholes."
    )


def table_text(specs: tuple[ModelSpec, ModelSpec], runs: tuple[LayerRun, ...]) -> str:
    """Numbers that tell two weight sets apart, as a table."""
    columns = [_numbers(spec, run) for spec, run in zip(specs, runs, strict=True)]
    labels = (plain(spec.weights_label) for spec in specs)
    heads = " | ".join(f"{side}: {label}" for side, label in zip(("Left", "Right"), labels, strict=True))
    rows = [f"| {name} | {columns[0][name]} | {columns[1][name]} |" for name in columns[0]]
    return "\n".join([f"| This layer | {heads} |", "|---|---|---|", *rows])


def _numbers(spec: ModelSpec, run: LayerRun) -> dict[str, str]:
    maps = run.maps
    best = likeliest(run.probabilities, spec, 1)
    prediction = f"{plain(best[0].name)}, {best[0].number}" if best else "none: its scores are not finite"
    worth = "" if not best or spec.weights is not None else ", which means nothing"
    return {
        "Channels nowhere above 0": f"{int(maps.dead.sum()):,} of {maps.channels:,}",
        "Values that are exactly 0": f"{100 * float(maps.sparsity.mean()):.3g} %",
        "Mean magnitude": significant(float(np.abs(maps.values).mean())),
        "Largest magnitude": significant(maps.limit),
        "Prediction": f"{prediction}{worth}",
    }
