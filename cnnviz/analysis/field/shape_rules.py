"""What views, slices and turned dimensions do to receptive fields."""

import functools
from dataclasses import replace

import torch

from cnnviz.analysis.field.call_arguments import Reader
from cnnviz.analysis.field.layout import (
    PLAIN,
    Dim,
    Field,
    LostError,
    permuted,
    plain,
    regrouped,
    sliced,
    with_dims,
)
from cnnviz.analysis.graph.record import Value


def viewed(read: Reader) -> Field:
    """view, reshape, flatten: the same order in another shape."""
    return regrouped(read.x, read.shape)


def turned(read: Reader) -> Field:
    """A permutation of dimensions; found by letting PyTorch turn a tensor of unlike sizes."""
    count = len(read.x.dims)
    probe = torch.empty(tuple(range(2, 2 + count)), device="meta")
    function = getattr(torch.Tensor, read.op.name)
    turned = (
        function(probe, *read.op.args[1:], **read.op.kwargs)
        if callable(function)
        else getattr(probe, read.op.name)
    )
    return permuted(read.x, [size - 2 for size in turned.shape])


def cut(read: Reader) -> list[Field]:
    """chunk and split: one tensor into several along a dimension."""
    dim = read("dim", 2, 0) % len(read.shape)
    found, first = [], 0
    for value in read.op.outputs:
        found.append(sliced(read.x, dim, first, value.shape[dim]))
        first += value.shape[dim]
    return found


def unbound(read: Reader) -> list[Field]:
    """unbind: every position or channel by itself."""
    dim = read("dim", 1, 0) % len(read.x.dims)
    return [_selected(read.x, dim, index) for index in range(len(read.op.outputs))]


def _selected(field: Field, dim: int, index: int) -> Field:
    """One position or channel of a dimension, which then is gone."""
    size = 1
    for factor in field.dims[dim]:
        size *= factor.size
    one = sliced(field, dim, index % max(size, 1), 1)
    dims = (*one.dims[:dim], *one.dims[dim + 1 :])
    channel_dim = one.channel_dim - (one.channel_dim > dim)
    return with_dims(replace(one, channel_dim=channel_dim), dims)


def selected_one(read: Reader) -> Field:
    """select: one position or channel."""
    return _selected(read.x, read("dim", 1) % len(read.x.dims), read("index", 2))


def narrowed(read: Reader) -> Field:
    """narrow: a run of positions or channels."""
    dim = read("dim", 1) % len(read.x.dims)
    first, size = read("start", 2), read("length", 3)
    return sliced(read.x, dim, first % max(read.input_shape[dim], 1), size)


def indexed(read: Reader) -> Field:
    """Indexing with whole numbers, slices, None and an ellipsis."""
    index = read.op.args[1]
    index = index if isinstance(index, tuple) else (index,)
    if any(isinstance(item, Value | list) or item is True or item is False for item in index):
        raise LostError("positions are chosen by a tensor or a list")
    given = sum(item is not None and item is not Ellipsis for item in index)
    rest = len(read.x.dims) - given
    if Ellipsis in index:
        at = index.index(Ellipsis)
        index = (*index[:at], *(slice(None),) * rest, *index[at + 1 :])
    field, dim, shape = read.x, 0, list(read.input_shape)
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


def assigned(read: Reader) -> list[Field]:
    """Writing into a part of a tensor: its units no longer see fields of one kind."""
    raise LostError("a tensor is written into piece by piece")


def expanded(read: Reader) -> Field:
    """expand and repeat: one position or channel said several times."""
    x = read.x
    add = len(read.shape) - len(x.dims)
    dims = ((),) * add + x.dims
    sizes = [_product(dim) for dim in dims]
    grown = tuple(dim if n == m else plain(m) for dim, n, m in zip(dims, sizes, read.shape, strict=True))
    if any(n not in (1, m) for n, m in zip(sizes, read.shape, strict=True)):
        if any(x.axis_at(d - add) != PLAIN for d in range(add, len(dims)) if sizes[d] != read.shape[d]):
            raise LostError("a map is repeated side by side")
        x = x.merged()
    return with_dims(replace(x, channel_dim=x.channel_dim + add), grown)


def _product(dim: Dim) -> int:
    return functools.reduce(lambda n, factor: n * factor.size, dim, 1)
