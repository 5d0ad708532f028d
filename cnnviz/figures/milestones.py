"""The seven architectures as a figure: parameters over the years."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cnnviz.figures.tables import Row
from cnnviz.figures.theme import ACCENT

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def milestones_figure(rows: Sequence[Row]) -> "Figure":
    """Parameters of each architecture over its year, with its comparable error where there is one."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 4.2), dpi=200, layout="constrained")
    axes = figure.subplots()
    axes.set(yscale="log", xlabel="Year", ylabel="Parameters", xlim=(1996, 2023))
    for row in rows:
        error = row["top-5 error, one crop (%)"]
        words = f"{row['architecture']}\ntop-5 error {error:.2f} %" if error else f"{row['architecture']}"
        axes.plot(row["year"], row["parameters"], "o", color=ACCENT)
        place = row["year"], row["parameters"]
        axes.annotate(words, place, (5, 3), textcoords="offset points", fontsize=7)
    axes.grid(alpha=0.25)
    axes.set_title("Top-5 error of one network, one crop, ImageNet-1K validation (torchvision)", fontsize=8)
    return figure
