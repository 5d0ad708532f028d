"""The arguments of one recorded call, and the axes that stand in a tensor's dimensions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cnnviz.analysis.field.layout import PLAIN, Axes, Factor, Field, plain
from cnnviz.analysis.field.receptive_field import Axis
from cnnviz.analysis.graph.record import Op, Value
from cnnviz.ops.geometry import Window

AxisMap = Callable[[Axis, int], Axis]


class Reader:
    """The arguments of one call by name, and the fields of its tensors."""

    def __init__(self, op: Op, known: Mapping[int, Field]) -> None:
        self.op = op
        self._known = known

    def __call__(self, name: str, position: int, default: Any = None) -> Any:
        """An argument by name or position, as the function was called."""
        if name in self.op.kwargs:
            return self.op.kwargs[name]
        return self.op.args[position] if position < len(self.op.args) else default

    def field(self, value: Any) -> Field | None:
        """The field of an argument; None for a constant."""
        return self._known[value.index] if isinstance(value, Value) and value.varies else None

    @property
    def x(self) -> Field:
        """The first argument's field, or that of the only tensor that has one."""
        first = self.op.kwargs.get("input", self.op.args[0] if self.op.args else None)
        return self.field(first) or self._known[self.op.inputs[0].index]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the first output."""
        return self.op.outputs[0].shape

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of the first tensor that depends on the picture."""
        return self.op.inputs[0].shape


def spatial(field: Field, count: int) -> list[int]:
    """The last `count` dimensions, which a convolution or pooling takes for its axes."""
    return list(range(len(field.dims) - count, len(field.dims)))


def along(field: Field, dims: Sequence[int], shape: Sequence[int], changes: Sequence[AxisMap]) -> Field:
    """Change the axes that stand in `dims`; one that holds no axis must keep its size or be plain."""
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
    """One number or one per axis → one per axis."""
    values = tuple(value) if isinstance(value, tuple | list) else (value,)
    return values if len(values) == count else (values[0],) * count


def windows(count: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> list[Window]:
    """The window of each axis."""
    numbers = (per_axis(v, count) for v in (kernel_size, stride, padding, dilation))
    return [Window(*one) for one in zip(*numbers, strict=True)]
