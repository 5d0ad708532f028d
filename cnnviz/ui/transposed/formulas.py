"""Formulas of transposed convolution."""

from cnnviz.ops.geometry import Window
from cnnviz.ui.components.equations import Equation, result, symbol


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
