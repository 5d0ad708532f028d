"""Field rules for views, permutations, slices and indexing."""

import functools
from dataclasses import replace

import torch

from cnnviz.analysis.field.call_arguments import CallArguments
from cnnviz.analysis.field.layout import (
    PLAIN,
    Dim,
    Field,
    UndefinedFieldError,
    permuted,
    plain,
    regrouped,
    sliced,
    with_dims,
)
from cnnviz.analysis.graph.record import Value


def viewed(call: CallArguments) -> Field:
    """view, reshape, flatten: same element order, new shape."""
    return regrouped(call.x, call.shape)


def turned(call: CallArguments) -> Field:
    """permute, transpose and the like; the order is read off a meta tensor whose sizes all differ."""
    count = len(call.x.dims)
    probe = torch.empty(tuple(range(2, 2 + count)), device="meta")
    function = getattr(torch.Tensor, call.op.name)
    turned = (
        function(probe, *call.op.args[1:], **call.op.kwargs)
        if callable(function)
        else getattr(probe, call.op.name)
    )
    return permuted(call.x, [size - 2 for size in turned.shape])


def cut(call: CallArguments) -> list[Field]:
    """chunk and split: consecutive slices along a dimension."""
    dim = call.argument("dim", 2, 0) % len(call.shape)
    found, first = [], 0
    for value in call.op.outputs:
        found.append(sliced(call.x, dim, first, value.shape[dim]))
        first += value.shape[dim]
    return found


def unbound(call: CallArguments) -> list[Field]:
    """unbind: one output per index along a dimension."""
    dim = call.argument("dim", 1, 0) % len(call.x.dims)
    return [_selected(call.x, dim, index) for index in range(len(call.op.outputs))]


def _selected(field: Field, dim: int, index: int) -> Field:
    """Index one element of a dimension and drop the dimension."""
    size = 1
    for factor in field.dims[dim]:
        size *= factor.size
    one = sliced(field, dim, index % max(size, 1), 1)
    dims = (*one.dims[:dim], *one.dims[dim + 1 :])
    channel_dim = one.channel_dim - (one.channel_dim > dim)
    return with_dims(replace(one, channel_dim=channel_dim), dims)


def selected_one(call: CallArguments) -> Field:
    """select: one index along a dimension."""
    return _selected(call.x, call.argument("dim", 1) % len(call.x.dims), call.argument("index", 2))


def narrowed(call: CallArguments) -> Field:
    """narrow: a slice along a dimension."""
    dim = call.argument("dim", 1) % len(call.x.dims)
    first, size = call.argument("start", 2), call.argument("length", 3)
    return sliced(call.x, dim, first % max(call.input_shape[dim], 1), size)


def indexed(call: CallArguments) -> Field:
    """getitem with integers, slices, None and an ellipsis."""
    index = call.op.args[1]
    index = index if isinstance(index, tuple) else (index,)
    if any(isinstance(item, Value | list) or item is True or item is False for item in index):
        raise UndefinedFieldError("positions are chosen by a tensor or a list")
    given = sum(item is not None and item is not Ellipsis for item in index)
    rest = len(call.x.dims) - given
    if Ellipsis in index:
        at = index.index(Ellipsis)
        index = (*index[:at], *(slice(None),) * rest, *index[at + 1 :])
    field, dim, shape = call.x, 0, list(call.input_shape)
    for item in index:
        if item is None:
            moved = field.channel_dim + (field.channel_dim >= dim)
            field = replace(field, dims=(*field.dims[:dim], (), *field.dims[dim:]), channel_dim=moved)
            shape.insert(dim, 1)
            dim += 1
        elif isinstance(item, slice):
            taken = range(*item.indices(shape[dim]))
            field = sliced(field, dim, taken.start, len(taken), taken.step)
            dim += 1
        else:
            field = _selected(field, dim, int(item) % shape[dim])
            shape.pop(dim)
    return field


def assigned(call: CallArguments) -> list[Field]:
    """setitem: units of one tensor then have unrelated fields, so the field is undefined."""
    raise UndefinedFieldError("a tensor is written into piece by piece")


def expanded(call: CallArguments) -> Field:
    """expand and repeat: a dimension of size 1 repeated."""
    x = call.x
    add = len(call.shape) - len(x.dims)
    dims = ((),) * add + x.dims
    sizes = [_product(dim) for dim in dims]
    grown = tuple(dim if n == m else plain(m) for dim, n, m in zip(dims, sizes, call.shape, strict=True))
    if any(n not in (1, m) for n, m in zip(sizes, call.shape, strict=True)):
        if any(x.axis_at(d - add) != PLAIN for d in range(add, len(dims)) if sizes[d] != call.shape[d]):
            raise UndefinedFieldError("a map is repeated side by side")
        x = x.merged()
    return with_dims(replace(x, channel_dim=x.channel_dim + add), grown)


def _product(dim: Dim) -> int:
    return functools.reduce(lambda n, factor: n * factor.size, dim, 1)
