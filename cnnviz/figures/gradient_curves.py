"""Gradient norm by depth, for a plain and a residual network."""

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from cnnviz.analysis.residual import GradientNorms
from cnnviz.arrays import Array
from cnnviz.figures.tables import Row
from cnnviz.figures.theme import CURVES, plain_layout

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LAYER_TITLE = "Layer with weights, from the input on"
NORM_TITLE = "Gradient norm ‖∂L/∂W‖ (logarithmic)"
_DASHES = ("solid", "dash")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _curves(norms: GradientNorms) -> list[tuple[str, Array, str]]:
    """(name, norms, colour); norms of 0 are dropped for the logarithmic axis."""
    both = (("Residual", norms.residual), ("Plain", norms.plain))
    return [
        (name, np.where(values > 0, values, np.nan), colour)
        for (name, values), colour in zip(both, CURVES, strict=False)
    ]


def gradient_chart(norms: GradientNorms) -> go.Figure:
    """Both curves with their labels."""
    figure = go.Figure()
    numbers = np.arange(1, len(norms.layers) + 1)
    curves = _curves(norms)
    for (name, values, colour), dash in zip(curves, _DASHES, strict=True):
        figure.add_scatter(
            x=numbers,
            y=values,
            name=name,
            mode="lines+markers",
            marker={"size": 4},
            line={"color": colour, "width": 2, "dash": dash},
            customdata=norms.layers,
            hovertemplate=f"{name} network, layer %{{x}} (%{{customdata}}): "
            "its weights' gradient has norm %{y:.4g}<extra></extra>",
        )
    figure.update_layout(
        plain_layout(LAYER_TITLE, NORM_TITLE, height=400),
        hovermode="closest",
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    figure.update_xaxes(range=[0, len(numbers) + 1])
    figure.update_yaxes(type="log", **_ticks(curves))
    return figure


def _ticks(curves: list[tuple[str, Array, str]]) -> dict[str, Any]:
    """Powers of ten, at most about eight of them; 2 and 5 as well where the curves span less than two."""
    values = np.concatenate([values for _, values, _ in curves])
    drawn = values[np.isfinite(values)]
    if not len(drawn):
        return {}
    low, high = int(np.floor(np.log10(drawn.min()))), int(np.ceil(np.log10(drawn.max())))
    step = max(1, (high - low + 7) // 8)
    factors = (1, 2, 5) if high - low < 3 and low > -4 else (1,)
    at = [factor * 10.0**power for power in range(low, high + 1, step) for factor in factors]
    return {"tickvals": np.array(at), "ticktext": [_tick(value) for value in at]}


def _tick(value: float) -> str:
    if 1e-4 < value < 1e5:
        return f"{value:,g}"
    return f"10{str(round(np.log10(value))).translate(_RAISED)}"


def gradient_figure(norms: GradientNorms) -> "Figure":
    """The curves on white, for export."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.2), dpi=200, layout="constrained")
    axes = figure.subplots()
    numbers = np.arange(1, len(norms.layers) + 1)
    for (name, values, colour), dash in zip(_curves(norms), ("-", "--"), strict=True):
        axes.plot(numbers, values, dash, color=colour, marker="o", markersize=2.5, label=name)
    axes.set(xlabel=LAYER_TITLE, ylabel=NORM_TITLE)
    if np.any(norms.plain > 0) or np.any(norms.residual > 0):
        axes.set_yscale("log")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    return figure


def gradient_rows(norms: GradientNorms) -> list[Row]:
    """One table row per layer."""
    return [
        {
            "layer": number,
            "path": layer,
            "gradient norm, plain": float(plain),
            "gradient norm, residual": float(residual),
        }
        for number, (layer, plain, residual) in enumerate(
            zip(norms.layers, norms.plain, norms.residual, strict=True), start=1
        )
    ]
