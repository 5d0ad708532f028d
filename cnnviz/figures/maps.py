"""Feature maps as pixels: one map, and all maps of a layer as a wall."""

import math

import numpy as np

from cnnviz.arrays import Array
from cnnviz.figures.theme import Scale, scale

_GAP = 2


def map_limits(values: Array, layer_limit: float | None = None) -> Array:
    """(C,) limit of each map's colour scale.

    Args:
        values: (C, H, W).
        layer_limit: one limit for all maps; None for one per map.
    """
    if layer_limit is not None:
        return np.full(values.shape[0], layer_limit)
    return np.asarray(np.abs(values).max(axis=(1, 2)))


def wall_pixels(values: Array, limits: Array, colours: Scale | None = None, tile: int = 64) -> Array:
    """All maps of a layer side by side, in the order given.

    Args:
        values: (C, H, W).
        limits: (C,), from `map_limits`.
        colours: the scale; by default that of activations on light.
        tile: minimum of a map's longer side in pixels; smaller maps are enlarged by a whole factor.

    Returns:
        uint8 (height, width, 3), nearly square.
    """
    colours = colours or scale("activation")
    channels, height, width = values.shape
    zoom = max(1, math.ceil(tile / max(height, width)))
    columns = math.ceil(math.sqrt(channels * height / width))
    rows = math.ceil(channels / columns)
    cell_height, cell_width = height * zoom + _GAP, width * zoom + _GAP
    wall = np.full((rows * cell_height + _GAP, columns * cell_width + _GAP, 3), 255, dtype=np.uint8)
    for index in range(channels):
        painted = colours.paint(values[index], float(limits[index]))
        top = _GAP + index // columns * cell_height
        left = _GAP + index % columns * cell_width
        enlarged = painted.repeat(zoom, axis=0).repeat(zoom, axis=1)
        wall[top : top + height * zoom, left : left + width * zoom] = enlarged
    return wall


def strongest_unit(feature_map: Array) -> tuple[int, int]:
    """Row and column of the greatest magnitude of a feature map (H, W)."""
    row, column = np.unravel_index(int(np.abs(feature_map).argmax()), feature_map.shape)
    return int(row), int(column)
