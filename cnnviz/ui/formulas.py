"""Formulas: once in symbols, once with the numbers on screen.

A formula is a list of parts that `components/facts.js` draws: plain text, {"symbol": …} in italics,
{"result": …} in bold, {"floor": parts}, {"fraction": [parts, parts]}. KaTeX would hold the picture
above it back: it costs more than the convolution and its picture together (`make bench`).
"""

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

from cnnviz.ops.filtering import PictureFilter
from cnnviz.ops.geometry import Window

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


def output_size_formula(rows: Window, columns: Window, height: int, width: int) -> list[Equation]:
    """The output size of both axes; the letters stand on the controls."""
    n, p, d, k, s = (symbol(letter) for letter in "npdks")
    general = [floor_of([n, " + 2", p, " − ", d, "(", k, " − 1) − 1"], [s]), " + 1"]
    return [
        ([symbol("n′")], general),
        ([symbol("height′")], _size(rows, height)),
        ([symbol("width′")], _size(columns, width)),
    ]


def _size(window: Window, input_size: int) -> list[Part]:
    w = window
    numerator = f"{input_size} + 2·{w.padding} − {w.dilation}·({w.kernel_size} − 1) − 1"
    return [floor_of([numerator], [str(w.stride)]), " + 1 = ", result(w.output_size(input_size))]


def cost_formula(layer: PictureFilter, height: int, width: int) -> list[Equation]:
    """Parameters and multiply-accumulates."""
    out_channels, per_group, kernel_height, kernel_width = layer.weight.shape
    outputs = layer.rows.output_size(height), layer.columns.output_size(width)
    bias = (" + out", f" + {out_channels}") if layer.bias else ("", "")
    per_channel: Part = {"fraction": [["in"], ["groups"]]}
    weights = f"{out_channels}·{per_group}·{kernel_height}·{kernel_width}"
    return [
        (["parameters"], ["out · ", per_channel, " · kernel h·w", bias[0]]),
        ([], [f"{weights}{bias[1]} = ", result(layer.parameters)]),
        (["MACs"], ["weights · height′ · width′"]),
        ([], [f"{layer.weight.numel():,}·{outputs[0]}·{outputs[1]} = ", result(layer.macs(height, width))]),
    ]


def as_text(parts: Sequence[Part]) -> str:
    """A formula in one line of plain text, for screen readers."""
    return "".join(part if isinstance(part, str) else _part_as_text(part) for part in parts)


def _part_as_text(part: dict[str, Any]) -> str:
    if "fraction" in part:
        numerator, denominator = (as_text(half) for half in part["fraction"])
        return f"({numerator}) / ({denominator})"
    if "floor" in part:
        return f"⌊{as_text(part['floor'])}⌋"
    return str(next(iter(part.values())))


def aligned(*equations: tuple[str, str]) -> str:
    """LaTeX equations under each other, aligned at the equals sign."""
    lines = r" \\[3pt] ".join(f"{left} &= {right}" for left, right in equations)
    return rf"\footnotesize \begin{{aligned}} {lines} \end{{aligned}}"


def power_of_ten(value: float) -> str:
    """A small number as a person writes it, for Markdown: "1.9·10⁻⁶"."""
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.1e}".split("e")
    superscript = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa}·10{superscript}"


def number(value: float) -> str:
    """Four significant digits, thousands separated, with a real minus sign, for Markdown."""
    if value == 0 or not 1e-4 <= abs(value) < 1e7:
        return power_of_ten(value)
    places = max(0, 3 - math.floor(math.log10(abs(value))))
    return f"{value:,.{places}f}".replace("-", "−")
