"""Formulas: once in symbols, once with the numbers on screen.

A formula is a list of parts that `components/facts.js` draws: plain text, {"symbol": …} in italics,
{"result": …} in bold, {"below": …} as an index, {"floor": parts}, {"ceiling": parts},
{"fraction": [parts, parts]}. KaTeX would hold the picture above it back: it costs more than the
convolution and its picture together (`make bench`).
"""

import math
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


def power_of_ten(value: float) -> str:
    """A small number as a person writes it, for Markdown: "1.9·10⁻⁶"."""
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.1e}".split("e")
    superscript = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa}·10{superscript}"


def significant(value: float) -> str:
    """A number with four significant digits, thousands separated; two digits below 10⁻⁴."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    if value == 0 or abs(value) < 1e-4:
        return power_of_ten(value).replace("-", "−")
    rounded = float(f"{value:.3e}")
    places = max(0, 3 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:,.{places}f}".replace("-", "−")


def percent(share: float) -> str:
    """A probability with three digits: "97.1 %"."""
    if 0 < share < 1e-4:
        return "below 0.01 %"
    if 1 - 1e-4 < share < 1:
        return "over 99.99 %"
    return f"{100 * share:.3g} %"
