"""How one unit came by its value: what it sees, patch × kernel by channel, and each step after that."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnviz.analysis.unit_steps import JoinStep, LinearStep
from cnnviz.analysis.unit_story import StoryStep, UnitField, UnitStory
from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.ops.convolution import ConvStep
from cnnviz.ops.pooling import PoolStep
from cnnviz.ui.components.payload import pack
from cnnviz.ui.components.registry import declare
from cnnviz.ui.components.turns import last_turn, taken
from cnnviz.ui.formulas.parts import as_text, significant
from cnnviz.ui.formulas.unit_story import check_words, field_words, formula, title, words

_mount = declare("unit_story", styles=("formula_parts",))

Unit = tuple[str, int, int, int]
FindUnit = Callable[[str, tuple[int, ...]], Unit | None]


@dataclass(frozen=True, slots=True)
class Told:
    """A story, and how to get from it to the units on the way.

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
    told: Told | str,
    layer: str,
    pinned: tuple[int, int] | None,
    *,
    hand: str,
    key: str,
    on_pin: Callable[[Any], None],
    on_open: Callable[[Any], None],
) -> None:
    """Show the story of the unit that is pinned in the wall of maps.

    Args:
        told: the story, or a sentence that stands in its place.
        layer: that the wall shows.
        pinned: row and column; None where nothing is pinned.
        hand: key of the wall, which hears what is pinned and tells what it pins.
        key: of the component.
        on_pin: gets the unit that the wall has pinned, or None; unchecked.
        on_open: gets layer, channel, row and column of a unit that was clicked; unchecked.
    """
    fields: dict[str, object] = {"layer": layer, "pinned": pinned, "turn": last_turn(hand), "hint": ""}
    arrays: dict[str, Array] = {}
    if isinstance(told, str):
        fields["hint"] = told
    else:
        found, arrays = payload(told)
        fields |= found

    def chosen() -> None:
        on_pin(taken(key, "unit", hand))

    def opened() -> None:
        on_open(taken(key, "open"))

    _mount(data=pack(fields, arrays), key=key, on_unit_change=chosen, on_open_change=opened)


def payload(told: Told) -> tuple[dict[str, object], dict[str, Array]]:
    """The story as fields and arrays, for the browser."""
    story = told.story
    arrays: dict[str, Array] = {}
    steps = []
    for number, step in enumerate(story.steps):
        detail, found = _detail(step, told.find)
        arrays |= {f"{name}{number}": values for name, values in found.items()}
        steps.append(_step(step, told.find) | detail)
    field = None
    if story.field is not None:
        field = _field(story.field)
        arrays["picture"] = _cutout(told.picture, story.field)
    return {
        "title": title(story),
        "field": field,
        "field_words": field_words(story),
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
        "words": words(step.told),
        "check": check_words(step),
        "kind": "",
    }


def _detail(step: StoryStep, find: FindUnit) -> tuple[dict[str, object], dict[str, Array]]:
    """What a step shows besides its formula."""
    told, source = step.told, step.reads[0] if step.reads else ""
    if isinstance(told, ConvStep):
        whole = [told.in_channels.start, told.input_rows[0], told.input_columns[0]]
        inside = (max(0, n) for n in whole)
        fields = {
            "kind": "taps", "channels": list(told.in_channels), "source": source,
            "opens": find(source, tuple(inside)) is not None,
            "rows": list(told.input_rows), "columns": list(told.input_columns), "bias": told.bias,
        }  # fmt: skip
        return fields, {
            "inputs": _single(told.inputs), "weights": _single(told.weights),
            "sums": _single(told.channel_sums), "padding": told.is_padding.astype(np.uint8),
        }  # fmt: skip
    if isinstance(told, LinearStep):
        fields = {
            "kind": "taps", "channels": list(range(len(told.inputs))), "source": source, "opens": False,
            "rows": [0], "columns": [0], "bias": told.bias,
        }  # fmt: skip
        one = told.inputs.reshape(-1, 1, 1), told.weights.reshape(-1, 1, 1)
        return fields, {
            "inputs": _single(one[0]), "weights": _single(one[1]), "sums": _single(told.products),
            "padding": np.zeros((1, 1), np.uint8),
        }  # fmt: skip
    if isinstance(told, PoolStep):
        fields = {
            "kind": "pool", "source": source, "channel": step.place[0], "winner": told.winner,
            "opens": find(source, (step.place[0], max(0, told.input_rows[0]), max(0, told.input_columns[0])))
            is not None,
            "rows": list(told.input_rows), "columns": list(told.input_columns),
        }  # fmt: skip
        return fields, {"inputs": _single(told.inputs), "padding": told.is_padding.astype(np.uint8)}
    if isinstance(told, JoinStep):
        named = step.reads if len(step.reads) == len(told.parts) else ("", "")
        parts = [
            {"layer": layer, "value": significant(value), "unit": find(layer, step.place)}
            for layer, value in zip(named, told.parts, strict=True)
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
