"""Explain why a model cannot be traced: the operation and the layer, in one sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from cnnviz.errors import CnnvizError

# Functions that return values to Python, or whose output shape depends on values.
_NEEDS_VALUES = {
    "item", "bool", "int", "float", "index", "tolist", "numpy", "nonzero", "unique", "masked_select",
    "array", "equal", "allclose", "is_nonzero", "unique_consecutive", "bincount", "argwhere",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Failure:
    """An operation that raised: function name, module, and arguments with a `Value` for each tensor."""

    name: str
    path: str
    module: nn.Module | None
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    error: Exception


class TraceError(CnnvizError):
    """A model that cannot be traced; `misfit` says that another input shape might work."""

    def __init__(self, message: str, misfit: bool) -> None:
        super().__init__(message)
        self.misfit = misfit


def explain(failure: Failure, input_shape: tuple[int, ...]) -> TraceError:
    """The error to raise, with one sentence on what stopped the pass."""
    if _needs_values(failure):
        return TraceError(
            f"The model cannot be traced: {failure.name!r} in {_place(failure)} needs the values of the "
            "picture, but only its shape is known. Control flow must not depend on values.",
            misfit=False,
        )
    reason = wrong_channels(failure) or _features(failure)
    if reason is None:
        said = (str(failure.error) or type(failure.error).__name__).strip().splitlines()[0].rstrip(".")
        reason = f"{failure.name or type(failure.error).__name__}: {said}"
    return TraceError(
        f"The model cannot take an input of {_times(input_shape)}. In {_place(failure)}: {reason}.",
        misfit=wrong_channels(failure) is None,
    )


def _needs_values(failure: Failure) -> bool:
    said = str(failure.error)
    return (
        failure.name in _NEEDS_VALUES
        or "meta tensor" in said
        or "data-dependent" in said
        or "nonzero" in said
    )


def _place(failure: Failure) -> str:
    kind = type(failure.module).__name__.lstrip("_") if failure.module is not None else "forward"
    return f"layer {failure.path!r} ({kind})" if failure.path else f"the model's forward ({kind})"


def wrong_channels(failure: Failure) -> str | None:
    """The reason, if a convolution got the wrong number of input channels."""
    if not failure.name.startswith("conv") or len(failure.args) < 2:
        return None
    x, weight = failure.args[:2]
    transposed = "transpose" in failure.name
    groups = failure.kwargs.get("groups", failure.args[6 - transposed] if len(failure.args) > 6 else 1)
    takes = weight.shape[0] if transposed else weight.shape[1] * groups
    axis = -(len(weight.shape) - 1)
    if len(x.shape) < -axis or x.shape[axis] == takes:
        return None
    return f"the convolution takes {takes} channels, but its input has {x.shape[axis]}"


def _features(failure: Failure) -> str | None:
    """The reason, if a linear layer got the wrong number of input features."""
    if failure.name != "linear" or len(failure.args) < 2:
        return None
    x, weight = failure.args[:2]
    return f"the linear layer takes {weight.shape[1]} features, but its input has {x.shape[-1]}"


def _times(numbers: tuple[int, ...]) -> str:
    return "×".join(map(str, numbers))
