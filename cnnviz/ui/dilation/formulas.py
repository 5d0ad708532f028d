"""Formulas of dilated layers and stacks of them."""

from collections.abc import Sequence

from cnnviz.ops.geometry import Window
from cnnviz.ui.components.equations import Equation, result, symbol


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
