"""The steps of a unit's story as formulas: in symbols, and with their numbers."""

from collections.abc import Sequence

from cnnviz.analysis.unit.steps import JoinStep, LinearStep, NormStep, PointwiseStep, Step
from cnnviz.analysis.unit.story import StoryStep, UnitField, UnitStory
from cnnviz.figures.numbers import significant
from cnnviz.ops.convolution import ConvStep
from cnnviz.ops.pooling import PoolStep
from cnnviz.ui.components.equations import Part, symbol

# Of so many channels each one's sum is written out.
_WRITTEN = 4

Formula = tuple[list[Part], list[Part]]

# Of functions of one number: the formula in symbols, and with {x} for the number. Others hand it on.
_POINTWISE = {
    "relu": "max({x}, 0)",
    "relu6": "min(max({x}, 0), 6)",
    "sigmoid": "1 / (1 + exp(−{x}))",
    "silu": "{x} / (1 + exp(−{x}))",
    "tanh": "tanh({x})",
    "gelu": "{x} · Φ({x})",
    "hardsigmoid": "min(max({x} + 3, 0), 6) / 6",
    "hardswish": "{x} · min(max({x} + 3, 0), 6) / 6",
}
_BELOW_ZERO = {"hardtanh": "{x}, kept between two limits", "leaky_relu": "{x} if {x} > 0, else slope · {x}",
               "elu": "{x} if {x} > 0, else alpha · (exp({x}) − 1)"}  # fmt: skip
_HANDED_ON = {
    "dropout": "dropout does nothing outside training",
    "flatten": "only its place changes",
    "cat": "maps are put side by side, their values as they are",
}


def bracketed(value: float) -> str:
    """A number as it stands inside a sum or product."""
    text = significant(value)
    return f"({text})" if value < 0 or "·" in text else text


def formula(step: StoryStep) -> Formula:
    """The right side of y = … in symbols, and with the numbers of one unit, its value left out."""
    inner = step.computation
    if isinstance(inner, ConvStep):
        return _summed(inner.channel_sums.tolist(), inner.bias, _taps(inner))
    if isinstance(inner, LinearStep):
        return _summed(inner.products.tolist(), inner.bias, "c")
    if isinstance(inner, NormStep):
        return _normed(inner)
    if isinstance(inner, PoolStep):
        return _pooled(inner)
    if isinstance(inner, JoinStep):
        sign = "+" if inner.function == "add" else "·"
        a, b = inner.parts
        return [symbol("a"), f" {sign} ", symbol("b")], [f"{bracketed(a)} {sign} {bracketed(b)}"]
    return _pointwise(inner, step.operation)


def _taps(step: ConvStep) -> str:
    return "c" if step.inputs[0].size == 1 else "c, taps"


def _summed(sums: Sequence[float], bias: float, over: str) -> Formula:
    symbols: list[Part] = ["Σ", {"below": over}, " ", symbol("x"), " · ", symbol("w"), " + ", symbol("b")]
    if len(sums) <= _WRITTEN:
        added = " + ".join(map(bracketed, sums))
    else:
        added = f"{bracketed(sum(sums))} (the sum over {len(sums):,} channels)"
    return symbols, [f"{added} + {bracketed(bias)}"]


def _normed(step: NormStep) -> Formula:
    symbols: list[Part] = [
        {"fraction": [[symbol("x"), " − mean"], ["√(variance + eps)"]]},
        " · weight + bias",
    ]
    numbers: list[Part] = [
        {"fraction": [
            [f"{significant(step.input)} − {bracketed(step.mean)}"],
            [f"√({significant(step.variance)} + {significant(step.eps)})"],
        ]},
        f" · {bracketed(step.weight)} + {bracketed(step.bias)}",
    ]  # fmt: skip
    return symbols, numbers


def _pooled(step: PoolStep) -> Formula:
    inside = step.inputs[~step.is_padding].tolist()
    if step.kind == "max":
        written = ", ".join(map(significant, inside)) if len(inside) <= 9 else f"{len(inside):,} values"
        return ["max ", symbol("x")], [f"max({written})"]
    total: Part = {"fraction": [["Σ ", symbol("x")], ["count"]]}
    numbers: Part = {"fraction": [[significant(sum(inside))], [f"{step.count:,}"]]}
    return [total], [numbers]


def _pointwise(step: PointwiseStep, operation: str) -> Formula:
    pattern = (
        _POINTWISE.get(operation.lower()) or _POINTWISE.get(step.function) or _BELOW_ZERO.get(step.function)
    )
    if pattern is None:
        return [symbol("x")], [significant(step.input)]
    pieces = pattern.split("{x}")
    symbols: list[Part] = [pieces[0]]
    for piece in pieces[1:]:
        symbols += [symbol("x"), piece]
    return symbols, [pattern.replace("{x}", bracketed(step.input))]


def step_text(step: Step) -> str:
    """What to say about a step besides its formula; may be empty."""
    if isinstance(step, NormStep):
        return (
            ""
            if step.is_stored
            else "No mean and variance are stored, so they are those of this picture's map."
        )
    if isinstance(step, PointwiseStep):
        if step.function == "relu":
            return "Above 0: it passes." if step.input > 0 else "Not above 0: it is cut off."
        return _HANDED_ON.get(step.function, "").capitalize() + ("." if step.function in _HANDED_ON else "")
    if isinstance(step, PoolStep):
        if step.kind == "max":
            return "The largest of them is handed on; the others leave no trace."
        return f"All {step.count:,} count alike."
    return ""


def title(story: UnitStory) -> str:
    """Which unit, and its value."""
    place = f"Channel {story.channel}, row {story.row}, column {story.column} of {story.layer}"
    return f"{place}: {significant(story.value)}"


def check_text(step: StoryStep) -> str:
    """The value computed by hand, compared with PyTorch's."""
    ours, torchs = significant(step.by_hand), significant(step.torch)
    sign = "=" if ours == torchs else "≈"
    return f"by hand {ours} {sign} torch {torchs}, difference {significant(abs(step.difference))}"


def field_text(story: UnitStory) -> str:
    """What the unit sees of the picture."""
    field = story.field
    if field is None:
        return f"What it sees of the picture is not known: {story.note}."
    if field.rows is None or field.columns is None:
        return "It sees nothing of the picture." + _global(field)
    tall, wide = (last - first + 1 for first, last in (field.rows, field.columns))
    where = f"{tall:,}×{wide:,} pixels: rows {_span(field.rows)}, columns {_span(field.columns)}."
    if field.padding_share == 1:
        return f"{where} All of it lies in the padding.{_global(field)}"
    share = f" {significant(100 * field.padding_share)} % of them lie in the padding, hatched."
    return where + (share if field.padding_share else "") + _global(field)


def _span(edges: tuple[int, int]) -> str:
    first, last = (f"{edge:,}".replace("-", "−") for edge in edges)
    return first if first == last else f"{first} to {last}"


def _global(field: UnitField) -> str:
    if not field.is_global:
        return ""
    return " By a path through global pooling or attention it sees more of the picture besides."
