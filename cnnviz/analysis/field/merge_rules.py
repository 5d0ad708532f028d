"""Field rules for elementwise operations, concatenation, reductions, normalisation and products."""

from collections.abc import Sequence
from dataclasses import replace

from cnnviz.analysis.field.call_arguments import CallArguments, spatial
from cnnviz.analysis.field.layout import (
    PLAIN,
    Axes,
    Dim,
    Field,
    UndefinedFieldError,
    collapsed,
    grouped_parts,
    join_axes,
    mixed_over,
    permuted,
    plain,
    with_dims,
)
from cnnviz.analysis.graph.record import Value


def joined_elements(call: CallArguments) -> list[Field]:
    """Elementwise: the union of the operands' fields; a pooled operand only sets `is_global`."""
    found = [field for value in call.op.inputs if (field := call.field(value)) is not None]
    is_global = any(field.is_global for field in found)
    maps = [field for field in found if not field.pooled]
    if maps and len(maps) < len(found):
        is_global = True
    operands = _aligned(maps or found, call.shape)
    whole, *others = operands
    same = all(field.dims == whole.dims and field.parts == whole.parts for field in others)
    if not same:
        whole = _united(operands)
    return [replace(whole, is_global=is_global)] * len(call.op.outputs)


def _aligned(operands: Sequence[Field], shape: tuple[int, ...]) -> list[Field]:
    """The operands with the leading dimensions that broadcasting adds; the widest one first."""
    missing = [len(shape) - len(field.dims) for field in operands]
    grown = [
        replace(field, dims=((),) * add + field.dims, channel_dim=field.channel_dim + add) if add else field
        for field, add in zip(operands, missing, strict=True)
    ]
    widest = max(grown, key=lambda field: sum(f.size for dim in field.dims for f in dim if f.axis != PLAIN))
    return [widest, *(field for field in grown if field is not widest)]


def _united(operands: Sequence[Field]) -> Field:
    lengths = operands[0].lengths()
    dims: list[Dim] = []
    for held in zip(*(field.dims for field in operands), strict=True):
        spatial = {dim for dim in held if any(f.axis != PLAIN for f in dim)}
        if len(spatial) > 1:
            raise UndefinedFieldError("branches meet whose positions do not stand in the same order")
        dims.append(next(iter(spatial)) if spatial else max(held, key=lambda dim: sum(f.size for f in dim)))
    if any(field.lengths() != lengths for field in operands):
        raise UndefinedFieldError("branches meet whose maps have unlike sizes")
    split = [field for field in operands if len(field.parts) > 1]
    if not split:
        parts: tuple[tuple[int, Axes], ...] = ((1, join_axes([f.parts[0][1] for f in operands], lengths)),)
    elif len({(f.channel_dim, sum(n for n, _ in f.parts)) for f in split}) > 1:
        parts = ((1, join_axes([f.uniform() for f in operands], lengths)),)
    else:
        channels = sum(n for n, _ in split[0].parts)
        rows = [
            [axes for n, axes in f.parts for _ in range(n)]
            if len(f.parts) > 1
            else [f.parts[0][1]] * channels
            for f in operands
        ]
        parts = grouped_parts([join_axes(column, lengths) for column in zip(*rows, strict=True)])
    channel_dim = split[0].channel_dim if split else operands[0].channel_dim
    return replace(operands[0], dims=tuple(dims), parts=parts, channel_dim=channel_dim)


def concatenated(call: CallArguments) -> Field:
    """cat: along channels, each channel keeps its field."""
    values = call.argument("tensors", 0)
    dim = call.argument("dim", 1, call.op.kwargs.get("axis", 0)) % len(call.shape)
    found = [(value.shape[dim], call.field(value)) for value in values]
    every = [field for _, field in found if field is not None]
    if any(field.axis_at(dim) != PLAIN for field in every):
        raise UndefinedFieldError("maps are joined side by side along one of their axes")
    maps = [field for field in every if not field.pooled] or every
    _require_same_places(maps, dim)
    everywhere = join_axes([field.uniform() for field in maps], maps[0].lengths())
    of_channel: list[Axes] = []
    for count, field in found:
        if field is None or field not in maps:  # constants, and pooled operands
            of_channel += [everywhere] * count
        elif len(field.parts) > 1 and field.channel_dim == dim:
            of_channel += [axes for n, axes in field.parts for _ in range(n)]
        else:
            of_channel += [field.uniform()] * count
    return replace(
        maps[0],
        dims=(*maps[0].dims[:dim], plain(call.shape[dim]), *maps[0].dims[dim + 1 :]),
        parts=grouped_parts(of_channel),
        channel_dim=dim,
        is_global=len(maps) < len(every) or any(field.is_global for field in every),
    )


def _require_same_places(maps: Sequence[Field], dim: int) -> None:
    first = maps[0]
    for field in maps[1:]:
        others = [a == b for i, (a, b) in enumerate(zip(field.dims, first.dims, strict=True)) if i != dim]
        if not all(others):
            raise UndefinedFieldError("branches meet whose maps have unlike sizes")


def stacked(call: CallArguments) -> Field:
    """stack: the union of all fields, with a new dimension."""
    field = _joined_elements_of(call, [f for v in call.argument("tensors", 0) if (f := call.field(v))])
    dim = call.argument("dim", 1, 0) % len(call.shape)
    dims = (*field.dims[:dim], plain(call.shape[dim]), *field.dims[dim:])
    return replace(field.merged(), dims=dims)


def _joined_elements_of(call: CallArguments, found: Sequence[Field]) -> Field:
    whole = found[0] if all(f == found[0] for f in found) else _united(found)
    return replace(whole, is_global=any(f.is_global for f in found))


def reduced(call: CallArguments) -> list[Field]:
    """Sums, means, maxima; over a spatial axis these are global pooling."""
    if call.op.name in ("max", "min") and isinstance(call.argument("other", 1), Value):
        return joined_elements(call)
    x = call.x
    position = 2 if call.op.name == "norm" else 1
    dim = call.argument("dim", position, call.op.kwargs.get("axis"))
    dims = range(len(x.dims)) if dim is None else dim if isinstance(dim, tuple | list) else (dim,)
    keep = len(call.shape) == len(x.dims)
    return [collapsed(x, [d % len(x.dims) for d in dims], keep)] * len(call.op.outputs)


def normed(call: CallArguments) -> Field:
    """Layer norm: statistics over the last dimensions."""
    shape = call.argument("normalized_shape", 1)
    return _scaled(call.x, spatial(call.x, len(shape) if isinstance(shape, tuple | list) else 1))


def normed_over_the_map(call: CallArguments) -> Field:
    """Group, instance and batch norm: global, as statistics cover the map, unless running ones are used."""
    x = call.x
    has_statistics = {
        "group_norm": True,
        "instance_norm": call.argument("use_input_stats", 5, True),
    }.get(call.op.name, call.argument("training", 5, False))
    if not has_statistics:
        return x
    is_global = x.spatial_in(range(2, len(x.dims)))
    mixes = call.op.name == "group_norm" and not is_global
    return _flagged(x.merged() if mixes else x, is_global)


def _scaled(field: Field, dims: Sequence[int]) -> Field:
    """Divide by a statistic over `dims`: a unit then depends on every element along them."""
    return _flagged(field.merged() if field.channel_dim in dims else field, field.spatial_in(dims))


def normed_by_neighbours(call: CallArguments) -> Field:
    """Local response norm: each channel takes the union over its `size` neighbouring channels."""
    x, size = call.x, call.argument("size", 1)
    if x.axis_at(1) != PLAIN:
        raise UndefinedFieldError("neighbouring positions are normalised together")
    if len(x.parts) == 1 or x.channel_dim != 1:
        return x
    of_channel = [axes for count, axes in x.parts for _ in range(count)]
    lengths = x.lengths()
    around = (of_channel[max(0, c - size // 2) : c + (size - 1) // 2 + 1] for c in range(len(of_channel)))
    return replace(x, parts=grouped_parts([join_axes(axes, lengths) for axes in around]))


def _flagged(field: Field, is_global: bool) -> Field:
    return replace(field, is_global=field.is_global or is_global)


def softmaxed(call: CallArguments) -> Field:
    """softmax: each output depends on every element along `dim`."""
    dim = call.argument("dim", 1, 1)
    return _scaled(call.x, [(1 if dim is None else dim) % len(call.x.dims)])


def normalised(call: CallArguments) -> Field:
    """F.normalize: divides by the norm along `dim`."""
    dim = call.argument("dim", 2, 1)
    dims = dim if isinstance(dim, tuple | list) else (dim,)
    return _scaled(call.x, [d % len(call.x.dims) for d in dims])


def linear(call: CallArguments) -> Field:
    """linear: mixes the last dimension."""
    return mixed_over(call.x, len(call.x.dims) - 1, call.shape[-1])


def multiplied(call: CallArguments) -> Field:
    """a @ b: rows keep the field of a; what b contributes from other positions sets `is_global`."""
    second = call.argument("mat2", 1, call.op.kwargs.get("other"))
    return _attended(call.field(call.argument("input", 0)), call.field(second), call.shape)


def _attended(a: Field | None, b: Field | None, shape: tuple[int, ...]) -> Field:
    is_global = any(field.is_global for field in (a, b) if field is not None)
    if a is None and b is not None:
        rest = mixed_over(permuted(b, _swapped(len(b.dims))), len(b.dims) - 1, shape[-2])
        return _flagged(permuted(rest, _swapped(len(b.dims))), is_global)
    if a is None:
        raise UndefinedFieldError("a product of constants")
    mixes = a.spatial_in([len(a.dims) - 1]) or (b is not None and b.spatial_in(range(len(b.dims))))
    found = (
        a
        if b is not None and not a.spatial_in([len(a.dims) - 1])
        else mixed_over(a, len(a.dims) - 1, shape[-1])
    )
    dims = [*found.merged().dims[:-1], plain(shape[-1])]
    dims = [()] * (len(shape) - len(dims)) + dims
    return _flagged(with_dims(found.merged(), tuple(dims)), is_global or mixes)


def _swapped(count: int) -> list[int]:
    return [*range(count - 2), count - 1, count - 2]


def attention(call: CallArguments) -> Field:
    """Attention: the output keeps the query's field; the attended positions set `is_global`."""
    query, value = call.field(call.argument("query", 0)), call.field(call.argument("value", 2))
    return replace(_attended(query, value, call.shape), is_global=True)


def contracted(call: CallArguments) -> Field:
    """einsum: each output dimension is that of the first operand which varies, where it has that letter."""
    equation, *operands = call.op.args
    operands = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], tuple | list) else operands
    if "." in equation or "->" not in equation:
        raise UndefinedFieldError("an einsum without all letters written out")
    left, right = equation.replace(" ", "").split("->")
    found = [
        (letters, f) for letters, v in zip(left.split(","), operands, strict=True) if (f := call.field(v))
    ]
    letters, first = found[0]
    dims = [first.dims[letters.index(letter)] if letter in letters else () for letter in right]
    dims = [dim or plain(size) for dim, size in zip(dims, call.shape, strict=True)]
    gone = [i for i, letter in enumerate(letters) if letter not in right]
    mixes = first.spatial_in(gone) or any(f.spatial_in(range(len(f.dims))) for _, f in found[1:])
    is_global = mixes or any(f.is_global for _, f in found)
    return with_dims(replace(first.merged(), is_global=is_global), tuple(dims))


def channels_mixed(call: CallArguments) -> Field:
    """channel_shuffle: all channels get the union of their fields."""
    return call.x.merged()


def gated(call: CallArguments) -> Field:
    """glu: one half of a dimension times the sigmoid of the other half."""
    x = call.x
    dim = call.argument("dim", 1, -1) % len(x.dims)
    if x.spatial_in([dim]):
        raise UndefinedFieldError("one half of a map gates the other")
    return mixed_over(x, dim, call.shape[dim])
