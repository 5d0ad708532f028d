"""Accuracy of classifiers against their cost."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import plotly.graph_objects as go

from cnnviz.analysis.pareto import pareto_front
from cnnviz.figures.tables import Row
from cnnviz.figures.theme import ACCENT, plain_layout
from cnnviz.nets.classifiers import PublishedFigures, family_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Cost = Literal["parameters", "macs", "file"]
Score = Literal["top1", "top5"]
COSTS: Mapping[Cost, str] = MappingProxyType(
    {"parameters": "Parameters", "macs": "MACs", "file": "File size"}
)
SCORES: Mapping[Score, str] = MappingProxyType({"top1": "Top-1 accuracy", "top5": "Top-5 accuracy"})
_AXES = {"parameters": "Parameters (millions)", "macs": "MACs (billions)", "file": "File size (MB)"}
_UNITS = {"parameters": 1e6, "macs": 1e9, "file": 1e6}
_GREY, _ORANGE = "#8a9099", "#d9822b"
_TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)


def cost_of(figures: PublishedFigures, cost: Cost) -> int:
    """Parameters, MACs or bytes."""
    return {"parameters": figures.parameters, "macs": figures.macs, "file": figures.file_bytes}[cost]


def score_of(figures: PublishedFigures, score: Score) -> float:
    """Accuracy in per cent."""
    return figures.accuracy_top1 if score == "top1" else figures.accuracy_top5


def front_of(shown: Sequence[PublishedFigures], cost: Cost, score: Score) -> list[PublishedFigures]:
    """The Pareto front of cost and accuracy, the cheapest first."""
    front = pareto_front([cost_of(f, cost) for f in shown], [score_of(f, score) for f in shown])
    return [shown[i] for i in front]


def figures_text(figures: PublishedFigures) -> str:
    """The published figures of some weights as text."""
    return (
        f"{figures.name} ({figures.weights}), crop {figures.input_size}×{figures.input_size}: "
        f"top-1 {figures.accuracy_top1:.2f} %, top-5 {figures.accuracy_top5:.2f} %, "
        f"{figures.parameters:,} parameters, {figures.macs / 1e9:,.3f} billion MACs, "
        f"file {figures.file_bytes / 1e6:,.1f} MB"
    )


def accuracy_scatter(
    shown: Sequence[PublishedFigures], cost: Cost, score: Score, family: str | None, marked: str
) -> go.Figure:
    """One point per set of weights; a family and a model are highlighted, the Pareto front is a line."""
    front = front_of(shown, cost, score)
    figure = go.Figure()
    x, y = _points(front, cost, score)
    figure.add_scatter(
        x=x, y=y, mode="lines", line={"color": _ORANGE, "width": 1.5, "shape": "hv"}, hoverinfo="skip"
    )
    kin = [f for f in shown if family_of(f.name) == family]
    others = [f for f in shown if family_of(f.name) != family]
    figure.add_trace(_dots(others, cost, score, _GREY, 8))
    figure.add_trace(_dots(kin, cost, score, ACCENT, 11))
    x, y = _points([f for f in shown if f.name == marked], cost, score)
    ring = {"size": 19, "color": "rgba(0,0,0,0)", "line": {"color": _ORANGE, "width": 2.5}}
    figure.add_scatter(x=x, y=y, mode="markers", marker=ring, hoverinfo="skip")
    figure.update_layout(plain_layout(_AXES[cost], f"{SCORES[score]} (%)", 440), hovermode="closest")
    figure.update_layout(hoverlabel={"align": "left"})
    figure.update_xaxes(type="log", tickvals=_TICKS, ticktext=[f"{tick:,}" for tick in _TICKS])
    for words, at, style in _labels(shown, front, kin, marked, score):
        place = {"x": math.log10(cost_of(at, cost) / _UNITS[cost]), "y": score_of(at, score)}
        figure.add_annotation(text=words, showarrow=False, **place, **style)
    return figure


def _dots(shown: Sequence[PublishedFigures], cost: Cost, score: Score, colour: str, size: int) -> go.Scatter:
    x, y = _points(shown, cost, score)
    symbols = ["diamond" if "SWAG" in f.weights else "circle" for f in shown]
    words = [figures_text(f).replace(": ", ":<br>", 1).replace(", file", ",<br>file") for f in shown]
    words = [w.replace(" %, ", " %,<br>").replace("parameters, ", "parameters,<br>") for w in words]
    marker = {"color": colour, "size": size, "symbol": symbols, "opacity": 0.85}
    hover = "%{text}<extra></extra>"
    return go.Scatter(x=x, y=y, mode="markers", marker=marker, text=words, hovertemplate=hover)


def _points(shown: Sequence[PublishedFigures], cost: Cost, score: Score) -> tuple[list[float], list[float]]:
    return [cost_of(f, cost) / _UNITS[cost] for f in shown], [score_of(f, score) for f in shown]


_RIGHT: dict[str, object] = {"xanchor": "left", "xshift": 11, "yshift": -9}
_LEFT: dict[str, object] = {"xanchor": "right", "xshift": -11, "yshift": 9}


def _labels(
    shown: Sequence[PublishedFigures],
    front: Sequence[PublishedFigures],
    kin: Sequence[PublishedFigures],
    marked: str,
    score: Score,
) -> list[tuple[str, PublishedFigures, dict[str, object]]]:
    """Annotations: the model in the sidebar, the best of the family, the front and its ends."""
    best = [max(kin, key=lambda f: score_of(f, score))] if kin else []
    own = [f for f in shown if f.name == marked][-1:]
    named = {f.name: (f.name, f, _RIGHT) for f in [front[0], *best, *own]}
    named[front[-1].name] = (front[-1].name, front[-1], _LEFT)
    over = {"xanchor": "right", "xshift": -6, "yshift": 12, "font": {"color": _ORANGE}}
    return [*named.values(), ("Pareto front", front[len(front) // 2], over)]


def accuracy_rows(shown: Sequence[PublishedFigures], cost: Cost, score: Score) -> list[Row]:
    """All points as table rows, with whether each lies on the Pareto front of the chosen axes."""
    front = set(front_of(shown, cost, score))
    return [
        {
            "model": f.name,
            "weights": f.weights,
            "family": family_of(f.name),
            "top-1 accuracy (%)": f.accuracy_top1,
            "top-5 accuracy (%)": f.accuracy_top5,
            "parameters": f.parameters,
            "MACs": f.macs,
            "file (bytes)": f.file_bytes,
            "crop (pixels)": f.input_size,
            f"on the front of {SCORES[score]} against {COSTS[cost]}": f in front,
        }
        for f in shown
    ]


def accuracy_figure(
    shown: Sequence[PublishedFigures], cost: Cost, score: Score, family: str | None
) -> "Figure":
    """The scatter plot on white, for export."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), dpi=200, layout="constrained")
    axes = figure.subplots()
    axes.set(xscale="log", xlabel=_AXES[cost], ylabel=f"{SCORES[score]} (%)")
    axes.xaxis.set_major_formatter("{x:,g}")
    front = front_of(shown, cost, score)
    axes.step(*_points(front, cost, score), where="post", color=_ORANGE, lw=1, label="Pareto front")
    for colour, group in ((_GREY, False), (ACCENT, True)):
        members = [f for f in shown if (family_of(f.name) == family) == group]
        for marker, swag in (("o", False), ("D", True)):
            points = _points([f for f in members if ("SWAG" in f.weights) == swag], cost, score)
            axes.scatter(*points, s=18, color=colour, marker=marker, alpha=0.85)
    for f in (front[0], front[-1]):
        axes.annotate(f.name, (cost_of(f, cost) / _UNITS[cost], score_of(f, score)), fontsize=7)
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8)
    return figure
