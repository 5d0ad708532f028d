"""What a `TorchFunctionMode` sees of one call: its name, the tensors given and made."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn


def function_name(func: Any) -> str:
    """The function's name as people say it: `__iadd__` and `add_` are "add"."""
    name: str = getattr(func, "__name__", type(func).__name__)
    if name == "__get__":
        return str(getattr(func.__self__, "__name__", name))
    if name.startswith("__") and name.endswith("__"):
        name = name.strip("_")
        return _SPOKEN.get(name, name)
    return name.strip("_")


_SPOKEN = {
    "iadd": "add", "radd": "add", "isub": "sub", "rsub": "sub", "imul": "mul", "rmul": "mul",
    "truediv": "div", "itruediv": "div", "rtruediv": "div", "rdiv": "div", "rpow": "pow", "ipow": "pow",
    "and": "bitwise_and", "or": "bitwise_or", "invert": "bitwise_not", "rmatmul": "matmul",
}  # fmt: skip


def outputs_of(func: Any, args: tuple[Any, ...], result: Any) -> list[Tensor]:
    """The tensors that a call gives; assigning gives the one that it writes to."""
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
    """The tensors of a module's output by where they stand: "" for one alone, "[0]", "['key'][1]"."""
    if isinstance(output, Tensor):
        yield suffix, output
    elif isinstance(output, Mapping):
        for key, value in output.items():
            yield from named_tensors(value, f"{suffix}[{key!r}]")
    elif isinstance(output, tuple | list):
        for index, value in enumerate(output):
            yield from named_tensors(value, f"{suffix}[{index}]")


def replaced(value: Any, change: Callable[[Tensor], Any]) -> Any:
    """`value` with every tensor in it changed; lists become tuples, so that nothing moves later."""
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
    """Whether tensors with and without memory stand in one call."""
    return any(t.device.type != "meta" for t in given) and any(
        t.device.type == "meta" or isinstance(t, nn.Parameter) for t in given
    )
