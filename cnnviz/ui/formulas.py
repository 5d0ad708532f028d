"""Formulas: once in symbols, once with the numbers on screen.

A formula is a list of parts that `components/facts.js` draws: plain text, {"symbol": …} in italics,
{"result": …} in bold, {"floor": parts}, {"ceiling": parts}, {"fraction": [parts, parts]}. KaTeX would hold
the picture above it back: it costs more than the convolution and its picture together (`make bench`).
"""

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

from cnnviz.ops.filtering import PictureFilter
from cnnviz.ops.geometry import Window
from cnnviz.ops.pooling import mean_divisors, pooled_size
from cnnviz.ops.shrinking import Shrinking

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
    if "ceiling" in part:
        return f"⌈{as_text(part['ceiling'])}⌉"
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


# --- pooling


def pooled_size_formula(shrinking: Shrinking, height: int, width: int) -> list[Equation]:
    """The output size of pooling on both axes, rounded down or up."""
    n, p, k, s = (symbol(letter) for letter in "npks")
    general = [_rounded([n, " + 2", p, " − ", k], [s], shrinking.ceil_mode), " + 1"]
    return [
        ([symbol("n′")], general),
        ([symbol("height′")], _pooled(shrinking, height)),
        ([symbol("width′")], _pooled(shrinking, width)),
    ]


def _rounded(numerator: Sequence[Part], denominator: Sequence[Part], up: bool) -> Part:
    if up:
        return {"ceiling": [{"fraction": [list(numerator), list(denominator)]}]}
    return floor_of(numerator, denominator)


def _pooled(shrinking: Shrinking, input_size: int) -> list[Part]:
    window, up = shrinking.window, shrinking.ceil_mode
    numerator = f"{input_size} + 2·{window.padding} − {window.kernel_size}"
    dropped = " − 1" if drops_last_window(shrinking, input_size) else ""
    return [
        _rounded([numerator], [str(window.stride)], up),
        f" + 1{dropped} = ",
        result(pooled_size(window, input_size, up)),
    ]


def drops_last_window(shrinking: Shrinking, input_size: int) -> bool:
    """Whether rounding up makes a window that begins beyond the input and is left out."""
    window = shrinking.window
    return bool(
        shrinking.ceil_mode
        and window.left_over(input_size)
        and pooled_size(window, input_size, True) == window.output_size(input_size)
    )


def divisor_formula(shrinking: Shrinking, height: int, width: int) -> list[Equation]:
    """What average pooling divides by: in a whole window, and in the corners."""
    options = shrinking.ceil_mode, shrinking.count_include_pad
    rows, columns = (mean_divisors(shrinking.window, size, *options) for size in (height, width))
    k = shrinking.kernel_size
    return [
        (["average"], [{"fraction": [["sum under the window"], ["rows that count · columns that count"]]}]),
        (["whole window"], [f"sum / ({k}·{k}) = sum / ", result(k * k)]),
        (["first output"], [f"sum / ({rows[0]}·{columns[0]}) = sum / ", result(rows[0] * columns[0])]),
        (["last output"], [f"sum / ({rows[-1]}·{columns[-1]}) = sum / ", result(rows[-1] * columns[-1])]),
    ]


def strided_weights_formula(shrinking: Shrinking, channels: int) -> list[Equation]:
    """What each way has to learn."""
    k = shrinking.kernel_size
    return [
        (["pooling"], [result(0)]),
        (["strided"], ["channels · ", symbol("k"), " · ", symbol("k")]),
        ([], [f"{channels}·{k}·{k} = ", result(shrinking.parameters("strided", channels))]),
    ]


def share_formula(changes: Sequence[tuple[str, float]], input_change: float) -> list[Equation]:
    """How much each output changes, as a share of the input's own change: (name, mean magnitude)."""
    share: Part = {"fraction": [["mean |f(shifted x) − f(x)|"], ["mean |shifted x − x|"]]}
    equations: list[Equation] = [(["share"], [share])]
    for name, change in changes:
        fraction: Part = {"fraction": [[significant(change)], [significant(input_change)]]}
        percent: Part = {"result": f"{100 * change / input_change:.1f} %"}
        equations.append(([name], [fraction, " = ", percent]))
    return equations


def significant(value: float) -> str:
    """A number with four significant digits, a real minus sign and thousands separated."""
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e7:
        return power_of_ten(value).replace("-", "−")
    places = max(0, 3 - math.floor(math.log10(abs(float(f"{value:.3e}")))))
    return f"{value:,.{places}f}".replace("-", "−")


# --- dilation


def effective_size_formula(window: Window) -> list[Equation]:
    """From the first tap of a dilated kernel to its last."""
    d, k = symbol("d"), symbol("k")
    return [
        ([symbol("span")], [d, "(", k, " − 1) + 1"]),
        ([], [f"{window.dilation}·({window.kernel_size} − 1) + 1 = ", result(window.effective_kernel_size)]),
    ]


def stack_field_formula(rates: Sequence[int]) -> list[Equation]:
    """The receptive field of a stack of 3×3 layers with stride 1."""
    total = " + ".join(str(rate) for rate in rates)
    return [
        ([symbol("r")], ["1 + (", symbol("k"), " − 1) · Σ ", symbol("d")]),
        ([], [f"1 + (3 − 1)·({total}) = ", result(1 + 2 * sum(rates))]),
    ]


def stack_weights_formula(layers: int) -> list[Equation]:
    """The weights of a stack of 3×3 layers, from one channel to one channel."""
    k = symbol("k")
    return [
        (["weights"], ["layers · ", k, " · ", k]),
        ([], [f"{layers}·3·3 = ", result(9 * layers)]),
    ]
