"""What the network at a glance says in words."""

from collections import Counter

from cnnviz.analysis.glance import MOST_MAPS, Column, ColumnMaps, Glance, GlanceColumns
from cnnviz.analysis.trace.rows import LayerRow, times
from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui.components.equations import significant
from cnnviz.ui.components.glance import ColumnTexts
from cnnviz.ui.feature_maps.texts import no_maps_text
from cnnviz.ui.widgets.controls import counted
from cnnviz.ui.widgets.predictions import not_finite_text

HOW_TO_READ = (
    "From the picture on the left to the prediction on the right: a column is a layer, and shows the "
    f"{MOST_MAPS} channels that answer most strongly or as many as fit, the one with the largest mean "
    "magnitude on top. Blue is above zero, red below; colours end at the largest value drawn in the "
    "**column**, so compare maps within a column. Click a map, or move with the arrow keys and press "
    "Enter, to see all channels of its layer."
)
_KINDS = {"convolution": "conv", "norm": "norm", "pooling": "pool", "linear": "linear", "block": "block"}
_SIGNS = {"add": "+", "cat": "cat"}
_JOINED = {
    "add": "it adds what came in to what it computes (a skip connection)",
    "cat": "it puts the maps of its branches behind each other",
}
TOP = 8


def column_texts(column: Column, maps: ColumnMaps) -> ColumnTexts:
    """All texts of a column."""
    summary = column.summary
    joined = f"; {_JOINED[column.join]}" if column.join else ""
    closed = "" if summary.has_maps else no_maps_text(summary)
    shape = shape_text(column)
    words = f"{summary.description}: {shape}; {field_text(column)}{joined}"
    shown = f"the {len(maps.channels)} strongest of {shape}" if column.is_maps else shape
    alt = f"{summary.layer}: {shown}; values from {significant(float(maps.minimum.min()))} to "
    return ColumnTexts(
        short_name(summary.layer),
        summary.description if summary.kind in ("other", "activation") else kind_text(column),
        (*size_labels(column), field_label(column)),
        words,
        f"{alt}{significant(float(maps.maximum.max()))}",
        closed,
        group_name(summary.layer),
        _SIGNS.get(column.join or "", ""),
    )


def kind_text(column: Column) -> str:
    """The sort of layer, with its kernel if it has one."""
    kernel = column.summary.description.partition(" / ")[0].partition(" ")[2]
    return f"{_KINDS[column.summary.kind]} {kernel}".strip()


def short_name(layer: str) -> str:
    """The end of a path: "layer1.0", "relu1", "layer_7"."""
    names = layer.split(".")
    last = names[-1]
    if last.isdigit() and len(names) > 1:
        return f"{names[-2]}.{last}"
    return last.removeprefix("encoder_")


def group_name(layer: str) -> str:
    """The module around a layer whose short name does not say it."""
    around, _, last = layer.rpartition(".")
    return "" if last.isdigit() else around


def size_labels(column: Column) -> tuple[str, str]:
    """Channels and size, or what stands for them in a vector and in a list of tokens."""
    shape = column.summary.output_shape
    if column.summary.has_maps:
        return f"{column.summary.channels:,}", times(column.map_size)
    if len(shape) == 1:
        return f"{shape[0]:,}", "vector"
    return f"{shape[-1]:,}", f"{shape[0]:,} tok."


def shape_text(column: Column) -> str:
    """What a layer gives."""
    shape = column.summary.output_shape
    if column.summary.has_maps:
        return f"{counted(column.summary.channels, 'map')} of {times(column.map_size)}"
    if len(shape) == 1:
        return f"a vector of {shape[0]:,} numbers"
    if len(shape) == 2:
        return f"{shape[0]:,} tokens of {shape[1]:,} numbers, a row each"
    return f"{times(shape)} numbers"


def field_label(column: Column) -> str:
    """The side of a unit's field in pixels."""
    row = column.row
    if rests_on_all(column):
        return "all"
    if row is None or row.receptive_field is None:
        return "–"
    height, width = _field(row)
    size = f"{height:,}" if height == width else f"{height}×{width}"
    return f"≥ {size}" if row.is_global else f"{size} px"


def field_text(column: Column) -> str:
    """What a unit sees of the picture."""
    row = column.row
    if rests_on_all(column):
        return "each number rests on the whole picture"
    if row is None or row.receptive_field is None:
        return f"there is no field: {row.note}" if row and row.note else "its field is not known"
    seen = f"a unit sees {times(_field(row))} pixels"
    return f"{seen}, and more by squeeze-and-excitation or attention" if row.is_global else seen


def rests_on_all(column: Column) -> bool:
    """Whether a number is made of all positions: behind global pooling, or linear on a vector."""
    row = column.row
    made_of_vector = column.summary.kind == "linear" and len(column.summary.output_shape) == 1
    return made_of_vector or (row is not None and row.is_pooled)


def _field(row: LayerRow) -> tuple[int, int]:
    seen = row.receptive_field
    assert seen is not None
    return int(seen.size[-2]), int(seen.size[-1])


def left_out_text(columns: GlanceColumns) -> str:
    """Which layers have no column."""
    inside = (
        "What is inside a block has no column; the view *A layer* has all layers."
        if any(column.summary.kind == "block" for column in columns.shown)
        else ""
    )
    if not columns.left_out:
        return inside
    kinds = Counter(layer.description.partition(" ")[0] for layer in columns.left_out)
    names = ", ".join(f"{number:,} {name}" for name, number in kinds.most_common())
    total = len(columns.shown) + len(columns.left_out)
    return (
        f"**{len(columns.shown)} of {total} steps have a column**, so that the network fits. "
        f"Left out: {names}. {inside}"
    )


def worth_text(seen: Glance, model: ModelSpec) -> str:
    """What the prediction is worth."""
    not_finite = not_finite_text(seen.probabilities)
    if not_finite:
        return not_finite
    classes = len(seen.probabilities)
    shown = f"The {min(TOP, classes)} likeliest of {classes:,} classes."
    if model.weights is None:
        return f"{shown} The weights are random (seed {model.seed}): it means nothing."
    return f"{shown} The network knows these classes only, whatever the picture shows."
