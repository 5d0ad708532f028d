"""Which dimension of a layer's output holds the channels; some networks keep them last."""

import re
from collections import defaultdict
from collections.abc import Sequence

from torch import nn

from cnnviz.analysis.field.rules import Fields, fields
from cnnviz.analysis.graph.record import Graph, Value, record


def module_of(layer: str) -> str:
    """Module path of an output's name: "relu" for "relu#2", "pair" for "pair[0]"."""
    return re.split(r"[#\[]", layer, maxsplit=1)[0]


def channel_axes(model: nn.Module, input_shape: Sequence[int]) -> dict[str, tuple[int | None, ...]]:
    """Module path → channel axis of each tensor it returns, the batch axis not counted.

    None where the output is no map (C, H, W) in any order: vectors, tokens, windows, and outputs that
    do not depend on the input. Where the layout is undefined, three dimensions count as (C, H, W).

    Raises:
        CnnvizError: if the model cannot be traced at that shape.
    """
    return channel_axes_in(record(model, input_shape))


def channel_axes_in(graph: Graph) -> dict[str, tuple[int | None, ...]]:
    """`channel_axes` from a recorded graph."""
    known = fields(graph)
    found: defaultdict[str, list[int | None]] = defaultdict(list)
    for call in graph.calls:
        found[call.path] += [_channel_axis(value, known) for value in call.outputs]
    return {path: tuple(axes) for path, axes in found.items()}


def _channel_axis(value: Value, known: Fields) -> int | None:
    if len(value.shape) != 4 or not value.varies:
        return None
    field = known.of_value[value.index]
    if field.undefined:
        return 0
    if not field.is_map():
        return None
    rest = [dim for dim in (1, 2, 3) if all(factor.axis < 0 for factor in field.dims[dim])]
    return rest[0] - 1 if len(rest) == 1 else None
