"""The seven architectures as a figure: parameters over the years."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cnnviz.figures.theme import ACCENT

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def milestones_figure(points: Sequence[tuple[str, int, int, float | None]]) -> "Figure":
    """Scatter plot; each item is name, year, parameters, and top-5 error in per cent or None."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 4.2), dpi=200, layout="constrained")
    axes = figure.subplots()
    axes.set(yscale="log", xlabel="Year", ylabel="Parameters", xlim=(1996, 2023))
    for name, year, parameters, error in points:
        words = name if error is None else f"{name}\ntop-5 error {error:.2f} %"
        axes.plot(year, parameters, "o", color=ACCENT)
        axes.annotate(words, (year, parameters), (5, 3), textcoords="offset points", fontsize=7)
    axes.grid(alpha=0.25)
    axes.set_title("Top-5 error of one network, one crop, ImageNet-1K validation (torchvision)", fontsize=8)
    return figure
