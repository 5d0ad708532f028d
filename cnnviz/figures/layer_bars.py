"""A network's cost by layer: one bar per operation, in execution order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from cnnviz.analysis.trace.rows import RowKind
from cnnviz.arrays import Array
from cnnviz.figures.theme import plain_layout

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's colour-blind safe palette, and a pattern for each.
_STYLES: Mapping[RowKind, tuple[str, str]] = {
    "convolution": ("#0072b2", ""),
    "linear": ("#d55e00", "/"),
    "attention": ("#cc79a7", "x"),
    "norm": ("#009e73", "\\"),
    "activation": ("#e69f00", "."),
    "pooling": ("#56b4e9", "-"),
    "join": ("#8f8f8f", "+"),
    "reshape": ("#a89600", "|"),
    "other": ("#7a5c3e", ""),
}
_HEIGHT = 340
_WIDTH = 0.85


@dataclass(frozen=True, slots=True)
class LayerBar:
    """A quantity of one operation, with its position in execution order, layer and kind."""

    number: int
    layer: str
    kind: RowKind
    value: int


def shares(bars: Sequence[LayerBar]) -> dict[RowKind, float]:
    """Each kind's fraction of the sum, the largest first."""
    total = sum(bar.value for bar in bars)
    sums = {kind: sum(bar.value for bar in bars if bar.kind == kind) for kind in _STYLES}
    ordered = sorted(sums.items(), key=lambda item: -item[1])
    return {kind: value / total for kind, value in ordered if value}


def _of_kind(bars: Sequence[LayerBar], kind: RowKind) -> tuple[Array, Array, list[str]]:
    found = [bar for bar in bars if bar.kind == kind]
    values = np.array([bar.value for bar in found], dtype=np.int64)
    return np.array([bar.number for bar in found]), values, [bar.layer for bar in found]


def _name(kind: RowKind, share: float) -> str:
    return f"{kind}, {100 * share:.4g} %"


def layer_bars(bars: Sequence[LayerBar], unit: str, logarithmic: bool) -> go.Figure:
    """The bars, coloured by kind; the legend has each kind's share, the largest bar is labelled."""
    figure = go.Figure()
    for kind, share in shares(bars).items():
        numbers, values, layers = _of_kind(bars, kind)
        colour, shape = _STYLES[kind]
        pattern = {"shape": shape, "size": 6, "fillmode": "overlay", "fgcolor": "rgba(255, 255, 255, 0.75)"}
        figure.add_bar(
            x=numbers,
            y=values,
            width=_WIDTH,
            name=_name(kind, share),
            marker={"color": colour, "line_width": 0, "pattern": pattern},
            customdata=layers,
            hovertemplate=f"%{{customdata}} ({kind}): %{{y:,}} {unit}<extra></extra>",
        )
    title = f"{unit}, logarithmic" if logarithmic else unit
    figure.update_layout(plain_layout("Operation, in the order in which they run", title, _HEIGHT))
    figure.update_layout(
        barmode="overlay",
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        margin_t=40,
    )
    figure.update_xaxes(range=[0, max(bar.number for bar in bars) + 1])
    figure.update_yaxes(type="log" if logarithmic else "linear", tickformat="~s")
    if logarithmic:
        figure.update_yaxes(range=[0, np.log10(max(bar.value for bar in bars)) * 1.05 + 0.05], dtick=1)
    return figure


def layer_figure(bars: Sequence[LayerBar], unit: str, logarithmic: bool) -> "Figure":
    """The bars on white, for export."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.6), dpi=200, layout="constrained")
    place = figure.subplots()
    for kind, share in shares(bars).items():
        numbers, values, _ = _of_kind(bars, kind)
        place.bar(numbers, values, width=_WIDTH, color=_STYLES[kind][0], label=_name(kind, share))
    if logarithmic:
        place.set_yscale("log")
        place.set_ylim(bottom=1)
    place.set_xlabel("Operation, in the order in which they run")
    place.set_ylabel(unit)
    place.legend(fontsize=7, frameon=False)
    place.spines[["top", "right"]].set_visible(False)
    return figure
