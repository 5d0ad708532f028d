"""Formulas of pooling and strides."""

from collections.abc import Sequence

from cnnviz.figures.numbers import significant
from cnnviz.ops.pooling import mean_divisors
from cnnviz.ops.shrinking import Shrinking
from cnnviz.ui.components.equations import Equation, Part, result, symbol


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
