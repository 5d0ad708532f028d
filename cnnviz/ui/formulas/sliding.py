"""The formulas of the sliding window: once in symbols, once with its numbers."""

from cnnviz.ops.geometry import Window
from cnnviz.ui.components.facts import Facts
from cnnviz.ui.components.sliding_window import Sliding
from cnnviz.ui.formulas.convolution import output_size_formula
from cnnviz.ui.formulas.parts import Equation, Part, symbol
from cnnviz.ui.formulas.pooling import pooled_size_formula
from cnnviz.ui.formulas.transposed import transposed_size_formula

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
    if sliding.kind == "transposed":
        target = "Y[i·s + m·d − p, j·s + n·d − p]"
        numbers = f"Y[{_position('i', 'm', rows)}, {_position('j', 'n', columns)}]"
        weight = "X[i, j] · W[m, n], for every i, j, m, n"
        return [([target], ["sum of ", weight]), ([numbers], ["sum of ", weight])]
    general = "X[i·s + m·d − p, j·s + n·d − p]"
    numbers = f"X[{_position('i', 'm', rows)}, {_position('j', 'n', columns)}]"
    taps = f"m = 0…{rows.kernel_size - 1}, n = 0…{columns.kernel_size - 1}"
    if sliding.kind == "conv":
        sums = "Σ" if sliding.channels != "summed" else "Σ over channels,"
        bias = f"{sliding.bias:.4g}".replace("-", "−")
        return [
            (y, [f"b + {sums} m, n  {general} · W[m, n]"]),
            ([], [f"{bias} + {sums} {taps}  {numbers} · W[m, n]"]),
        ]
    general, numbers = general.replace("·d", ""), numbers
    name = "max" if sliding.kind == "max" else "mean"
    return [(y, [f"{name} over m, n of {general}"]), ([], [f"{name} over {taps} of {numbers}"])]


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
