"""Formulas of the convolution lab."""

from cnnviz.ops.filtering import PictureFilter
from cnnviz.ops.geometry import Window
from cnnviz.ui.components.equations import Equation, Part, floor_of, result, symbol


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
