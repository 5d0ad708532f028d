"""Pairs of feature maps of two networks as figure and table for export."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.analysis.layers.activations import FeatureMaps
from cnnviz.arrays import Array
from cnnviz.figures.panels import colour_map
from cnnviz.figures.tables import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def pairs_figure(left: FeatureMaps, right: FeatureMaps, channels: Array, names: Sequence[str]) -> "Figure":
    """Two rows of maps on white, one column per channel, all on one scale."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.0 * len(channels) + 0.6, 2.9), dpi=200, layout="constrained")
    places = figure.subplots(2, len(channels), squeeze=False)
    limit = max(left.limit, right.limit) or 1.0
    colours = colour_map("activation")
    for maps, name, row in zip((left, right), names, places, strict=True):
        for place, channel in zip(row, channels, strict=True):
            place.set_axis_off()
            place.set_title(f"channel {channel}", fontsize=6)
            image = place.imshow(maps.values[channel], colours, vmin=-limit, vmax=limit, interpolation="none")
        row[0].set_title(f"{name}\nchannel {channels[0]}", fontsize=6, loc="left")
    bar = figure.colorbar(image, ax=places, shrink=0.8)
    bar.set_ticks([-limit, 0, limit])
    bar.ax.tick_params(labelsize=6)
    return figure


def pairs_rows(left: FeatureMaps, right: FeatureMaps, channels: Array) -> list[Row]:
    """One table row per channel with the statistics of both."""
    difference = np.abs(left.values - right.values).mean((1, 2))
    return [
        {
            "channel": int(channel),
            "mean magnitude of the difference": float(difference[channel]),
            **{
                f"{side} {name}": float(values[channel])
                for side, maps in (("left", left), ("right", right))
                for name, values in (
                    ("minimum", maps.minimum), ("mean", maps.mean), ("maximum", maps.maximum),
                    ("share of zeros", maps.sparsity),
                )
            },
        }
        for channel in channels
    ]  # fmt: skip
