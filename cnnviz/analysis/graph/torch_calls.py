"""Helpers for `TorchFunctionMode`s: a call's function name, arguments and tensors."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn


def function_name(func: Any) -> str:
    """The function's name without underscores; in-place and operator forms as "add" for `__iadd__`."""
    name: str = getattr(func, "__name__", type(func).__name__)
    if name == "__get__":
        return str(getattr(func.__self__, "__name__", name))
    if name.startswith("__") and name.endswith("__"):
        name = name.strip("_")
        return _CANONICAL.get(name, name)
    return name.strip("_")


_CANONICAL = {
    "iadd": "add", "radd": "add", "isub": "sub", "rsub": "sub", "imul": "mul", "rmul": "mul",
    "truediv": "div", "itruediv": "div", "rtruediv": "div", "rdiv": "div", "rpow": "pow", "ipow": "pow",
    "and": "bitwise_and", "or": "bitwise_or", "invert": "bitwise_not", "rmatmul": "matmul",
}  # fmt: skip


def argument(
    args: tuple[Any, ...], kwargs: Mapping[str, Any], name: str, position: int, default: Any = None
) -> Any:
    """An argument of a call by keyword or position."""
    if name in kwargs:
        return kwargs[name]
    return args[position] if position < len(args) else default


def outputs_of(func: Any, args: tuple[Any, ...], result: Any) -> list[Tensor]:
    """The tensors that a call returns; for `__setitem__`, the one written to."""
    return list(tensors_in(result)) or ([args[0]] if func.__name__ == "__setitem__" else [])


def tensors_in(value: Any) -> Iterator[Tensor]:
    """All tensors in nested lists, tuples and dicts."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from tensors_in(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_in(item)


def named_tensors(output: Any, suffix: str = "") -> Iterator[tuple[str, Tensor]]:
    """The tensors of a module's output by their place in it: "" for a single tensor, "[0]", "['key'][1]"."""
    if isinstance(output, Tensor):
        yield suffix, output
    elif isinstance(output, Mapping):
        for key, value in output.items():
            yield from named_tensors(value, f"{suffix}[{key!r}]")
    elif isinstance(output, tuple | list):
        for index, value in enumerate(output):
            yield from named_tensors(value, f"{suffix}[{index}]")


def replaced(value: Any, change: Callable[[Tensor], Any]) -> Any:
    """A copy of nested lists, tuples and dicts with `change` applied to every tensor."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, torch.Size):
        return tuple(value)
    if isinstance(value, tuple | list):
        changed = [replaced(item, change) for item in value]
        return changed if isinstance(value, list) else tuple(changed)
    if isinstance(value, Mapping):
        return {key: replaced(item, change) for key, item in value.items()}
    return value


def meets_meta(given: Sequence[Tensor]) -> bool:
    """Whether a call mixes meta tensors (or parameters) with tensors on another device."""
    return any(t.device.type != "meta" for t in given) and any(
        t.device.type == "meta" or isinstance(t, nn.Parameter) for t in given
    )
