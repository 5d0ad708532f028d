"""One statistic per channel of a layer, as bars and table rows."""

import plotly.graph_objects as go

from cnnviz.analysis.layers.activations import ChannelOrder, FeatureMaps
from cnnviz.figures.tables import Row
from cnnviz.figures.theme import ACCENT, plain_layout

_LABELS = {
    "mean": "Mean over the map",
    "max": "Greatest value of the map",
    "sparsity": "Share of zeros in the map",
    "variance": "Variance over the map",
}


def channel_bars(maps: FeatureMaps, order: ChannelOrder) -> go.Figure:
    """One bar per channel, in the order of the wall; the mean where that order is the index."""
    statistic = "mean" if order == "index" else order
    channels = maps.ranked(order)
    values = maps.statistic(statistic)[channels]
    figure = go.Figure(
        go.Bar(
            x=[str(channel) for channel in channels],
            y=values,
            marker_color=ACCENT,
            hovertemplate="channel %{x}: %{y:.4g}<extra></extra>",
        )
    )
    figure.update_layout(plain_layout(x_title="Channel", y_title=_LABELS[statistic]))
    figure.update_xaxes(type="category", nticks=16)
    if statistic == "sparsity":
        figure.update_yaxes(range=[0, 1], tickformat=".0%")
    return figure


def channel_rows(maps: FeatureMaps, order: ChannelOrder) -> list[Row]:
    """The statistics of each channel as table rows, in the order of the wall."""
    return [
        {
            "channel": int(channel),
            "minimum": float(maps.minimum[channel]),
            "mean": float(maps.mean[channel]),
            "maximum": float(maps.maximum[channel]),
            "variance": float(maps.variance[channel]),
            "share of zeros": float(maps.sparsity[channel]),
        }
        for channel in maps.ranked(order)
    ]
