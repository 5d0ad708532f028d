"""One unit of the layer on the wall: which is pinned, and its whole story."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from cnnviz.analysis.layers.summaries import LayerSummary
from cnnviz.analysis.unit.story import UnitStory
from cnnviz.data.images import Picture
from cnnviz.errors import CnnvizError
from cnnviz.figures.unit_tables import sum_rows
from cnnviz.nets.catalog import ModelSpec
from cnnviz.nets.inputs import as_seen
from cnnviz.ui import cache
from cnnviz.ui.components.unit_story import DisplayedStory, Unit, unit_story
from cnnviz.ui.feature_maps.controls import set_channel, set_layer
from cnnviz.ui.feature_maps.unit_snippet import unit_story_code
from cnnviz.ui.widgets.exports import export_panel

_DIGITS = 9
_KEYS = ("maps_row", "maps_column")
_OPENED = "_maps_opened"
_HINT = (
    "Click a unit of the large map, or choose one there with the arrow keys and Enter, to see how it came "
    "by its value."
)


@dataclass(frozen=True, slots=True)
class MapOnScreen:
    """The large map of the wall.

    Attributes:
        model: the network.
        picture: the whole picture, and `square`, what of it the network is shown.
        layers: all layers of the network.
        layer: on the wall.
        shape: (channels, rows, columns) of its maps.
        channel: shown large.
    """

    model: ModelSpec
    picture: Picture
    square: Picture
    layers: Sequence[LayerSummary]
    layer: str
    shape: tuple[int, int, int]
    channel: int

    def unit(self) -> tuple[int, int] | None:
        """Row and column of the pinned unit; None if nothing is pinned, or the map has no such unit."""
        row, column = (asked_number(key) for key in _KEYS)
        if row is None or column is None:
            return None
        return (row, column) if row < self.shape[1] and column < self.shape[2] else None

    def find(self, layer: str, place: tuple[int, ...]) -> Unit | None:
        """The unit at some place of a layer's output, where that layer can be opened."""
        found = next((each for each in self.layers if each.layer == layer), None)
        if found is None or found.channel_axis is None or len(place) != len(found.output_shape):
            return None
        if any(at >= size for at, size in zip(place, found.output_shape, strict=True)):
            return None
        rest = [at for axis, at in enumerate(place) if axis != found.channel_axis]
        return layer, place[found.channel_axis], rest[0], rest[1]


def asked_number(key: str) -> int | None:
    """A number of a few digits from its control, or, before that is drawn, from the link."""
    found = str(st.session_state.get(key, st.query_params.get(key)))
    return int(found) if found.isdecimal() and len(found) <= _DIGITS else None


def pin(unit: Any) -> None:
    """Pin a unit of the wall; None unpins. `MapOnScreen.unit` checks it."""
    row, column = unit or (None, None)
    st.session_state["maps_row"] = None if row is None else max(0, int(row))
    st.session_state["maps_column"] = None if column is None else max(0, int(column))


def open_unit(unit: Sequence[Any]) -> None:
    """Show the layer of a unit of the story, with that unit pinned."""
    layer, channel, row, column = unit
    set_layer(str(layer))
    set_channel(channel)
    pin((row, column))
    st.session_state[_OPENED] = True


@st.fragment
def show_unit(shown: MapOnScreen) -> None:
    """Show the pinned unit's row and column, its story, and the story's exports."""
    if st.session_state.pop(_OPENED, False):
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _choose_unit()
    unit = shown.unit()
    story = _story(shown, unit)
    displayed = (
        story
        if isinstance(story, str)
        else DisplayedStory(story, as_seen(shown.square, shown.model.name), shown.find)
    )
    unit_story(
        displayed, shown.layer, unit, wall_key="maps_wall", key="maps_story", on_pin=pin, on_open=open_unit
    )
    if isinstance(story, UnitStory):
        _show_exports(shown, story)


def _choose_unit() -> None:
    """Without limits: with others the browser would forget the values when the layer changes."""
    for label, key in (("Row of the pinned unit", "maps_row"), ("Column", "maps_column")):
        st.number_input(
            label,
            min_value=0,
            value=None,
            step=1,
            key=key,
            bind="query-params",
            placeholder="none",
            width=160,
        )
    nothing = asked_number("maps_row") is None and asked_number("maps_column") is None
    st.button("Unpin", key="maps_unpin", on_click=pin, args=(None,), disabled=nothing)


def _story(shown: MapOnScreen, unit: tuple[int, int] | None) -> UnitStory | str:
    """The story of the pinned unit, or why there is none."""
    if unit is None:
        return no_story_text(asked_number("maps_row"), asked_number("maps_column"), shown.layer, shown.shape)
    try:
        stories = cache.maps.stories(shown.model, shown.layer, shown.square)
        if stories.shape != shown.shape:
            return f"How a unit of {shown.layer} is computed is not told: its maps stand otherwise in it."
        return stories.unit(shown.channel, *unit)
    except CnnvizError as error:
        return str(error)


def no_story_text(row: int | None, column: int | None, layer: str, shape: tuple[int, int, int]) -> str:
    """What to do for a story, or why the unit that a link names has none."""
    if row is None and column is None:
        return _HINT
    if row is None or column is None:
        return "A unit has a row and a column; one of them is missing, so nothing is pinned."
    return (
        f"{layer} has no unit in row {row:,}, column {column:,}: its maps have rows 0 to {shape[1] - 1} and "
        f"columns 0 to {shape[2] - 1}. So nothing is pinned."
    )


def _show_exports(shown: MapOnScreen, story: UnitStory) -> None:
    place = story.channel, story.row, story.column
    rows = sum_rows(story)
    export_panel(
        f"{shown.model.name}.{shown.layer}.{'.'.join(map(str, place))}",
        unit_story_code(shown.picture, shown.square.height, shown.model, shown.layer, place),
        table=(lambda: rows) if rows else None,
        key="maps_unit",
        title="Code and files of this unit",
    )
