"""The kernels of a network's first convolution."""

import math

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnviz.analysis.layers.filters import Filters
from cnnviz.arrays import Array
from cnnviz.data.images import Picture, encode_png
from cnnviz.figures.filters import filter_limits, filter_rows, filters_figure, filters_pixels
from cnnviz.figures.maps import strongest_unit
from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui import cache
from cnnviz.ui.components.equations import significant
from cnnviz.ui.components.filters import filters_view
from cnnviz.ui.feature_maps.snippets import filters_code
from cnnviz.ui.shell.sidebar import LabContext
from cnnviz.ui.shell.weights import missing_weights_text
from cnnviz.ui.widgets.controls import register_control
from cnnviz.ui.widgets.exports import export_panel
from cnnviz.ui.widgets.feedback import plain

_LOOKS = {"colours": "As coloured pictures", "channels": "Channel by channel"}
_SCOPES = {"all": "All filters", "each": "Each filter its own"}
_MOST = 256
_COLOURS = ("red", "green", "blue")


def show_filters(context: LabContext, side: int, controls: DeltaGenerator) -> None:
    """All filters as a wall, one of them with its numbers beside its feature map."""
    model, picture = context.model, cache.pictures.centre_square(context.picture, side)
    filters = cache.maps.filters_of(model)
    count, inputs = filters.weight.shape[:2]
    with controls:
        colours = _choose_look(inputs)
        together = _choose_scope()
        channel = _choose_filter(count)
    shown = min(count, max(_MOST, channel + 1))
    limits = filter_limits(filters, together)
    filters_view(
        filters,
        cache.maps.layer_run(model, filters.layer, picture).maps.values[channel],
        shown=shown,
        limits=limits,
        selected=channel,
        colours=colours,
        inputs=_COLOURS if inputs == 3 else ("brightness",) if inputs == 1 else _numbered(inputs),
        network=f"{model.label}, {model.weights_label}",
        key="maps_filters",
        on_choose=set_filter,
    )
    st.markdown(filters_text(filters, model, shown, colours))
    note = missing_weights_text()
    if note:
        st.info(note)
    _show_exports(filters, limits, colours, shown, context, picture, channel)


def _choose_look(inputs: int) -> bool:
    """Whether filters are drawn as coloured pictures; only those of three input channels can be."""
    if inputs != 3:
        register_control("filters_look", "colours")
        return False
    look = st.selectbox(
        "Filters on the wall", list(_LOOKS), format_func=_LOOKS.__getitem__,
        key="filters_look", bind="query-params",
        help="As a coloured picture, the three weights of a tap are its red, green and blue; half grey is 0. "
        "Channel by channel: red on top, then green, then blue.",
    )  # fmt: skip
    return look == "colours"


def _choose_scope() -> bool:
    scope = st.selectbox(
        "Colours reach the largest weight of", list(_SCOPES), format_func=_SCOPES.__getitem__,
        key="filters_scope", bind="query-params",
        help="On one scale filters can be compared; on a scale of its own each shows its own pattern.",
    )  # fmt: skip
    return scope == "all"


def _choose_filter(count: int) -> int:
    if st.session_state.get("filters_channel", 0) >= count:
        st.session_state["filters_channel"] = 0
    chosen = st.number_input("Filter", 0, count - 1, 0, key="filters_channel", bind="query-params")
    return min(max(int(chosen), 0), count - 1)


def set_filter(channel: int) -> None:
    """Take a filter from the wall; `_choose_filter` checks it."""
    st.session_state["filters_channel"] = max(0, channel)


def _numbered(inputs: int) -> tuple[str, ...]:
    return tuple(f"input {index}" for index in range(inputs))


def filters_text(filters: Filters, model: ModelSpec, shown: int, colours: bool) -> str:
    """What is on the wall, and how to distinguish random weights from learned ones."""
    count, inputs, height, width = filters.weight.shape
    which = f"all {count:,}" if shown == count else f"the first {shown:,} of {count:,}"
    how = "Half grey is 0." if colours else "Orange is above 0, purple below."
    said = (
        f"**{filters.layer}** has {count:,} filters of {inputs}×{height}×{width} weights, and gives as many "
        f"feature maps; on the wall: {which}. {how} Deviation of all weights "
        f"{significant(filters.deviation)}; He's initialisation for ReLU draws with "
        f"√(2 / {inputs * height * width}) = {significant(filters.he_deviation)}."
    )
    if math.isnan(filters.bends):
        return said
    return (
        f"{said} Neighbouring weights differ {significant(filters.bends)} times as much (mean square) as "
        f"weights drawn one by one would: near 1 is noise, near 0 is smooth. "
        f"Weights: {plain(model.weights_label)}."
    )


def _show_exports(
    filters: Filters,
    limits: Array,
    colours: bool,
    shown: int,
    context: LabContext,
    picture: Picture,
    channel: int,
) -> None:
    model = context.model
    row, column = strongest_unit(cache.maps.layer_run(model, filters.layer, picture).maps.values[channel])
    export_panel(
        f"{model.name}.{filters.layer}_filters",
        filters_code(context.picture, picture.height, model, filters.layer, channel, (row, column)),
        lambda: filters_figure(filters, limits, colours, shown),
        lambda: filter_rows(filters),
        {"Wall as PNG": ("png", lambda: encode_png(filters_pixels(filters, limits, colours, shown)))},
        key="filters",
    )
