"""Kernels of a convolution as figure and table for export."""

import math
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.analysis.layers.filters import Filters
from cnnviz.arrays import Array
from cnnviz.figures.maps import wall_pixels
from cnnviz.figures.tables import Row
from cnnviz.figures.theme import scale

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_GAP = 2


def filter_limits(filters: Filters, together: bool) -> Array:
    """(out_channels,) limit of each filter's colour scale."""
    largest = np.abs(filters.weight).max(axis=(1, 2, 3))
    return np.full_like(largest, largest.max()) if together else largest


def filters_pixels(filters: Filters, limits: Array, colours: bool, shown: int) -> Array:
    """The wall as uint8 (height, width, 3): coloured pictures, or a map for each input channel below it."""
    weight = filters.weight[:shown]
    if colours:
        return _coloured(weight, limits[:shown])
    tall = weight.reshape(weight.shape[0], -1, weight.shape[3])
    return wall_pixels(tall, limits[:shown], scale("weight"))


def _coloured(weight: Array, limits: Array) -> Array:
    """Three input channels as RGB; zero is mid-grey."""
    count, _, height, width = weight.shape
    zoom = max(1, math.ceil(64 / max(height, width)))
    divisors = np.where(limits > 0, limits, 1)[:, None, None, None]
    pictures = np.rint(127.5 + 127.5 * weight / divisors).astype(np.uint8).transpose(0, 2, 3, 1)
    pictures = pictures.repeat(zoom, axis=1).repeat(zoom, axis=2)
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    step_y, step_x = height * zoom + _GAP, width * zoom + _GAP
    wall = np.full((rows * step_y + _GAP, columns * step_x + _GAP, 3), 255, dtype=np.uint8)
    for index, picture in enumerate(pictures):
        top, left = _GAP + index // columns * step_y, _GAP + index % columns * step_x
        wall[top : top + height * zoom, left : left + width * zoom] = picture
    return wall


def filters_figure(filters: Filters, limits: Array, colours: bool, shown: int) -> "Figure":
    """The wall on white, with the layer's name."""
    from matplotlib.figure import Figure

    pixels = filters_pixels(filters, limits, colours, shown)
    figure = Figure(figsize=(6, 6.4 * pixels.shape[0] / pixels.shape[1]), dpi=200, layout="constrained")
    place = figure.subplots()
    place.imshow(pixels, interpolation="none")
    place.set_axis_off()
    end = f"{limits[0]:.4g}"
    ends = "" if colours or np.ptp(limits) else f", from −{end} (purple) to {end} (orange)"
    place.set_title(f"{filters.layer}: {shown} filters{ends}", fontsize=8)
    return figure


def filter_rows(filters: Filters) -> list[Row]:
    """One table row per weight."""
    return [
        {"filter": filter_, "input channel": channel, "row": row, "column": column, "weight": float(value)}
        for (filter_, channel, row, column), value in np.ndenumerate(filters.weight)
    ]
