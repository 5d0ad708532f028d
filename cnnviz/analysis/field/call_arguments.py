"""What a field rule reads: a call's arguments by name, and the fields of its tensors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cnnviz.analysis.field.layout import PLAIN, Axes, Factor, Field, plain
from cnnviz.analysis.field.receptive_field import Axis
from cnnviz.analysis.graph.record import Op, Value
from cnnviz.ops.geometry import Window

AxisMap = Callable[[Axis, int], Axis]


class CallArguments:
    """The arguments of one recorded call, and the fields of its tensors."""

    def __init__(self, op: Op, known: Mapping[int, Field]) -> None:
        self.op = op
        self._known = known

    def argument(self, name: str, position: int, default: Any = None) -> Any:
        """An argument by keyword or position."""
        return self.op.argument(name, position, default)

    def field(self, value: Any) -> Field | None:
        """The field of an argument; None for a constant."""
        return self._known[value.index] if isinstance(value, Value) and value.varies else None

    @property
    def x(self) -> Field:
        """The field of the first argument, else of the first tensor that depends on the input."""
        first = self.op.kwargs.get("input", self.op.args[0] if self.op.args else None)
        return self.field(first) or self._known[self.op.inputs[0].index]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the first output."""
        return self.op.outputs[0].shape

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of the first tensor that depends on the input."""
        return self.op.inputs[0].shape


def spatial(field: Field, count: int) -> list[int]:
    """The last `count` dimensions: those a convolution or pooling slides over."""
    return list(range(len(field.dims) - count, len(field.dims)))


def along(field: Field, dims: Sequence[int], shape: Sequence[int], changes: Sequence[AxisMap]) -> Field:
    """Apply `changes[i]` to the axis in dimension `dims[i]`; dimensions without an axis become plain."""
    held = [field.axis_at(dim) for dim in dims]
    lengths = field.lengths()

    def changed(axes: Axes) -> Axes:
        found = list(axes)
        for axis, change in zip(held, changes, strict=True):
            if axis != PLAIN:
                found[axis] = change(axes[axis], lengths[axis])
        return tuple(found)

    new_dims = list(field.dims)
    for dim, axis in zip(dims, held, strict=True):
        new_dims[dim] = plain(shape[dim]) if axis == PLAIN else (Factor(axis, shape[dim], 1),)
    return replace(field, dims=tuple(new_dims), parts=field.each(changed))


def per_axis(value: Any, count: int) -> tuple[int, ...]:
    """Expand one number to one per axis."""
    values = tuple(value) if isinstance(value, tuple | list) else (value,)
    return values if len(values) == count else (values[0],) * count


def windows(count: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> list[Window]:
    """One `Window` per axis from PyTorch's arguments."""
    numbers = (per_axis(v, count) for v in (kernel_size, stride, padding, dilation))
    return [Window(*one) for one in zip(*numbers, strict=True)]
