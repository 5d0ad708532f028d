"""Small matrices side by side as figure and table for export."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from cnnviz.arrays import Array
from cnnviz.figures.panels import colour_map
from cnnviz.figures.tables import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GridKind = Literal["input", "weight", "activation"]

_CELL_INCHES = 0.34
_DARK = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A small matrix of numbers.

    Attributes:
        title: of the grid.
        values: (H, W).
        kind: "input" for greys, else the diverging scale of that name.
        ends: the inputs drawn black and white.
    """

    title: str
    values: Array
    kind: GridKind
    ends: tuple[float, float] = (0.0, 1.0)


def grid_rows(grids: Sequence[Grid]) -> list[Row]:
    """One table row per number."""
    return [
        {"grid": grid.title, "row": row, "column": column, "value": float(value)}
        for grid in grids
        for (row, column), value in np.ndenumerate(grid.values)
    ]


def grids_figure(grids: Sequence[Grid]) -> "Figure":
    """The grids side by side, each cell labelled with two decimals."""
    from matplotlib.figure import Figure

    widths = [grid.values.shape[1] for grid in grids]
    tallest = max(grid.values.shape[0] for grid in grids)
    size = (sum(widths) + len(grids)) * _CELL_INCHES, (tallest + 2) * _CELL_INCHES
    figure = Figure(figsize=size, dpi=200, layout="constrained")
    places = figure.subplots(1, len(grids), width_ratios=widths, squeeze=False)[0]
    for place, grid in zip(places, grids, strict=True):
        _draw(place, grid)
    return figure


def _draw(place: "Axes", grid: Grid) -> None:
    from matplotlib import colormaps

    values = np.where(np.isfinite(grid.values), grid.values, 0)
    if grid.kind == "input":
        low, high = grid.ends
        colours = colormaps["gray"]
    else:
        high = float(np.abs(values).max()) or 1.0
        low, colours = -high, colour_map(grid.kind)
    image = place.pcolormesh(values, cmap=colours, vmin=low, vmax=high, edgecolors="#999999", linewidth=0.3)
    place.set_title(f"{grid.title} {values.shape[0]}×{values.shape[1]}", fontsize=8)
    place.set_aspect("equal")
    place.set_anchor("N")
    place.invert_yaxis()
    place.set_axis_off()
    for (row, column), value in np.ndenumerate(grid.values):
        red, green, blue, _ = image.to_rgba(values[row, column])
        dark = 0.299 * red + 0.587 * green + 0.114 * blue < _DARK
        text = f"{value + 0.0:.2f}".replace("-", "−")
        colour = "white" if dark else "black"
        place.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=5.5, color=colour)
