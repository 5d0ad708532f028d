"""The receptive field lab: which network, input size and layer, and what a unit sees of the picture."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from cnnviz.analysis.effective_field import middle
from cnnviz.analysis.field.receptive_field import ReceptiveField
from cnnviz.analysis.trace.rows import LayerRow, Trace
from cnnviz.data.images import Picture
from cnnviz.errors import CnnvizError
from cnnviz.figures.field_boxes import Box, box_figure
from cnnviz.figures.field_growth import rows_with_field
from cnnviz.nets.catalog import ModelSpec
from cnnviz.nets.inputs import as_seen
from cnnviz.ui import cache
from cnnviz.ui.components.field_view import field_view
from cnnviz.ui.receptive_field.facts import ask_about_next_layer, global_text, show_box_facts
from cnnviz.ui.receptive_field.snippets import box_code
from cnnviz.ui.shell.input_size import choose_side
from cnnviz.ui.widgets.exports import export_panel

SIDES = (32, 64, 96, 128, 160, 224, 299, 384)
_UNIT = "rf_unit"
_LAYER, _DEFAULT = "rf_layer", "_rf_layer_default"


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """A network traced at one input size, and one of its rows that have a field."""

    spec: ModelSpec
    found: Trace
    rows: tuple[LayerRow, ...]
    row: LayerRow

    @property
    def side(self) -> int:
        """Of the square input, in pixels."""
        return self.found.input_shape[2]

    @property
    def seen(self) -> ReceptiveField:
        """The row's field."""
        assert self.row.receptive_field is not None
        return self.row.receptive_field

    def box(self, unit: tuple[int, int]) -> Box:
        """First and last row, first and last column that a unit sees."""
        rows, columns = self.seen.box(*unit)
        return rows, columns


def choose_row(spec: ModelSpec, offered: Callable[[LayerRow], bool], left_out: str = "") -> FieldChoice:
    """Input size and layer, from the first operation with a field to the last.

    Args:
        spec: the network.
        offered: whether a row with a field can be chosen.
        left_out: a sentence on the rows that cannot.

    Raises:
        CnnvizError: if the network does not take the size, or has no map with a field.
    """
    found = cache.networks.traced(spec.name, choose_side(spec, SIDES, "rf_side"), spec.weights)
    last, rows = found.last_map, rows_with_field(found)
    names = [row.layer for row in rows if offered(row)]
    _follow_default(names, last.layer)
    chosen = st.select_slider(
        "Layer, by depth", names, last.layer, key=_LAYER, bind="query-params",
        help="Every operation that gives maps, in the order in which they run. At first it is the "
        f"last map before global pooling or flattening. {left_out}",
    )  # fmt: skip
    return FieldChoice(spec, found, rows, found[chosen])


def _follow_default(names: list[str], default: str) -> None:
    """Forget a layer that this network does not have, or that was chosen as another one's last map."""
    before = st.session_state.get(_DEFAULT, default)
    chosen = st.session_state.get(_LAYER, default)
    if chosen not in names or (chosen == before and before != default):
        del st.session_state[_LAYER]
    st.session_state[_DEFAULT] = default


def choose_unit(choice: FieldChoice) -> tuple[int, int]:
    """The pinned unit, typed or clicked; the one in the middle at first."""
    rows, columns = choice.row.units
    text = st.text_input(
        "Pinned unit: row, column", key=_UNIT, bind="query-params", placeholder="the one in the middle",
        help=f"{choice.row.layer} has {rows}×{columns} units, counted from 0. "
        "A click on the grid pins one, too.",
    )  # fmt: skip
    try:
        return unit_from_text(text, choice.row)
    except CnnvizError as error:
        st.markdown(f":material/error: {error}")
        return middle(choice.row)


def unit_from_text(text: str, row: LayerRow) -> tuple[int, int]:
    """Read "3, 4"; a unit beyond the map's end becomes the last one, and nothing the one in the middle.

    Raises:
        CnnvizError: if it is not two whole numbers.
    """
    if not text.strip():
        return middle(row)
    found = re.fullmatch(r"\s*(\d{1,6})\s*[,; ]\s*(\d{1,6})\s*", text)
    if found is None:
        raise CnnvizError("Type a row and a column, such as 3, 4. Here is the unit in the middle.")
    at = [min(int(index), units - 1) for index, units in zip(found.groups(), row.units, strict=True)]
    return at[0], at[1]


def pin_unit(unit: object) -> None:
    """Take a unit from the grid; `choose_unit` checks it."""
    if isinstance(unit, list) and len(unit) == 2:
        st.session_state[_UNIT] = f"{int(unit[0])}, {int(unit[1])}"


def show_box(choice: FieldChoice, picture: Picture, unit: tuple[int, int]) -> None:
    """The field of any unit on the picture, its numbers, and what else is to be said of it."""
    seen, row = choice.seen, choice.row
    shown = as_seen(cache.pictures.centre_square(picture, choice.side), choice.spec.name)
    field_view(row, seen, shown, unit, global_text(row), "rf_boxes", pin_unit)
    show_box_facts(choice.found, choice.rows, row, unit)
    ask_about_next_layer(row)
    shape = choice.found.input_shape
    title = f"{choice.spec.label} {row.layer}: unit {unit[0]}, {unit[1]}"
    export_panel(
        "receptive_field",
        box_code(choice.spec, shape, row.layer, unit),
        lambda: box_figure(shown.pixels, choice.box(unit), title),
        choice.found.records,
    )
