"""Formulas of transposed convolution."""

from cnnviz.ops.geometry import Window
from cnnviz.ops.transposed import transposed_size
from cnnviz.ui.components.equations import Equation, Part, result, symbol


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
