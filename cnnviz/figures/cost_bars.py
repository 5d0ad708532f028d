"""Cost comparison as bars, one group per quantity."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cnnviz.figures.theme import ACCENT, plain_layout

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Axis = Literal["automatic", "linear", "logarithmic"]
AXES: tuple[Axis, ...] = get_args(Axis)

# From this ratio on, the short bar of a linear axis can hardly be seen.
_FAR_APART = 50
# Pixels: of a bar with its words, and of a group's title and axis.
_BAR, _REST = 40, 96
_MOST_TICKS = 6


@dataclass(frozen=True, slots=True)
class BarGroup:
    """One quantity of the compared alternatives.

    Attributes:
        title: the quantity.
        comparison: a sentence on how they compare; may be empty.
        unit: of the values.
        bars: (name of the alternative, value of at least 1, the value as text).
    """

    title: str
    comparison: str
    unit: str
    bars: Sequence[tuple[str, int, str]]

    @property
    def largest(self) -> int:
        """The largest value."""
        return max(value for _, value, _ in self.bars)

    def is_logarithmic(self, axis: Axis) -> bool:
        """Whether the axis is logarithmic."""
        far = self.largest > _FAR_APART * min(value for _, value, _ in self.bars)
        return axis == "logarithmic" or (axis == "automatic" and far)

    def axis_title(self, axis: Axis) -> str:
        """The unit, and whether the axis is logarithmic."""
        return f"{self.unit}, logarithmic" if self.is_logarithmic(axis) else self.unit


def comparison_bars(groups: Sequence[BarGroup], axis: Axis) -> go.Figure:
    """Horizontal bars, one group per quantity, each bar's label above it."""
    heights = [_REST + _BAR * len(group.bars) for group in groups]
    figure = make_subplots(rows=len(groups), cols=1, vertical_spacing=_REST / sum(heights))
    for number, group in enumerate(groups, start=1):
        place = {"row": number, "col": 1}
        figure.add_trace(_bars(group), **place)
        figure.add_trace(_words(group, axis), **place)
        figure.update_xaxes(**_span(group, axis), **place)
        figure.update_yaxes(
            visible=False, range=[-0.4, len(group.bars) + (0.75 if group.comparison else 0.3)], **place
        )
    plain = plain_layout("", "", height=sum(heights))
    figure.update_layout({name: value for name, value in plain.items() if "axis" not in name})
    figure.update_layout(margin={"l": 2, "r": 14, "t": 4, "b": 44}, bargap=0.66)
    figure.update_xaxes(showgrid=False, zeroline=False, ticks="outside", ticklen=4)
    return figure


def _places(group: BarGroup) -> list[int]:
    """Vertical positions; the first bar is on top."""
    return list(range(len(group.bars)))[::-1]


def _bars(group: BarGroup) -> go.Bar:
    return go.Bar(
        x=[value for _, value, _ in group.bars],
        y=_places(group),
        orientation="h",
        marker_color=ACCENT,
        customdata=[(name, words) for name, _, words in group.bars],
        hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
    )


def _words(group: BarGroup, axis: Axis) -> go.Scatter:
    """The title and the bars' labels."""
    lines = [f"{name}: {words}" for name, _, words in group.bars]
    start = 1 if group.is_logarithmic(axis) else 0
    return go.Scatter(
        x=[start] * (len(lines) + 1),
        y=[len(lines) + (0.28 if group.comparison else 0.05), *(y + 0.44 for y in _places(group))],
        text=[f"<b>{group.title}</b>" + (f"<br>{group.comparison}" if group.comparison else ""), *lines],
        mode="text",
        textposition="middle right",
        cliponaxis=False,
        hoverinfo="skip",
    )


def _span(group: BarGroup, axis: Axis) -> dict[str, Any]:
    """Axis range: from 0, or from 1 on a logarithmic axis."""
    title = {"text": group.axis_title(axis), "standoff": 6}
    if not group.is_logarithmic(axis):
        return {"title": title, "range": [0, 1.02 * group.largest], "tickformat": "~s", "nticks": _MOST_TICKS}
    powers = max(1.0, math.log10(group.largest))
    step = math.ceil(powers / _MOST_TICKS)
    return {"title": title, "type": "log", "range": [0, 1.02 * powers], "dtick": step, "tickformat": "~s"}


def comparison_figure(groups: Sequence[BarGroup], axis: Axis) -> "Figure":
    """The bars on white, for export."""
    from matplotlib.figure import Figure

    counts = [len(group.bars) for group in groups]
    figure = Figure(figsize=(7, 0.9 * len(groups) + 0.38 * sum(counts)), dpi=200, layout="constrained")
    places = figure.subplots(len(groups), 1, squeeze=False, height_ratios=[1 + n for n in counts])[:, 0]
    for place, group in zip(places, groups, strict=True):
        _draw(place, group, axis)
    return figure


def _draw(place: "Axes", group: BarGroup, axis: Axis) -> None:
    if group.is_logarithmic(axis):
        place.set_xscale("log")
        place.set_xlim(1, max(10, 2 * group.largest))
    ys = _places(group)
    place.barh(ys, [value for _, value, _ in group.bars], height=0.3, color=ACCENT)
    for y, (name, _, words) in zip(ys, group.bars, strict=True):
        place.text(0.0, y + 0.22, f"{name}: {words}", transform=place.get_yaxis_transform(), fontsize=8)
    place.set_ylim(-0.4, len(group.bars) - 0.2)
    place.set_yticks([])
    place.set_title(
        "\n".join(filter(None, (group.title, group.comparison))), fontsize=9, fontweight="bold", loc="left"
    )
    place.set_xlabel(group.axis_title(axis), fontsize=8)
    place.tick_params(labelsize=7)
    place.spines[["top", "right"]].set_visible(False)
