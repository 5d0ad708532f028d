"""Formulas of receptive fields: how they grow, and where the box of a unit lies."""

from collections.abc import Sequence
from fractions import Fraction

from cnnviz.analysis.field.receptive_field import ReceptiveField
from cnnviz.analysis.stack import StackLayer, StackStep
from cnnviz.analysis.trace.rows import LayerRow
from cnnviz.ui.components.equations import Equation, Part, result, symbol

_R, _J, _C, _K, _S, _P = map(symbol, ("r", "j", "c", "k", "s", "p"))
_REACH: list[Part] = ["(", _K, " − 1)·", _J]


def number(value: float) -> str:
    """A pixel coordinate: at most two decimals, a real minus sign, thousands separated."""
    text = f"{value:,.2f}".rstrip("0").rstrip(".")
    return ("0" if text == "-0" else text).replace("-", "−")


def unit_formula(seen: ReceptiveField, unit: tuple[int, int]) -> list[Equation]:
    """First and last row and column that a unit sees, from start, jump and size."""
    found: list[Equation] = [
        (["first, last"], [symbol("start"), " + ", symbol("unit"), "·", _J, " ∓ (", _R, " − 1)/2"])
    ]
    axes = zip(("rows", "columns"), seen.axes, seen.start, unit, strict=True)
    for name, axis, start, index in axes:
        edges = axis.at(index)
        if edges is None:
            continue
        line = ""
        if len(axis.edges) == 1:  # else neighbouring units differ, and one number does not tell them
            half = Fraction(edges[1] - edges[0], 2)
            line = f"{number(start)} + {index}·{number(float(axis.jump))} ∓ {number(float(half))} = "
        found.append(([name], [line, {"result": f"{number(edges[0])} to {number(edges[1])}"}]))
    return found


def growth_formula(row: LayerRow, before: Sequence[tuple[int, float]]) -> list[Equation]:
    """The field of a window from that of the row before it; nothing for other rows.

    Args:
        row: with a field.
        before: size and jump of the row before it for each axis; empty if they are not known.
    """
    assert row.receptive_field is not None
    if row.kind not in ("convolution", "pooling"):
        return []
    axes = list(zip(row.receptive_field.size, before, strict=True)) if before else []
    spans = [Fraction(size - old) / Fraction(jump) + 1 for size, (old, jump) in axes]
    if not axes or any(span.denominator != 1 for span in spans):
        return []
    lines: list[list[Part]] = [
        [f"{old:,} + ({span} − 1)·{number(jump)} = ", result(size)]
        for (size, (old, jump)), span in zip(axes, spans, strict=True)
    ]
    found: list[Equation] = [([_R], [_R, " + ", *_REACH])]
    if lines[0] == lines[-1]:
        return [*found, ([], lines[0])]
    return [*found, (["height"], lines[0]), (["width"], lines[-1])]


def stack_formulas(layers: Sequence[StackLayer], steps: Sequence[StackStep]) -> list[list[Equation]]:
    """Size, jump and start of the last layer: in symbols, then in numbers."""
    before, after, window = steps[-2], steps[-1], layers[-1].window
    k_eff, r, j = window.effective_kernel_size, before.size, before.jump
    size: list[Equation] = [
        ([_R], [_R, " + (", _K, {"below": "eff"}, " − 1)·", _J]),
        ([], [f"{r:,} + ({k_eff} − 1)·{j:,} = ", result(after.size)]),
    ]
    jump: list[Equation] = [([_J], [_J, "·", _S]), ([], [f"{j:,}·{window.stride} = ", result(after.jump)])]
    start: list[Equation] = [
        ([_C], [_C, " + ((", _K, {"below": "eff"}, " − 1)/2 − ", _P, ")·", _J]),
        (
            [],
            [
                f"{number(before.start)} + ({k_eff - 1}/2 − {window.padding})·{j:,} = ",
                {"result": number(after.start)},
            ],
        ),
    ]
    return [size, jump, start]
