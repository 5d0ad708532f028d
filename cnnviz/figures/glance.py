"""A network at a glance as figure and table for export."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.analysis.glance import Column, ColumnMaps, Glance
from cnnviz.analysis.trace.rows import times
from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.figures.panels import colour_map
from cnnviz.figures.tables import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MAPS = 8


def glance_figure(columns: Sequence[Column], seen: Glance, picture: Picture) -> "Figure":
    """The picture, then one column of maps per layer, on white."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.0 + 0.75 * len(columns), 7.5), dpi=200, layout="constrained")
    places = figure.subplots(1, len(columns) + 1, squeeze=False)[0]
    for place in places:
        place.set_axis_off()
        place.set_anchor("N")
    places[0].imshow(picture.pixels)
    places[0].set_title(f"Picture\n{picture.height}×{picture.width}", fontsize=6)
    for place, column, maps in zip(places[1:], columns, seen.columns, strict=True):
        _draw(place, column, maps)
    return figure


def _draw(place: "Axes", column: Column, maps: ColumnMaps) -> None:
    limit = maps.limit or 1.0
    name = column.summary.layer.rpartition(".")
    title = f"{name[0]}\n{name[2]}" if name[0] else f"\n{name[2]}"
    place.set_title(f"{title}\n{times(column.summary.output_shape)}", fontsize=5)
    stacked = _stacked(maps.maps[:_MAPS]) if column.is_maps else np.asarray(maps.maps[0])
    place.imshow(
        stacked,
        cmap=colour_map("activation"),
        vmin=-limit,
        vmax=limit,
        interpolation="none",
        aspect="equal" if column.is_maps else "auto",
    )


def _stacked(maps: Array) -> Array:
    """Maps stacked vertically, separated by NaN."""
    gap = max(1, maps.shape[1] // 16)
    padded = np.pad(maps, ((0, 0), (0, gap), (0, 0)), constant_values=np.nan)
    return np.asarray(padded.reshape(-1, maps.shape[2])[:-gap])


def glance_rows(columns: Sequence[Column], seen: Glance) -> list[Row]:
    """One table row per channel shown; one for a vector or tokens."""
    return [
        {
            "layer": column.summary.layer,
            "operation": column.summary.description,
            "output": times(column.summary.output_shape),
            "channel": int(maps.channels[place]) if column.is_maps else "",
            "place": place + 1,
            "mean magnitude": float(maps.strength[place]),
            "minimum": float(maps.minimum[place]),
            "maximum": float(maps.maximum[place]),
        }
        for column, maps in zip(columns, seen.columns, strict=True)
        for place in range(len(maps.strength))
    ]
