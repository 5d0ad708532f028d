"""Receptive fields on the picture: a unit's box; effective against theoretical field."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from cnnviz.analysis.field.receptive_field import Edges
from cnnviz.arrays import Array
from cnnviz.figures.theme import ACCENT, plain_layout

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

Box = tuple[Edges, Edges]
_CLEAR = "rgba(42, 148, 141, 0)"
_LINE = "rgba(128, 128, 128, 0.95)"
_AROUND = 0.75


def box_figure(pixels: Array, box: Box, title: str) -> "Figure":
    """A picture, uint8 (H, W, 3), with a unit's receptive field; the part in the padding is hatched."""
    figure, (axes,) = _figure()
    height, width = pixels.shape[:2]
    axes.imshow(pixels, interpolation="none", zorder=2)
    _rectangle(axes, box, fill=False, edgecolor=ACCENT, linewidth=2, zorder=3)
    _rectangle(axes, box, facecolor="none", edgecolor="grey", hatch="//", linewidth=0, zorder=1)
    axes.set(**_limits(box, height, width), title=title, xlabel="Column (pixels)", ylabel="Row (pixels)")
    return figure


def effective_figure(fields: Mapping[str, tuple[Array, Box, Box]]) -> "Figure":
    """Effective fields side by side on white; title → mass, theoretical box, box with most of the mass."""
    figure, places = _figure(len(fields))
    for axes, (title, (mass, box, held)) in zip(places, fields.items(), strict=True):
        _draw_effective(axes, mass, box, held, title)
    return figure


def _draw_effective(axes: "Axes", mass: Array, box: Box, held: Box, title: str) -> None:
    height, width = mass.shape
    axes.imshow(np.sqrt(mass / mass.max()), cmap=_ramp(), vmin=0, vmax=1, interpolation="none")
    _rectangle(axes, ((0, height - 1), (0, width - 1)), fill=False, edgecolor="grey")
    _rectangle(axes, box, fill=False, edgecolor="black", linewidth=1.5)
    _rectangle(axes, held, fill=False, edgecolor="black", linestyle=":", linewidth=1.5)
    axes.set(**_limits(box, height, width), title=title, xlabel="Column (pixels)", ylabel="Row (pixels)")


def effective_chart(mass: Array, box: Box, held: Box, share: float) -> go.Figure:
    """A heat map of an effective field with its boxes; square-root colour scale to show the tails."""
    height, width = mass.shape
    percent = 100 * mass / mass.max()
    figure = go.Figure(
        go.Heatmap(
            z=np.sqrt(mass / mass.max()).astype(np.float32),
            customdata=percent.astype(np.float32),
            zmin=0,
            zmax=1,
            colorscale=[[0, _CLEAR], [1, ACCENT]],
            showscale=False,
            hovertemplate="row %{y}, column %{x}: %{customdata:.3g} % of the strongest pixel<extra></extra>",
        )
    )
    limits = _limits(box, height, width)
    picture = ((0, height - 1), (0, width - 1))
    _outline(figure, picture, "dash", 1.5)
    _outline(figure, box, "solid", 2)
    _outline(figure, held, "dot", 2)
    _label(figure, width - 0.5, height - 0.5, "the picture", "bottom", "right")
    if box[0] and box[1]:
        corner = max(box[1][0] - 0.5, limits["xlim"][0]), max(box[0][0] - 0.5, limits["ylim"][1])
        beyond = box[1][0] < limits["xlim"][0] and box[0][0] < limits["ylim"][1]
        _label(figure, *corner, "theoretical: beyond this view" if beyond else "theoretical", "top")
    if held[0] and held[1]:
        _label(figure, held[1][0] - 0.5, held[0][1] + 0.5, f"{100 * share:g} % of the mass", "top")
    figure.update_layout(plain_layout("Column (pixels)", "Row (pixels)", height=400))
    figure.update_xaxes(range=limits["xlim"], constrain="domain", showgrid=False, zeroline=False)
    figure.update_yaxes(range=limits["ylim"], scaleanchor="x", showgrid=False, zeroline=False)
    return figure


def _outline(figure: go.Figure, box: Box, dash: str, width: float) -> None:
    rows, columns = box
    if rows and columns:
        figure.add_shape(
            type="rect", x0=columns[0] - 0.5, x1=columns[1] + 0.5, y0=rows[0] - 0.5, y1=rows[1] + 0.5,
            line={"color": _LINE, "dash": dash, "width": width},
        )  # fmt: skip


def _label(figure: go.Figure, x: float, y: float, words: str, vertical: str, side: str = "left") -> None:
    figure.add_annotation(x=x, y=y, text=words, showarrow=False, xanchor=side, yanchor=vertical)


def _limits(box: Box, height: int, width: int) -> dict[str, tuple[float, float]]:
    """Axis limits: the picture and the box, up to 3/4 of a picture beyond it; row 0 on top."""

    def span(edges: Edges, size: int) -> tuple[float, float]:
        first, last = edges or (0, size - 1)
        around = _AROUND * size
        return max(min(0, first), -around) - 1.5, min(max(size - 1, last), size - 1 + around) + 1.5

    rows, columns = span(box[0], height), span(box[1], width)
    return {"xlim": columns, "ylim": (rows[1], rows[0])}


def _figure(places: int = 1) -> "tuple[Figure, Sequence[Axes]]":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6 * places, 4.6), dpi=200, layout="constrained")
    return figure, figure.subplots(1, places, squeeze=False)[0]


def _rectangle(axes: "Axes", box: Box, **style: object) -> None:
    from matplotlib.patches import Rectangle

    rows, columns = box
    if rows and columns:
        corner, size = (columns[0] - 0.5, rows[0] - 0.5), (columns[1] - columns[0] + 1, rows[1] - rows[0] + 1)
        axes.add_patch(Rectangle(corner, *size, **style))  # type: ignore[arg-type]


def _ramp() -> "Colormap":
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("effective", ["white", ACCENT])
