"""How the receptive field grows with depth, for one or several networks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from cnnviz.analysis.trace.rows import LayerRow, Trace, times
from cnnviz.figures.tables import Row
from cnnviz.figures.theme import CURVES, plain_layout

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEPTH_TITLE = "Depth (operations that give maps)"
FIELD_TITLE = "Receptive field (pixels)"


@dataclass(frozen=True, slots=True)
class Growth:
    """The rows of a network that have a receptive field, in order, and the input's side."""

    label: str
    rows: tuple[LayerRow, ...]
    side: int

    @classmethod
    def of(cls, label: str, found: Trace) -> "Growth":
        """From a trace."""
        return cls(label, rows_with_field(found), found.input_shape[2])

    @property
    def sizes(self) -> list[int]:
        """The longer side of the field at each row."""
        return [max(_size(row)) for row in self.rows]

    @property
    def outgrown(self) -> int | None:
        """Index of the first row whose field is larger than the picture; None if none is."""
        return next((index for index, size in enumerate(self.sizes) if size > self.side), None)


def rows_with_field(found: Trace) -> tuple[LayerRow, ...]:
    """The rows of a trace with a defined receptive field, before global pooling."""
    return tuple(row for row in found if row.receptive_field is not None and not row.is_pooled)


def _size(row: LayerRow) -> tuple[int, ...]:
    assert row.receptive_field is not None
    return row.receptive_field.size


def growth_chart(growths: Sequence[Growth], logarithmic: bool) -> go.Figure:
    """One line per network, labelled at its end, and one for the input's size."""
    figure = go.Figure()
    longest = max(len(growth.rows) for growth in growths)
    for growth, colour in zip(growths, CURVES, strict=False):
        figure.add_scatter(
            x=np.arange(1, len(growth.rows) + 1),
            y=np.array(growth.sizes),
            mode="lines+markers" if len(growth.rows) == 1 else "lines",
            line={"color": colour, "width": 2, "shape": "hv"},
            text=[_words(growth, row) for row in growth.rows],
            hovertemplate="%{text}<extra></extra>",
        )
        figure.add_annotation(**_label(growth, colour, logarithmic, len(growth.rows) > 0.6 * longest))
    for side in sorted({growth.side for growth in growths}):
        figure.add_hline(side, line={"color": "rgba(128, 128, 128, 0.9)", "dash": "dash", "width": 1.5})
        figure.add_annotation(
            x=0, xref="paper", xanchor="left", y=_at(side, logarithmic), yanchor="bottom", showarrow=False,
            text=f"the picture: {side} pixels",
        )  # fmt: skip
    figure.update_layout(plain_layout(DEPTH_TITLE, FIELD_TITLE, height=420), hovermode="closest")
    figure.update_xaxes(range=[0, longest * 1.04 + 1])
    if logarithmic:
        figure.update_yaxes(type="log", dtick=1, minor={"showgrid": False})
    else:
        figure.update_yaxes(rangemode="tozero")
    return figure


def _label(growth: Growth, colour: str, logarithmic: bool, far: bool) -> dict[str, object]:
    """The label at the end of a line: above it if there is no room beside it."""
    place = {"xanchor": "right", "yanchor": "bottom"} if far else {"xanchor": "left", "xshift": 5}
    return {
        "x": len(growth.rows), "y": _at(growth.sizes[-1], logarithmic), **place,
        "showarrow": False, "text": f"{growth.label} {growth.sizes[-1]:,}", "font": {"color": colour},
    }  # fmt: skip


def _at(size: int, logarithmic: bool) -> float:
    return float(np.log10(size)) if logarithmic else size


def _words(growth: Growth, row: LayerRow) -> str:
    also = ", and the whole picture" if row.is_global else ""
    return f"{growth.label}: {row.layer} sees {times(_size(row))} pixels{also}"


def growth_figure(growths: Sequence[Growth], logarithmic: bool) -> "Figure":
    """The chart on white, for export."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), dpi=200, layout="constrained")
    axes = figure.subplots()
    for growth, colour in zip(growths, CURVES, strict=False):
        axes.step(
            range(1, len(growth.rows) + 1), growth.sizes, where="post", color=colour, label=growth.label
        )
    for side in sorted({growth.side for growth in growths}):
        axes.axhline(side, color="grey", linestyle="--", label=f"the picture: {side} pixels")
    axes.set(xlabel=DEPTH_TITLE, ylabel=FIELD_TITLE, yscale="log" if logarithmic else "linear")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    return figure


def growth_rows(growths: Mapping[str, Trace]) -> list[Row]:
    """Table rows of all traces, with the network's name in the first column."""
    return [{"model": label, **record} for label, found in growths.items() for record in found.records()]
