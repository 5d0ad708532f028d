"""A stack of convolutions and poolings written as text, and its receptive field step by step.

The grammar, layers separated by commas or line breaks:

    layer   := ["conv" | "pool"] kernel_size option*
    option  := "s" stride | "p" padding | "d" dilation

A plain number is a convolution with stride 1; a pooling's stride is its window, as in PyTorch.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cnnviz.errors import CnnvizError
from cnnviz.ops.geometry import Window

MOST_LAYERS = 40
LARGEST = 99
LARGEST_FIELD = 1_000_000
_LAYER = re.compile(r"(?:(?P<kind>[a-z]+)\s*)?(?P<size>\d+)(?:\s*[x×]\s*(?P<across>\d+))?(?P<options>.*)")
_OPTION = re.compile(r"\s*(?P<name>[a-z]+)\s*=?\s*(?P<value>\d+)")
_OPTIONS = {"s": "stride", "p": "padding", "d": "dilation"}
_OPTIONS |= {name: name for name in _OPTIONS.values()}


@dataclass(frozen=True, slots=True)
class StackLayer:
    """A square convolution or pooling."""

    kind: Literal["conv", "pool"]
    window: Window

    @property
    def text(self) -> str:
        """As `parse_stack` reads it, defaults left out."""
        w, pool = self.window, self.kind == "pool"
        usual = w.kernel_size if pool else 1
        parts = [f"pool {w.kernel_size}" if pool else f"{w.kernel_size}"]
        parts += [f"s{w.stride}"] if w.stride != usual else []
        parts += [f"p{w.padding}"] if w.padding else []
        parts += [f"d{w.dilation}"] if w.dilation != 1 else []
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class StackStep:
    """The receptive field after a layer, along one axis, in input pixels: size, jump, centre of unit 0."""

    size: int
    jump: int
    start: float


def parse_stack(text: str) -> tuple[StackLayer, ...]:
    """Read a stack such as "3, 3, pool 2, 3" or "7 s2 p3, pool 3 s2 p1".

    Raises:
        CnnvizError: with the number of the layer that cannot be read, and what it should look like.
    """
    parts = [part.strip() for part in re.split(r"[,;\n]", text.lower())]
    if not any(parts):
        raise CnnvizError('Type at least one layer, such as "3" for a 3×3 convolution.')
    if len(parts) > MOST_LAYERS:
        raise CnnvizError(f"The stack has {len(parts)} layers; at most {MOST_LAYERS} can be followed here.")
    layers = tuple(_layer(part, number) for number, part in enumerate(parts, start=1))
    for number, step in enumerate(follow(layers)[1:], start=1):
        if step.size > LARGEST_FIELD or step.jump > LARGEST_FIELD:
            raise CnnvizError(
                f"After layer {number} the field or its jump is more than {LARGEST_FIELD:,} pixels: "
                "that is as far as this page goes."
            )
    return layers


def follow(layers: Sequence[StackLayer]) -> list[StackStep]:
    """The field at the input and after each layer: r ← r + (k_eff − 1)·j, then j ← j·s.

    The centre of unit 0: c ← c + ((k_eff − 1)/2 − p)·j, with j before its update.
    """
    steps = [StackStep(1, 1, 0.0)]
    for layer in layers:
        r, j, c = steps[-1].size, steps[-1].jump, steps[-1].start
        w = layer.window
        reach = w.effective_kernel_size - 1
        steps.append(StackStep(r + reach * j, j * w.stride, c + (reach / 2 - w.padding) * j))
    return steps


def _layer(part: str, number: int) -> StackLayer:
    where = f"Layer {number}, “{part}”" if part else f"Layer {number}"
    if not part:
        raise CnnvizError(f"{where} is empty: there is a comma too many.")
    found = _LAYER.fullmatch(part)
    if found is None:
        raise CnnvizError(
            f"{where}, has no kernel size. Write a number, such as 3, or “pool 2”; then, if need be, "
            "s for stride, p for padding, d for dilation, as in “3 s2 p1”."
        )
    kind = found["kind"] or "conv"
    if kind not in ("conv", "pool"):
        raise CnnvizError(f"{where}, begins with “{kind}”: only conv and pool are known.")
    if found["across"] not in (None, found["size"]):
        raise CnnvizError(f"{where}, is not square: here one number stands for height and width.")
    size = int(found["size"])
    values = {"stride": size if kind == "pool" else 1, "padding": 0, "dilation": 1}
    values |= _options(found["options"], where)
    _check(where, kind, size, values)
    return StackLayer("pool" if kind == "pool" else "conv", Window(size, **values))


def _options(text: str, where: str) -> dict[str, int]:
    values: dict[str, int] = {}
    at = 0
    while text[at:].strip():
        found = _OPTION.match(text, at)
        if found is None or found["name"] not in _OPTIONS:
            raise CnnvizError(
                f"{where}: “{text[at:].strip()}” is not s, p or d with a number, as in “3 s2 p1 d2”."
            )
        name = _OPTIONS[found["name"]]
        if name in values:
            raise CnnvizError(f"{where}, gives its {name} twice.")
        values[name] = int(found["value"])
        at = found.end()
    return values


def _check(where: str, kind: str, size: int, values: dict[str, int]) -> None:
    named = {"kernel size": size, **values}
    for name, value in named.items():
        least = 0 if name == "padding" else 1
        if not least <= value <= LARGEST:
            raise CnnvizError(f"{where}: {name} {value} is outside {least} to {LARGEST}.")
    if kind == "pool" and values["padding"] > size // 2:
        raise CnnvizError(f"{where}: PyTorch pads a pooling by at most half its window, {size // 2} here.")
