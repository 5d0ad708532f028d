"""What joins, sums, norms and products do to receptive fields."""

from collections.abc import Sequence
from dataclasses import replace

from cnnviz.analysis.field.call_arguments import Reader, spatial
from cnnviz.analysis.field.layout import (
    PLAIN,
    Axes,
    Dim,
    Field,
    LostError,
    collapsed,
    grouped_parts,
    join_axes,
    mixed_over,
    permuted,
    plain,
    with_dims,
)
from cnnviz.analysis.graph.record import Value


def joined_elements(read: Reader) -> list[Field]:
    """Element by element: the union over the operands; a pooled one only adds that it is global."""
    found = [field for value in read.op.inputs if (field := read.field(value)) is not None]
    is_global = any(field.is_global for field in found)
    maps = [field for field in found if not field.pooled]
    if maps and len(maps) < len(found):
        is_global = True
    operands = _aligned(maps or found, read.shape)
    whole, *others = operands
    same = all(field.dims == whole.dims and field.parts == whole.parts for field in others)
    if not same:
        whole = _united(operands)
    return [replace(whole, is_global=is_global)] * len(read.op.outputs)


def _aligned(operands: Sequence[Field], shape: tuple[int, ...]) -> list[Field]:
    """The operands with the dimensions that broadcasting adds in front."""
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
            raise LostError("branches meet whose positions do not stand in the same order")
        dims.append(next(iter(spatial)) if spatial else max(held, key=lambda dim: sum(f.size for f in dim)))
    if any(field.lengths() != lengths for field in operands):
        raise LostError("branches meet whose maps have unlike sizes")
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


def concatenated(read: Reader) -> Field:
    """cat: channels side by side, each with the field it had."""
    values = read("tensors", 0)
    dim = read("dim", 1, read.op.kwargs.get("axis", 0)) % len(read.shape)
    found = [(value.shape[dim], read.field(value)) for value in values]
    every = [field for _, field in found if field is not None]
    if any(field.axis_at(dim) != PLAIN for field in every):
        raise LostError("maps are joined side by side along one of their axes")
    maps = [field for field in every if not field.pooled] or every
    _require_same_places(maps, dim)
    everywhere = join_axes([field.uniform() for field in maps], maps[0].lengths())
    of_channel: list[Axes] = []
    for count, field in found:
        if field is None or field not in maps:  # constants, and what is global only
            of_channel += [everywhere] * count
        elif len(field.parts) > 1 and field.channel_dim == dim:
            of_channel += [axes for n, axes in field.parts for _ in range(n)]
        else:
            of_channel += [field.uniform()] * count
    return replace(
        maps[0],
        dims=(*maps[0].dims[:dim], plain(read.shape[dim]), *maps[0].dims[dim + 1 :]),
        parts=grouped_parts(of_channel),
        channel_dim=dim,
        is_global=len(maps) < len(every) or any(field.is_global for field in every),
    )


def _require_same_places(maps: Sequence[Field], dim: int) -> None:
    first = maps[0]
    for field in maps[1:]:
        others = [a == b for i, (a, b) in enumerate(zip(field.dims, first.dims, strict=True)) if i != dim]
        if not all(others):
            raise LostError("branches meet whose maps have unlike sizes")


def stacked(read: Reader) -> Field:
    """stack: a new dimension over the union of all."""
    field = _joined_elements_of(read, [f for v in read("tensors", 0) if (f := read.field(v))])
    dim = read("dim", 1, 0) % len(read.shape)
    dims = (*field.dims[:dim], plain(read.shape[dim]), *field.dims[dim:])
    return replace(field.merged(), dims=dims)


def _joined_elements_of(read: Reader, found: Sequence[Field]) -> Field:
    whole = found[0] if all(f == found[0] for f in found) else _united(found)
    return replace(whole, is_global=any(f.is_global for f in found))


def reduced(read: Reader) -> list[Field]:
    """Sums, means, maxima: along an axis of the map they are global pooling."""
    if read.op.name in ("max", "min") and isinstance(read("other", 1), Value):
        return joined_elements(read)
    x = read.x
    position = 2 if read.op.name == "norm" else 1
    dim = read("dim", position, read.op.kwargs.get("axis"))
    dims = range(len(x.dims)) if dim is None else dim if isinstance(dim, tuple | list) else (dim,)
    keep = len(read.shape) == len(x.dims)
    return [collapsed(x, [d % len(x.dims) for d in dims], keep)] * len(read.op.outputs)


def normed(read: Reader) -> Field:
    """Layer norm: scales by what it measures over its last dimensions."""
    shape = read("normalized_shape", 1)
    return _scaled(read.x, spatial(read.x, len(shape) if isinstance(shape, tuple | list) else 1))


def normed_over_the_map(read: Reader) -> Field:
    """Group, instance and batch norm measure every map; with running statistics they do not."""
    x = read.x
    measures = {
        "group_norm": True,
        "instance_norm": read("use_input_stats", 5, True),
    }.get(read.op.name, read("training", 5, False))
    if not measures:
        return x
    is_global = x.spatial_in(range(2, len(x.dims)))
    mixes = read.op.name == "group_norm" and not is_global
    return _flagged(x.merged() if mixes else x, is_global)


def _scaled(field: Field, dims: Sequence[int]) -> Field:
    """Divided by what is measured over some dimensions: each channel then sees what all of them see."""
    return _flagged(field.merged() if field.channel_dim in dims else field, field.spatial_in(dims))


def normed_by_neighbours(read: Reader) -> Field:
    """Local response norm: a channel is divided by what stands in the channels around it."""
    x, size = read.x, read("size", 1)
    if x.axis_at(1) != PLAIN:
        raise LostError("neighbouring positions are normalised together")
    if len(x.parts) == 1 or x.channel_dim != 1:
        return x
    of_channel = [axes for count, axes in x.parts for _ in range(count)]
    lengths = x.lengths()
    around = (of_channel[max(0, c - size // 2) : c + (size - 1) // 2 + 1] for c in range(len(of_channel)))
    return replace(x, parts=grouped_parts([join_axes(axes, lengths) for axes in around]))


def _flagged(field: Field, is_global: bool) -> Field:
    return replace(field, is_global=field.is_global or is_global)


def softmaxed(read: Reader) -> Field:
    """softmax: along positions, every one of them depends on all."""
    dim = read("dim", 1, 1)
    return _scaled(read.x, [(1 if dim is None else dim) % len(read.x.dims)])


def normalised(read: Reader) -> Field:
    """F.normalize: divides by the norm along one dimension or several."""
    dim = read("dim", 2, 1)
    dims = dim if isinstance(dim, tuple | list) else (dim,)
    return _scaled(read.x, [d % len(read.x.dims) for d in dims])


def linear(read: Reader) -> Field:
    """A linear layer works on the last dimension."""
    return mixed_over(read.x, len(read.x.dims) - 1, read.shape[-1])


def multiplied(read: Reader) -> Field:
    """a @ b: each row of a stays where it is; what b adds from other positions is global."""
    second = read("mat2", 1, read.op.kwargs.get("other"))
    return _attended(read.field(read("input", 0)), read.field(second), read.shape)


def _attended(a: Field | None, b: Field | None, shape: tuple[int, ...]) -> Field:
    is_global = any(field.is_global for field in (a, b) if field is not None)
    if a is None and b is not None:
        rest = mixed_over(permuted(b, _swapped(len(b.dims))), len(b.dims) - 1, shape[-2])
        return _flagged(permuted(rest, _swapped(len(b.dims))), is_global)
    if a is None:
        raise LostError("a product of constants")
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


def attention(read: Reader) -> Field:
    """Attention: a query stays where it is; that it sees all positions of its window besides is flagged."""
    query, value = read.field(read("query", 0)), read.field(read("value", 2))
    return replace(_attended(query, value, read.shape), is_global=True)


def contracted(read: Reader) -> Field:
    """einsum of two tensors: the result's dimensions are those of the first that has their letter."""
    equation, *operands = read.op.args
    operands = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], tuple | list) else operands
    if "." in equation or "->" not in equation:
        raise LostError("an einsum without all letters written out")
    left, right = equation.replace(" ", "").split("->")
    found = [
        (letters, f) for letters, v in zip(left.split(","), operands, strict=True) if (f := read.field(v))
    ]
    letters, first = found[0]
    dims = [first.dims[letters.index(letter)] if letter in letters else () for letter in right]
    dims = [dim or plain(size) for dim, size in zip(dims, read.shape, strict=True)]
    gone = [i for i, letter in enumerate(letters) if letter not in right]
    mixes = first.spatial_in(gone) or any(f.spatial_in(range(len(f.dims))) for _, f in found[1:])
    is_global = mixes or any(f.is_global for _, f in found)
    return with_dims(replace(first.merged(), is_global=is_global), tuple(dims))


def channels_mixed(read: Reader) -> Field:
    """channel_shuffle: all channels are taken alike afterwards."""
    return read.x.merged()


def gated(read: Reader) -> Field:
    """glu: one half of a dimension times the sigmoid of the other."""
    x = read.x
    dim = read("dim", 1, -1) % len(x.dims)
    if x.spatial_in([dim]):
        raise LostError("one half of a map gates the other")
    return mixed_over(x, dim, read.shape[dim])
