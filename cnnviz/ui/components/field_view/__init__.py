"""The field of any unit on the picture, following the pointer over the grid of units."""

from collections.abc import Callable
from typing import Any

from cnnviz.analysis.field.receptive_field import Axis, ReceptiveField
from cnnviz.analysis.trace.rows import LayerRow
from cnnviz.data.images import Picture
from cnnviz.ui.components.edit_version import edit_version, received
from cnnviz.ui.components.payload import pack
from cnnviz.ui.components.registry import declare

_mount = declare("field_view")


def field_view(
    row: LayerRow,
    seen: ReceptiveField,
    picture: Picture,
    pinned: tuple[int, int],
    global_text: str,
    key: str,
    on_pin: Callable[[Any], None],
) -> None:
    """Show what the units of a row see.

    Args:
        row: of the trace.
        seen: its receptive field.
        picture: cut and coloured as the network sees it.
        pinned: row and column of the unit that is shown while none is pointed at.
        global_text: what to say if every unit also sees the whole picture; may be empty.
        key: of the component.
        on_pin: gets the unit that was clicked, unchecked.
    """
    fields = {
        "layer": row.layer,
        "size": (picture.height, picture.width),
        "units": row.units,
        "axes": [{"advance": axis.advance, "edges": axis.edges} for axis in seen.axes],
        "pinned": pinned,
        "padded": any(
            _leaves(axis, units, size)
            for axis, units, size in zip(seen.axes, row.units, (picture.height, picture.width), strict=True)
        ),
        "global": global_text and f" {global_text}",
        "picture_text": f"The picture as the network sees it: {picture.name}",
        "edit_version": edit_version(key),
    }

    def chosen() -> None:
        on_pin(received(key, "unit"))

    _mount(data=pack(fields, {"picture": picture.pixels}), key=key, on_unit_change=chosen)


def _leaves(axis: Axis, units: int, size: int) -> bool:
    """Whether any unit's field reaches into the padding."""
    edges = filter(None, map(axis.at, range(units)))
    return any(first < 0 or last >= size for first, last in edges)
