"""Formulas: once in symbols, once with the numbers on screen.

A formula is a list of parts that `components/facts.js` draws: plain text, {"symbol": …} in italics,
{"result": …} in bold, {"floor": parts}, {"fraction": [parts, parts]}. KaTeX would hold the picture
above it back: it costs more than the convolution and its picture together (`make bench`).
"""

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

from cnnviz.ops.equivariance import Equivariance
from cnnviz.ops.filtering import PictureFilter
from cnnviz.ops.geometry import Window
from cnnviz.ops.transposed import transposed_size

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


# --- measured numbers


def significant(value: float) -> str:
    """A number with four significant digits, thousands separated; two digits below 10⁻⁴."""
    if value == 0 or abs(value) < 1e-4:
        return power_of_ten(value).replace("-", "−")
    rounded = float(f"{value:.3e}")
    places = max(0, 3 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:,.{places}f}".replace("-", "−")


def _share(numerator: float, denominator: float, share: float) -> list[Part]:
    """numerator / denominator = share; an exact 0 says so, and 0 has no shares."""
    fraction: Part = {"fraction": [[significant(numerator)], [significant(denominator)]]}
    if denominator == 0:
        return [fraction, ": a map of 0 has no shares"]
    exact = ", the same to the last bit" if numerator == 0 else ""
    return [fraction, " = ", {"result": significant(share)}, exact]


# --- transposed convolution


def transposed_size_formula(window: Window, output_padding: int, height: int, width: int) -> list[Equation]:
    """The output size of both axes; the letters stand on the controls."""
    n, s, p, d, k, o = (symbol(letter) for letter in "nspdko")
    general = ["(", n, " − 1)", s, " − 2", p, " + ", d, "(", k, " − 1) + ", o, " + 1"]
    sizes = (("height′", height), ("width′", width))
    numbers = [([symbol(name)], _transposed_size(window, output_padding, size)) for name, size in sizes]
    return [([symbol("n′")], general), *numbers]


def _transposed_size(window: Window, output_padding: int, size: int) -> list[Part]:
    w = window
    terms = f"({size} − 1)·{w.stride} − 2·{w.padding} + {w.dilation}·({w.kernel_size} − 1)"
    return [f"{terms} + {output_padding} + 1 = ", result(transposed_size(w, size, output_padding))]


def upsampling_macs(window: Window, channels: int, height: int, width: int) -> tuple[int, int]:
    """Multiply-accumulates of the transposed convolution, and of the convolution after resizing."""
    stamped = channels * height * width * window.kernel_size**2
    return stamped, stamped * window.stride**2


def upsampling_cost_formula(window: Window, channels: int, height: int, width: int) -> list[Equation]:
    """Weights of one stamp for all channels, and the multiply-accumulates of both ways."""
    k, s = window.kernel_size, window.stride
    resized = [symbol("s"), " height · ", symbol("s"), " width"]
    stamped, convolved = upsampling_macs(window, channels, height, width)
    return [
        (["weights"], [symbol("k"), "² = ", result(k**2)]),
        (["MACs stamping"], ["channels · height · width · ", symbol("k"), "²"]),
        ([], [f"{channels}·{height}·{width}·{k**2} = ", result(stamped)]),
        (["MACs resized"], ["channels · ", *resized, " · ", symbol("k"), "²"]),
        ([], [f"{channels}·{s * height}·{s * width}·{k**2} = ", result(convolved)]),
    ]


# --- equivariance


def equivariance_formula(measured: Equivariance) -> list[Equation]:
    """The largest difference between both orders, as a share of the signal."""
    f, x, shift = symbol("f"), symbol("x"), symbol("T")
    difference: list[Part] = ["max |", f, "(", shift, x, ") − ", shift, f, "(", x, ")|"]
    signal: list[Part] = ["max |", f, "(", x, ")|"]
    return [
        (["error"], [{"fraction": [difference, signal]}]),
        ([], _share(measured.largest, measured.signal, measured.relative)),
    ]


def invariance_formula(measured: Equivariance) -> list[Equation]:
    """How far the map changes where it stands, and how far its channels' means do."""
    f, x, shift = symbol("f"), symbol("x"), symbol("T")
    moved: list[Part] = ["max |", f, "(", shift, x, ") − ", f, "(", x, ")|"]
    means: list[Part] = ["max |mean ", f, "(", shift, x, ") − mean ", f, "(", x, ")|"]
    signals: list[list[Part]] = [["max |", f, "(", x, ")|"], ["max |mean ", f, "(", x, ")|"]]
    change = measured.invariance * measured.signal
    pooled = measured.pooled_largest, measured.pooled_signal, measured.pooled_relative
    return [
        (["map"], [{"fraction": [moved, signals[0]]}]),
        ([], _share(change, measured.signal, measured.invariance)),
        (["pooled"], [{"fraction": [means, signals[1]]}]),
        ([], _share(*pooled)),
    ]
