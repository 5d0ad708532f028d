"""Formulas of attribution, with the numbers of a result."""

import numpy as np

from cnnviz.analysis.attribution import AttributionMethod
from cnnviz.arrays import Array
from cnnviz.figures.numbers import percent, significant
from cnnviz.ui.components.equations import Equation, Part, symbol

_S, _A, _X, _P = symbol("s"), symbol("A"), symbol("x"), symbol("p")


def _outcome(value: float) -> Part:
    return {"result": significant(value)}


def _slope(of: Part, by: list[Part]) -> Part:
    return {"fraction": [["∂", of], ["∂", *by]]}


def attribution_formula(
    method: AttributionMethod, values: Array | None, score: float, zeros: float
) -> list[Equation]:
    """A method in symbols, and, once there is a map, in numbers; of one class the score s(x), and s(0)."""
    numbers = [] if values is None else _numbers(method, values, score, zeros)
    return [([_A, "(", _P, ")"], _GENERAL[method]), *numbers]


_GENERAL: dict[AttributionMethod, list[Part]] = {
    "grad_cam": [
        "max(0, Σ", {"below": "k"}, " ", symbol("α"), {"below": "k"}, " ", symbol("m"), {"below": "k"}, "(",
        _P, ")), ", symbol("α"), {"below": "k"}, " = mean over the map of ",
        _slope(_S, [symbol("m"), {"below": "k"}]),
    ],
    "integrated_gradients": [
        "Σ over colours ", symbol("c"), " of ", _X, "(", symbol("c"), ", ", _P, ") · mean over ", symbol("t"),
        " from 0 to 1 of ", _slope(_S, [_X, "(", symbol("c"), ", ", _P, ")"]), " at ", symbol("t"), "·", _X,
    ],
    "occlusion": [
        "mean over the squares on ", _P, " of ", _S, "(", _X, ") − ", _S, "(", _X, " with that square 0)",
    ],
    "saliency": [
        "max over colours ", symbol("c"), " of |", _slope(_S, [_X, "(", symbol("c"), ", ", _P, ")"]), "|",
    ],
}  # fmt: skip


def _numbers(method: AttributionMethod, values: Array, score: float, zeros: float) -> list[Equation]:
    if method == "integrated_gradients":
        return completeness(values, score, zeros)
    if method == "occlusion":
        return [
            ([_S, "(", _X, ")"], [_outcome(score)]),
            (["largest"], [_outcome(float(values.max()))]),
            (["least"], [_outcome(float(values.min()))]),
        ]
    row, column = np.unravel_index(values.argmax(), values.shape)
    largest: Equation = (["largest"], [f"at row {row}, column {column}: ", _outcome(float(values.max()))])
    if method == "saliency":
        return [largest]
    above = np.count_nonzero(values)
    share: Part = {"fraction": [[f"{above:,}"], [f"{values.size:,}"]]}
    return [largest, (["pixels above 0"], [share, " = ", {"result": percent(above / values.size)}])]


def completeness(values: Array, score: float, zeros: float) -> list[Equation]:
    """The sum of integrated gradients against the gain in score, and by how much they differ."""
    total, gain = float(values.sum(dtype=np.float64)), score - zeros
    missing = total - gain
    off: list[Part] = [f"{significant(total)} − {_signed(gain)} = ", _outcome(missing)]
    if gain:
        off.append(f", {abs(missing / gain):.2%} of the gain".replace("%", " %"))
    return [
        (["Σ", {"below": "p"}, " ", _A, "(", _P, ")"], [_outcome(total)]),
        ([_S, "(", _X, ") − ", _S, "(0)"], [f"{significant(score)} − {_signed(zeros)} = ", _outcome(gain)]),
        (["difference"], off),
    ]


def _signed(value: float) -> str:
    text = significant(value)
    return f"({text})" if value < 0 else text
