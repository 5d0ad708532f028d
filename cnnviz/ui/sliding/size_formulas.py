"""The output sizes of layers whose window slides, and what a convolution costs, as formulas."""

from collections.abc import Sequence

from cnnviz.ops.filtering import PictureFilter
from cnnviz.ops.geometry import Window
from cnnviz.ops.pooling import pooled_size
from cnnviz.ops.transposed import transposed_size
from cnnviz.ui.components.equations import Equation, Part, floor_of, result, symbol


def output_size_formula(rows: Window, columns: Window, height: int, width: int) -> list[Equation]:
    """The output size of a convolution on both axes; the letters stand on the controls."""
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


def transposed_size_formula(window: Window, output_padding: int, height: int, width: int) -> list[Equation]:
    """The output size of a transposed convolution on both axes; the letters stand on the controls."""
    n, s, p, d, k, o = (symbol(letter) for letter in "nspdko")
    general = ["(", n, " − 1)", s, " − 2", p, " + ", d, "(", k, " − 1) + ", o, " + 1"]
    sizes = (("height′", height), ("width′", width))
    numbers = [([symbol(name)], _transposed_size(window, output_padding, size)) for name, size in sizes]
    return [([symbol("n′")], general), *numbers]


def _transposed_size(window: Window, output_padding: int, size: int) -> list[Part]:
    w = window
    terms = f"({size} − 1)·{w.stride} − 2·{w.padding} + {w.dilation}·({w.kernel_size} − 1)"
    return [f"{terms} + {output_padding} + 1 = ", result(transposed_size(w, size, output_padding))]


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
