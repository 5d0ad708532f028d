"""How one unit's value is computed: its field, patch × kernel by channel, and each step after that."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnviz.analysis.unit.steps import JoinStep, LinearStep
from cnnviz.analysis.unit.story import StoryStep, UnitField, UnitStory
from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.ops.convolution import ConvStep
from cnnviz.ops.pooling import PoolStep
from cnnviz.ui.components.edit_version import edit_version, received
from cnnviz.ui.components.equations import as_text, significant
from cnnviz.ui.components.payload import pack
from cnnviz.ui.components.registry import declare
from cnnviz.ui.components.unit_story.formulas import check_text, field_text, formula, step_text, title

_mount = declare("unit_story", styles=("formula_parts",))

Unit = tuple[str, int, int, int]
FindUnit = Callable[[str, tuple[int, ...]], Unit | None]


@dataclass(frozen=True, slots=True)
class DisplayedStory:
    """A unit's story, and how to find the units that it depends on.

    Attributes:
        story: of the pinned unit.
        picture: as the network sees it.
        find: layer, channel, row and column of a value at some place of a layer's output; None if that
            layer cannot be opened.
    """

    story: UnitStory
    picture: Picture
    find: FindUnit


def unit_story(
    displayed: DisplayedStory | str,
    layer: str,
    pinned: tuple[int, int] | None,
    *,
    wall_key: str,
    key: str,
    on_pin: Callable[[Any], None],
    on_open: Callable[[Any], None],
) -> None:
    """Show the story of the unit that is pinned in the wall of maps.

    Args:
        displayed: the story, or a sentence that stands in its place.
        layer: that the wall shows.
        pinned: row and column; None where nothing is pinned.
        wall_key: key of the wall of maps: both components share the pinned unit.
        key: of the component.
        on_pin: gets the unit that the wall has pinned, or None; unchecked.
        on_open: gets layer, channel, row and column of a unit that was clicked; unchecked.
    """
    fields: dict[str, object] = {
        "layer": layer,
        "pinned": pinned,
        "edit_version": edit_version(wall_key),
        "hint": "",
    }
    arrays: dict[str, Array] = {}
    if isinstance(displayed, str):
        fields["hint"] = displayed
    else:
        found, arrays = payload(displayed)
        fields |= found

    def chosen() -> None:
        on_pin(received(key, "unit", wall_key))

    def opened() -> None:
        on_open(received(key, "open"))

    _mount(data=pack(fields, arrays), key=key, on_unit_change=chosen, on_open_change=opened)


def payload(displayed: DisplayedStory) -> tuple[dict[str, object], dict[str, Array]]:
    """The story as fields and arrays, for the browser."""
    story = displayed.story
    arrays: dict[str, Array] = {}
    steps = []
    for number, step in enumerate(story.steps):
        detail, found = _detail(step, displayed.find)
        arrays |= {f"{name}{number}": values for name, values in found.items()}
        steps.append(_step(step, displayed.find) | detail)
    field = None
    if story.field is not None:
        field = _field(story.field)
        arrays["picture"] = _cutout(displayed.picture, story.field)
    return {
        "title": title(story),
        "field": field,
        "field_words": field_text(story),
        "steps": steps,
        "end": f"Largest difference of all steps: {significant(story.largest_difference)} of the value.",
    }, arrays


def _step(step: StoryStep, find: FindUnit) -> dict[str, object]:
    symbols, numbers = formula(step)
    return {
        "layer": step.layer,
        "operation": step.operation,
        "unit": find(step.layer, step.place),
        "symbols": symbols,
        "numbers": numbers,
        "text": f"y = {as_text(numbers)} = {significant(step.by_hand)}",
        "value": significant(step.by_hand),
        "words": step_text(step.computation),
        "check": check_text(step),
        "kind": "",
    }


def _detail(step: StoryStep, find: FindUnit) -> tuple[dict[str, object], dict[str, Array]]:
    """What a step shows besides its formula."""
    inner, source = step.computation, step.reads[0] if step.reads else ""
    if isinstance(inner, ConvStep):
        whole = [inner.in_channels.start, inner.input_rows[0], inner.input_columns[0]]
        inside = (max(0, n) for n in whole)
        fields = {
            "kind": "taps", "channels": list(inner.in_channels), "source": source,
            "opens": find(source, tuple(inside)) is not None,
            "rows": list(inner.input_rows), "columns": list(inner.input_columns), "bias": inner.bias,
        }  # fmt: skip
        return fields, {
            "inputs": _single(inner.inputs), "weights": _single(inner.weights),
            "sums": _single(inner.channel_sums), "padding": inner.is_padding.astype(np.uint8),
        }  # fmt: skip
    if isinstance(inner, LinearStep):
        fields = {
            "kind": "taps", "channels": list(range(len(inner.inputs))), "source": source, "opens": False,
            "rows": [0], "columns": [0], "bias": inner.bias,
        }  # fmt: skip
        one = inner.inputs.reshape(-1, 1, 1), inner.weights.reshape(-1, 1, 1)
        return fields, {
            "inputs": _single(one[0]), "weights": _single(one[1]), "sums": _single(inner.products),
            "padding": np.zeros((1, 1), np.uint8),
        }  # fmt: skip
    if isinstance(inner, PoolStep):
        first = (step.place[0], max(0, inner.input_rows[0]), max(0, inner.input_columns[0]))
        fields = {
            "kind": "pool", "source": source, "channel": step.place[0], "winner": inner.winner,
            "opens": find(source, first) is not None,
            "rows": list(inner.input_rows), "columns": list(inner.input_columns),
        }  # fmt: skip
        return fields, {
            "inputs": _single(inner.inputs),
            "padding": inner.is_padding.astype(np.uint8),
        }
    if isinstance(inner, JoinStep):
        named = step.reads if len(step.reads) == len(inner.parts) else ("", "")
        parts = [
            {"layer": layer, "value": significant(value), "unit": find(layer, step.place)}
            for layer, value in zip(named, inner.parts, strict=True)
        ]
        return {"kind": "join", "parts": parts}, {}
    return {}, {}


def _single(values: Array) -> Array:
    return values.astype(np.float32)


def _field(field: UnitField) -> dict[str, object] | None:
    if field.rows is None or field.columns is None:
        return None
    return {
        "rows": field.rows,
        "columns": field.columns,
        "inside": field.inside_rows and field.inside_columns and [field.inside_rows, field.inside_columns],
    }


def _cutout(picture: Picture, field: UnitField) -> Array:
    """The pixels of a field that lie on the picture."""
    rows, columns = (
        slice(0, 0) if edges is None else slice(edges[0], edges[1] + 1)
        for edges in (field.inside_rows, field.inside_columns)
    )
    return picture.pixels[rows, columns]
