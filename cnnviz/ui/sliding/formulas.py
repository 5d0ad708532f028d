"""The formulas of the sliding window: once in symbols, once with its numbers."""

from cnnviz.ops.geometry import Window
from cnnviz.ui.components.equations import Equation, Part, symbol
from cnnviz.ui.components.facts import Facts
from cnnviz.ui.components.sliding_window import Sliding
from cnnviz.ui.sliding.size_formulas import output_size_formula, pooled_size_formula, transposed_size_formula

_TITLES = {
    "conv": "Convolution, as every framework computes it (cross-correlation)",
    "max": "Max pooling",
    "average": "Average pooling",
    "transposed": "Transposed convolution",
}


def sliding_facts(sliding: Sliding, height: int, width: int) -> list[Facts]:
    """One output in symbols and numbers, and the output size."""
    return [
        Facts(_TITLES[sliding.kind], _one_output(sliding), []),
        Facts("Output size", _sizes(sliding, height, width), []),
    ]


def _one_output(sliding: Sliding) -> list[Equation]:
    y: list[Part] = [symbol("Y"), "[", symbol("i"), ", ", symbol("j"), "]"]
    rows, columns = sliding.rows, sliding.columns
    taps = f"m = 0…{rows.kernel_size - 1}, n = 0…{columns.kernel_size - 1}"
    numbers = f"[{_position('i', 'm', rows)}, {_position('j', 'n', columns)}]"
    if sliding.kind == "transposed":
        stamps: list[Part] = [symbol("X"), "[i, j] · ", symbol("W"), "[m, n], over all i, j, m, n"]
        return [
            ([symbol("Y"), "[i·s + m·d − p, j·s + n·d − p]"], ["sum of ", *stamps]),
            ([symbol("Y"), numbers], ["sum of ", *stamps]),
        ]
    read: list[Part] = [symbol("X"), "[i·s + m·d − p, j·s + n·d − p]"]
    if sliding.kind != "conv":
        name = "max" if sliding.kind == "max" else "mean"
        read = [symbol("X"), "[i·s + m − p, j·s + n − p]"]
        return [
            (y, [name, {"below": "m, n"}, " ", *read]),
            ([], [name, {"below": taps}, " ", symbol("X"), numbers]),
        ]
    channel = "c, " if sliding.channels == "summed" else ""
    weight: list[Part] = [" · ", symbol("W"), "[m, n]"]
    bias = f"{sliding.bias:.4g}".replace("-", "−")
    return [
        (y, [symbol("b"), " + Σ", {"below": f"{channel}m, n"}, " ", *read, *weight]),
        ([], [f"{bias} + Σ", {"below": f"{channel}{taps}"}, " ", symbol("X"), numbers, *weight]),
    ]


def _position(output: str, tap: str, window: Window) -> str:
    stride = f"{output}·{window.stride}" if window.stride > 1 else output
    dilated = f"{tap}·{window.dilation}" if window.dilation > 1 else tap
    return f"{stride} + {dilated}" + (f" − {window.padding}" if window.padding else "")


def _sizes(sliding: Sliding, height: int, width: int) -> list[Equation]:
    rows, columns = sliding.rows, sliding.columns
    if sliding.kind == "conv":
        return output_size_formula(rows, columns, height, width)
    if sliding.kind == "transposed":
        return transposed_size_formula(rows, sliding.output_padding, height, width)
    return pooled_size_formula(rows, columns, sliding.options["ceil"], height, width)
