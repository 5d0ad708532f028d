"""Panels: pictures and maps side by side, and their figure for export."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from cnnviz.arrays import Array
from cnnviz.figures.theme import ScaleName, scale
from cnnviz.ops.geometry import Window

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

PanelKind = Literal["picture", "signed", "weight", "count"]
_INCHES = 2.6


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One picture or map.

    Attributes:
        title: of the panel.
        values: float (C, H, W); one channel for a map, three for a coloured picture.
        kind: "picture" for colours, "signed" for the diverging scale of activations, "weight" for that of
            weights, "count" for a sequential scale.
        limit: end of the colour scale; by default 1 for a picture, else the largest magnitude.
        words: a caption.
        size: text beside the title; by default height×width.
        least: counts above 0 are coloured as at least this share of the limit, to be visible.
        window: the windows on the first panel that produce this map; hovering then marks them exactly.

    NaN marks values outside the map.
    """

    title: str
    values: Array
    kind: PanelKind = "picture"
    limit: float | None = None
    words: str = ""
    size: str = ""
    least: float = 0.0
    window: Window | None = None

    @property
    def size_label(self) -> str:
        """The text beside the title."""
        return self.size or f"{self.shape[0]}×{self.shape[1]}"

    @property
    def scale_limit(self) -> float:
        """End of the colour scale."""
        if self.limit is not None:
            return self.limit
        return 1.0 if self.kind == "picture" else float(np.nanmax(np.abs(self.values)))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.values.shape[1], self.values.shape[2]


def panels_figure(panels: Sequence[Panel], per_row: int = 4) -> "Figure":
    """The panels in rows on white, each map with its colour bar."""
    from matplotlib.figure import Figure

    rows, columns = math.ceil(len(panels) / per_row), min(len(panels), per_row)
    figure = Figure(figsize=(columns * _INCHES, rows * _INCHES * 1.15), dpi=200, layout="constrained")
    places = figure.subplots(rows, columns, squeeze=False).ravel()
    for place in places:
        place.set_axis_off()
        place.set_anchor("N")
    for place, panel in zip(places, panels, strict=False):
        _draw(place, panel)
    return figure


def _draw(place: "Axes", panel: Panel) -> None:
    height, width = panel.shape
    place.set_title(f"{panel.title}\n{panel.size_label}", fontsize=8)
    if panel.kind == "picture":
        if panel.scale_limit != 1:
            place.set_title(f"{panel.title}\n{height}×{width}, white is {panel.scale_limit:.4g}", fontsize=8)
        values = np.broadcast_to(panel.values, (3, height, width)).transpose(1, 2, 0) / panel.scale_limit
        place.imshow(values.clip(0, 1), interpolation="none")
        return
    name: ScaleName = "activation" if panel.kind == "signed" else panel.kind
    limit = panel.scale_limit or 1.0
    values = panel.values[0]
    coloured = np.where(values > 0, np.maximum(values, panel.least * limit), values)
    image = place.imshow(coloured, cmap=colour_map(name), vmin=-limit, vmax=limit, interpolation="none")
    bar = place.figure.colorbar(
        image, ax=place, orientation="horizontal", shrink=0.8, pad=0.03, panchor=False
    )
    bar.ax.set_xlim(0 if panel.kind == "count" else -limit, limit)
    bar.set_ticks([0, limit] if panel.kind == "count" else [-limit, 0, limit])
    bar.ax.tick_params(labelsize=6)


def colour_map(name: ScaleName) -> "Colormap":
    """A colour scale of the app, for light pages, as a Matplotlib colour map."""
    from matplotlib.colors import ListedColormap

    return ListedColormap(scale(name).colours / 255)
