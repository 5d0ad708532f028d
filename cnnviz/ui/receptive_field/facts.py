"""What the receptive field page says in formulas and asks."""

import math
from collections.abc import Sequence

from cnnviz.analysis.trace.rows import LayerRow, Trace, times
from cnnviz.figures.field_growth import Growth
from cnnviz.ui.components.equations import Equation
from cnnviz.ui.components.facts import Facts, facts
from cnnviz.ui.receptive_field.formulas import growth_formula, number, unit_formula
from cnnviz.ui.widgets.quiz import check_yourself

_UNIT_BY_UNIT = ("convolution", "norm", "activation", "linear", "pooling")
_FEW = 4


def global_text(row: LayerRow) -> str:
    """What a field that is global through some path means; empty for others."""
    if not row.is_global:
        return ""
    return (
        "On the way there is squeeze-and-excitation, global pooling or attention, by which a unit sees more "
        "than this box: the whole picture, or, where attention works in windows as in Swin and MaxViT, "
        "at least its window. The box is the local field, with that path left out."
    )


def show_box_facts(found: Trace, rows: Sequence[LayerRow], row: LayerRow, unit: tuple[int, int]) -> None:
    """How the field came about, its three numbers, and where the fields outgrow the picture."""
    seen = row.receptive_field
    assert seen is not None
    before = _before(found, row)
    facts(
        [
            Facts(
                f"Growth at {row.layer}",
                growth_formula(row, before),
                [(f"{row.operation}:", growth_text(found, row, before))],
            ),
            Facts(
                "Size, jump, start",
                _three_numbers(row),
                [("jump", "is the effective stride: pixels from one unit's field to the next one's.")],
            ),
            Facts(
                f"Box of unit {unit[0]}, {unit[1]}",
                unit_formula(seen, unit),
                [
                    ("Outgrown?", outgrown_text(Growth("The network", tuple(rows), found.input_shape[2]))),
                    ("No field:", missing_fields_text(found)),
                ],
            ),
        ],
        "rf_facts",
    )


def _three_numbers(row: LayerRow) -> list[Equation]:
    seen = row.receptive_field
    assert seen is not None
    return [
        (["size ", {"symbol": "r"}], [{"result": times(f"{n:,}" for n in seen.size)}, " pixels"]),  # type: ignore[misc]
        (["jump ", {"symbol": "j"}], [{"result": _one_or_two(seen.jump)}, " pixels"]),
        (["start ", {"symbol": "c"}], [{"result": _one_or_two(seen.start)}, ", the centre of unit 0"]),
    ]


def _one_or_two(values: Sequence[float]) -> str:
    texts = [number(value) for value in values]
    return texts[0] if len(set(texts)) == 1 else " × ".join(texts)


def _before(found: Trace, row: LayerRow) -> list[tuple[int, float]]:
    """Size and jump of the only row before this one, by axis; none at a join, or where that has no field."""
    assert row.receptive_field is not None
    if len(row.parents) != 1:
        return []
    if not row.parents[0]:
        return [(1, 1) for _ in row.receptive_field.size]
    seen = found[row.parents[0]].receptive_field
    return list(zip(seen.size, seen.jump, strict=True)) if seen and seen.is_uniform else []


def growth_text(found: Trace, row: LayerRow, before: Sequence[tuple[int, float]]) -> str:
    """What an operation does to the field."""
    assert row.receptive_field is not None
    size, old = row.receptive_field.size, tuple(size for size, _ in before)
    if len(row.parents) > 1:
        return _meeting_text(found, row)
    if not before:
        return f"{_size_text(size)} pixels."
    if size != old:
        return f"from {_size_text(old)} to {_size_text(size)} pixels."
    if row.kind == "attention":
        return "looks at other units as well, which the box leaves out. The local field stays as it was."
    if row.kind in _UNIT_BY_UNIT:
        return "works on each unit by itself, so the field stays as it was."
    return "the field stays as it was."


def _meeting_text(found: Trace, row: LayerRow) -> str:
    """Which branches meet; those that global pooling has left with one position are not counted."""
    assert row.receptive_field is not None
    size = row.receptive_field.size
    parents = [found[parent] for parent in row.parents if parent]
    sizes = [p.receptive_field.size for p in parents if p.receptive_field and not p.is_pooled]
    sizes += [tuple(1 for _ in size)] * row.parents.count("")
    pooled = any(parent.is_pooled for parent in parents)
    if len(sizes) < 2:
        stays = f"The local field stays {_size_text(size)} pixels."
        return (
            f"a branch from global pooling comes in, which sees the whole picture. {stays}"
            if pooled
            else stays
        )
    rest = " A branch from global pooling, which sees the whole picture, is left out." if pooled else ""
    return f"here {_branches_text(sizes)}. The field is their union, {_size_text(size)}.{rest}"


def _branches_text(sizes: Sequence[tuple[int, ...]]) -> str:
    """Their number, and each one's size or the range of them."""
    each = [_size_text(size) for size in sizes]
    if len(set(each)) == 1:
        return f"{len(each)} branches meet, {each[0]} pixels each"
    if len(each) <= _FEW:
        return f"{len(each)} branches meet, {', '.join(each[:-1])} and {each[-1]} pixels"
    least, most = min(sizes, key=math.prod), max(sizes, key=math.prod)
    return f"{len(each)} branches meet, {_size_text(least)} to {_size_text(most)} pixels"


def _size_text(size: Sequence[int]) -> str:
    """One number for a square."""
    return f"{size[0]:,}" if len(set(size)) == 1 else times(f"{n:,}" for n in size)  # type: ignore[misc]


def outgrown_text(growth: Growth) -> str:
    """Where a network's field is larger than its picture for the first time."""
    side = f"{growth.side}×{growth.side}"
    if growth.outgrown is None:
        largest = max(growth.sizes)
        return f"no local field is larger than the {side} picture; the largest has {largest:,} pixels."
    row = growth.rows[growth.outgrown]
    return (
        f"from {row.layer} on (depth {growth.outgrown + 1} of {len(growth.rows)}) the field, "
        f"{growth.sizes[growth.outgrown]:,} pixels, is larger than the {side} picture."
    )


def missing_fields_text(found: Trace) -> str:
    """How many operations have no field, and why the first of them has none."""
    missing = [row for row in found if row.receptive_field is None]
    if not missing:
        return "every operation has one."
    first = missing[0]
    return f"{len(missing)} of {len(found)} operations have none, from {first.layer} on ({first.note})."


def ask_about_next_layer(row: LayerRow) -> None:
    """The field after one more convolution, which is not on screen."""
    seen = row.receptive_field
    assert seen is not None
    size, jump = seen.size[0], seen.jump[0]
    if not seen.is_uniform or len({*seen.size}) > 1 or len({*seen.jump}) > 1 or jump != int(jump):
        return
    j = int(jump)
    check_yourself(
        f"One more convolution, 5×5 with stride 2, on top of {row.layer}: how many pixels does one of its "
        "units see in each direction?",
        size + 4 * j,
        {
            "a step from tap to tap is j pixels of the picture, not one": size + 4,
            "five taps have four steps between them: k − 1, not k": size + 5 * j,
            "its own stride counts for the layers after it only": size + 8 * j,
            "that is the field without the new layer": size,
            "that is what a 3×3 kernel gives": size + 2 * j,
            "that is the new layer alone": 5,
        },
        "rf_quiz",
    )
