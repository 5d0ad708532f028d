"""Formulas of the equivariance page."""

from cnnviz.figures.numbers import significant
from cnnviz.ops.equivariance import Equivariance
from cnnviz.ui.components.equations import Equation, Part, symbol


def equivariance_formula(measured: Equivariance) -> list[Equation]:
    """The largest difference between both orders, as a share of the signal."""
    f, x, shift = symbol("f"), symbol("x"), symbol("T")
    difference: list[Part] = ["max |", f, "(", shift, x, ") − ", shift, f, "(", x, ")|"]
    signal: list[Part] = ["max |", f, "(", x, ")|"]
    return [
        (["error"], [{"fraction": [difference, signal]}]),
        ([], _share(measured.largest, measured.signal, measured.relative)),
    ]


def invariance_formula(measured: Equivariance) -> list[Equation]:
    """How far the map changes where it stands, and how far its channels' means do."""
    f, x, shift = symbol("f"), symbol("x"), symbol("T")
    moved: list[Part] = ["max |", f, "(", shift, x, ") − ", f, "(", x, ")|"]
    means: list[Part] = ["max |mean ", f, "(", shift, x, ") − mean ", f, "(", x, ")|"]
    signals: list[list[Part]] = [["max |", f, "(", x, ")|"], ["max |mean ", f, "(", x, ")|"]]
    change = measured.invariance * measured.signal
    pooled = measured.pooled_largest, measured.pooled_signal, measured.pooled_relative
    return [
        (["map"], [{"fraction": [moved, signals[0]]}]),
        ([], _share(change, measured.signal, measured.invariance)),
        (["pooled"], [{"fraction": [means, signals[1]]}]),
        ([], _share(*pooled)),
    ]


def _share(numerator: float, denominator: float, share: float) -> list[Part]:
    """numerator / denominator = share; an exact 0 says so, and 0 has no shares."""
    fraction: Part = {"fraction": [[significant(numerator)], [significant(denominator)]]}
    if denominator == 0:
        return [fraction, ": a map of 0 has no shares"]
    exact = ", the same to the last bit" if numerator == 0 else ""
    return [fraction, " = ", {"result": significant(share)}, exact]
