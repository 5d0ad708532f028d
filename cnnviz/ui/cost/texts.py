"""Costs as text, as bars and as rows of a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from cnnviz.analysis.cost import BYTES, Cost, DType
from cnnviz.figures.cost_bars import Axis, BarGroup
from cnnviz.figures.numbers import significant
from cnnviz.figures.tables import Row
from cnnviz.ui.widgets.controls import counted

_PREFIXES = ("", "k", "M", "G", "T", "P", "E")


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds for all comparisons: pictures in a batch, type of the numbers, how the axes count."""

    batch: int
    dtype: DType
    axis: Axis

    @property
    def pictures(self) -> str:
        """The batch as text."""
        return "one picture" if self.batch == 1 else f"a batch of {self.batch} pictures"


def bytes_text(count: int) -> str:
    """Bytes, and from a thousand on in larger units: 1 kB = 1,000 bytes."""
    if count < 1000:
        return counted(count, "byte")
    power = min((len(str(count)) - 1) // 3, len(_PREFIXES) - 1)
    return f"{significant(count / 1000**power)} {_PREFIXES[power]}B ({count:,} bytes)"


def ratio_text(first: tuple[str, int], second: tuple[str, int], noun: str = "as much") -> str:
    """Which of two, each (name, value), takes more, and how many times."""
    (_, small), (more, large) = sorted((first, second), key=lambda pair: pair[1])
    if small == large:
        return "the same for both"
    ratio = float(f"{large / small:.4g}")
    shown = f"{ratio:,.0f}" if ratio >= 1e7 else significant(ratio)  # a ratio of counts is written in full
    about = "" if ratio * small == large else "about "
    return f"{more} takes {about}{shown} times {noun}"


def cost_groups(costs: Sequence[Cost], setting: Setting) -> list[BarGroup]:
    """Weights, MACs and activation memory of each way."""
    size = BYTES[setting.dtype]
    quantities = (
        ("Weights, without biases", "weights", "as many", [cost.weights for cost in costs]),
        (f"MACs of {setting.pictures}", "MACs", "as many", [cost.macs * setting.batch for cost in costs]),
        (
            f"Activation memory of {setting.pictures} in {setting.dtype}", "bytes", "as much",
            [cost.activations * setting.batch * size for cost in costs],
        ),
    )  # fmt: skip
    names = [cost.name for cost in costs]
    return [
        group(title, unit, noun, list(zip(names, values, strict=True)))
        for title, unit, noun, values in quantities
    ]


def group(title: str, unit: str, noun: str, values: Sequence[tuple[str, int]]) -> BarGroup:
    """Bars of one quantity; more than two are given as a share of the first."""
    said = [bytes_text(value) if unit == "bytes" else f"{value:,}" for _, value in values]
    comparison = ""
    if len(values) == 2:
        comparison = ratio_text(values[0], values[1], noun)
    else:
        first = values[0][1]
        shares = [f", {significant(100 * value / first)} % of {values[0][0]}" for _, value in values]
        said = [said[0], *(words + share for words, share in zip(said[1:], shares[1:], strict=True))]
    bars = [(name, value, words) for (name, value), words in zip(values, said, strict=True)]
    return BarGroup(title, comparison, unit, bars)


def cost_rows(costs: Sequence[Cost], setting: Setting) -> list[Row]:
    """A row for each way."""
    return [
        {
            "way": cost.name,
            "weights": cost.weights,
            "biases": cost.biases,
            "parameters": cost.parameters,
            "batch size": setting.batch,
            "MACs": cost.macs * setting.batch,
            "FLOPs": 2 * cost.macs * setting.batch,
            "number type": setting.dtype,
            "activation memory (bytes)": cost.activations * setting.batch * BYTES[setting.dtype],
        }
        for cost in costs
    ]
