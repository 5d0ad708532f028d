"""Formulas of pooling and strides."""

from collections.abc import Sequence

from cnnviz.ops.geometry import Window
from cnnviz.ops.pooling import mean_divisors, pooled_size
from cnnviz.ops.shrinking import Shrinking
from cnnviz.ui.components.equations import Equation, Part, floor_of, result, significant, symbol


def pooled_size_formula(
    rows: Window, columns: Window, ceil_mode: bool, height: int, width: int
) -> list[Equation]:
    """The output size of pooling on both axes, rounded down or up."""
    n, p, k, s = (symbol(letter) for letter in "npks")
    general = [_rounded([n, " + 2", p, " − ", k], [s], ceil_mode), " + 1"]
    return [
        ([symbol("n′")], general),
        ([symbol("height′")], _pooled(rows, height, ceil_mode)),
        ([symbol("width′")], _pooled(columns, width, ceil_mode)),
    ]


def _rounded(numerator: Sequence[Part], denominator: Sequence[Part], up: bool) -> Part:
    if up:
        return {"ceiling": [{"fraction": [list(numerator), list(denominator)]}]}
    return floor_of(numerator, denominator)


def _pooled(window: Window, input_size: int, up: bool) -> list[Part]:
    numerator = f"{input_size} + 2·{window.padding} − {window.kernel_size}"
    dropped = " − 1" if drops_last_window(window, input_size, up) else ""
    return [
        _rounded([numerator], [str(window.stride)], up),
        f" + 1{dropped} = ",
        result(pooled_size(window, input_size, up)),
    ]


def drops_last_window(window: Window, input_size: int, ceil_mode: bool) -> bool:
    """Whether rounding up makes a window that begins beyond the input and is left out."""
    return bool(
        ceil_mode
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
