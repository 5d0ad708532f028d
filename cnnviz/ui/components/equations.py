"""Formulas: once in symbols, once with the numbers on screen.

A formula is a list of parts that `shared/formula_parts.js` draws: plain text, {"symbol": …} in italics,
{"result": …} in bold, {"below": …} as an index, {"floor": parts}, {"ceiling": parts},
{"fraction": [parts, parts]}. KaTeX would hold the picture above it back: it costs more than the
convolution and its picture together (`make bench`).
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

Part: TypeAlias = str | dict[str, Any]
Equation: TypeAlias = tuple[list[Part], list[Part]]


def symbol(name: str) -> Part:
    """A variable."""
    return {"symbol": name}


def result(value: int) -> Part:
    """The outcome, thousands separated."""
    return {"result": f"{value:,}"}


def floor_of(numerator: Sequence[Part], denominator: Sequence[Part]) -> Part:
    """⌊numerator / denominator⌋."""
    return {"floor": [{"fraction": [list(numerator), list(denominator)]}]}


def as_text(parts: Sequence[Part]) -> str:
    """A formula in one line of plain text, for screen readers."""
    return "".join(part if isinstance(part, str) else _part_as_text(part) for part in parts)


def _part_as_text(part: dict[str, Any]) -> str:
    if "fraction" in part:
        numerator, denominator = (as_text(half) for half in part["fraction"])
        return f"({numerator}) / ({denominator})"
    if "floor" in part:
        return f"⌊{as_text(part['floor'])}⌋"
    if "ceiling" in part:
        return f"⌈{as_text(part['ceiling'])}⌉"
    return str(next(iter(part.values())))
