"""Check yourself on the network at a glance."""

import math
from collections.abc import Sequence

from cnnviz.analysis.glance import Column
from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui import cache
from cnnviz.ui.feature_maps.controls import SIDES
from cnnviz.ui.shell.input_size import sides_of
from cnnviz.ui.widgets.controls import lazy_expander
from cnnviz.ui.widgets.quiz import ask

_KEY = "maps_glance"


def ask_about_size(model: ModelSpec, side: int, columns: Sequence[Column]) -> None:
    """How large a layer's maps are at another input size; where there is none, how many numbers they hold."""
    maps = [column for column in columns if column.is_maps and len(column.map_size) == 2]
    opened = lazy_expander("Check yourself", f"{_KEY}_question") if maps else None
    if opened is None:
        return
    column = maps[2 * len(maps) // 3]
    others = [other for other in sides_of(model, SIDES) if other != side]
    with opened:
        if others:
            _ask_how_large(model, column, side, others[len(others) // 2])
        else:
            _ask_how_many(column)


def _ask_how_large(model: ModelSpec, column: Column, side: int, other: int) -> None:
    layer, channels, now = column.summary.layer, column.summary.channels, column.map_size[0]
    there = next(s for s in cache.networks.layers_of(model.name, other, model.weights) if s.layer == layer)
    axis = there.channel_axis
    answer = next(size for dim, size in enumerate(there.output_shape) if dim != axis)
    ask(
        f"The maps of `{layer}` have {now} rows, for a picture of {side}×{side}. How many rows will they "
        f"have for a picture of **{other}×{other}**?",
        answer,
        {
            f"that is its size for {side}×{side}; convolutions slide, so maps grow and shrink with the "
            "picture": now,
            "that is how many channels it has, which do not depend on the picture's size": channels,
            "that is the picture's own size; strides and pooling on the way make the map smaller": other,
            "you scaled the size exactly and rounded down; with padding, sizes are rounded layer by "
            "layer": math.floor(now * other / side),
            "you scaled the size exactly and rounded up; sizes are rounded layer by layer": math.ceil(
                now * other / side
            ),
        },
        _KEY,
    )


def _ask_how_many(column: Column) -> None:
    channels = column.summary.channels
    height, width = column.map_size
    ask(
        f"`{column.summary.layer}` gives {channels} maps of {height}×{width}. How many numbers is that?",
        channels * height * width,
        {
            "that is one map only": height * width,
            "a map has rows and columns: multiply by both": channels * height,
            "that adds what must be multiplied": channels + height + width,
        },
        _KEY,
    )
