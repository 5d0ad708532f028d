"""Which spatial axes the dimensions of a tensor hold, tracked through view, slice and permute.

A dimension may hold a whole spatial axis, part of one (rows of a window), several (tokens) or none
(batch, channels). `Field` records this layout beside the receptive fields, so that a map that is
split into windows and merged again gets its fields back.

Example: a 3×3 convolution with stride 2 and padding 1 on (1, 3, 8, 8) gives (1, C, 4, 4) with

    dims   ((), (channels C), (axis 0, 4 units), (axis 1, 4 units))
    parts  one group of channels; along each axis Axis(advance=2, edges=((-1, 1),))

so units 0, 1, 2, 3 see the pixels −1…1, 1…3, 3…5, 5…7: size 3, jump 2, start 0. `flatten(2)` to
(1, C, 16) puts both axes into one dimension, (axis 0, 4 units), (axis 1, 4 units); the fields stay
known, but the tensor is no map until it is reshaped back to (1, C, 4, 4).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cnnviz.analysis.field.receptive_field import Axis, MisalignedError, joined, through

PLAIN = -1
Axes = tuple[Axis, ...]


class UndefinedFieldError(Exception):
    """The receptive field is undefined from this operation on; the message says why."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor of a dimension's size: `size` positions along `axis`, `step` units apart.

    `axis` is PLAIN where the positions are not spatial, such as channels.
    """

    axis: int
    size: int
    step: int


Dim = tuple[Factor, ...]


def plain(size: int) -> Dim:
    """A dimension that is not spatial, such as channels."""
    return (Factor(PLAIN, size, 1),) if size > 1 else ()


@dataclass(frozen=True, slots=True)
class Field:
    """The receptive fields of a tensor's elements.

    Attributes:
        dims: the factors of each dimension.
        parts: (number of channels, their axes), in channel order; a single part with count 1 if all
            channels have the same fields.
        channel_dim: the dimension that `parts` divide.
        is_global: whether global pooling or attention on the way lets a unit see more than `parts`
            say, up to the whole input.
        pooled: whether an axis has been reduced to one position.
        undefined: why the field is undefined; empty if it is defined.
    """

    dims: tuple[Dim, ...]
    parts: tuple[tuple[int, Axes], ...]
    channel_dim: int = 1
    is_global: bool = False
    pooled: bool = False
    undefined: str = ""

    def uniform(self) -> Axes:
        """The union of the axes of all channels."""
        if len(self.parts) == 1:
            return self.parts[0][1]
        return join_axes([axes for _, axes in self.parts], self.lengths())

    def lengths(self) -> tuple[int, ...]:
        """Number of units along each axis: the product of the sizes of its factors."""
        sizes = [1] * len(self.parts[0][1])
        for factor in (factor for dim in self.dims for factor in dim):
            if factor.axis != PLAIN:
                sizes[factor.axis] *= factor.size
        return tuple(sizes)

    def merged(self) -> "Field":
        """The field with every channel seeing the union over all channels."""
        if len(self.parts) == 1:
            return self
        return replace(self, parts=((1, self.uniform()),))

    def each(self, change: Callable[[Axes], Axes]) -> tuple[tuple[int, Axes], ...]:
        """The parts with `change` applied to the axes of each."""
        return tuple((count, change(axes)) for count, axes in self.parts)

    def axis_at(self, dim: int) -> int:
        """The axis that a dimension holds in full and alone; PLAIN if it holds none.

        Raises:
            UndefinedFieldError: if it holds part of an axis, or several.
        """
        held = self.dims[dim]
        spatial = [factor for factor in held if factor.axis != PLAIN]
        if not spatial:
            return PLAIN
        if len(held) > 1 or spatial[0].step != 1 or self.lengths()[spatial[0].axis] != spatial[0].size:
            raise UndefinedFieldError("the map's positions are cut up or flattened here")
        return spatial[0].axis

    def spatial_in(self, dims: Sequence[int]) -> bool:
        """Whether any of these dimensions holds more than one position."""
        return any(factor.axis != PLAIN and factor.size > 1 for dim in dims for factor in self.dims[dim])

    def is_map(self) -> bool:
        """Whether each spatial axis fills exactly one dimension."""
        held = [factor.axis for dim in self.dims if len(dim) == 1 for factor in dim if factor.step == 1]
        lengths = self.lengths()
        return all(
            held.count(axis) == 1 and any(dim == (Factor(axis, lengths[axis], 1),) for dim in self.dims)
            for axis in range(len(lengths))
        )

    def dims_of_axes(self) -> tuple[int, ...]:
        """The dimension of each spatial axis; only if `is_map()`."""
        lengths = self.lengths()
        return tuple(self.dims.index((Factor(axis, n, 1),)) for axis, n in enumerate(lengths))

    def is_vector(self) -> bool:
        """Whether no dimension holds a spatial axis."""
        return not any(factor.axis != PLAIN for dim in self.dims for factor in dim)


def join_axes(branches: Sequence[Axes], lengths: Sequence[int]) -> Axes:
    """The union of the branches' fields, axis by axis; `lengths` are the units along each axis.

    Raises:
        UndefinedFieldError: if the branches' jumps differ.
    """
    try:
        return tuple(
            joined(axes, units) for axes, units in zip(zip(*branches, strict=True), lengths, strict=True)
        )
    except MisalignedError as error:
        raise UndefinedFieldError(f"misaligned: branches with effective strides {error} meet") from None


def regrouped(field: Field, shape: Sequence[int]) -> Field:
    """Reshape, as `view` and `flatten`: same element order, new shape.

    Raises:
        UndefinedFieldError: if the new shape splits an axis unevenly.
    """
    if tuple(_size(dim) for dim in field.dims) == tuple(shape):
        return field
    keeps_channels = len(field.parts) > 1 and _same_channels(field, shape)
    field = field if keeps_channels else field.merged()
    waiting = [factor for dim in field.dims for factor in dim]
    dims = []
    for size in shape:
        taken: list[Factor] = []
        while size > 1:
            while waiting and waiting[0].size == 1:
                waiting.pop(0)
            if not waiting:
                raise UndefinedFieldError("the map's positions are cut up or flattened here")
            factor = waiting.pop(0)
            if size % factor.size == 0:
                taken.append(factor)
                size //= factor.size
            elif factor.size % size == 0:
                inner = factor.size // size
                taken.append(Factor(factor.axis, size, factor.step * inner))
                waiting.insert(0, Factor(factor.axis, inner, factor.step))
                size = 1
            else:
                raise UndefinedFieldError("the map's positions are cut up or flattened here")
        if not taken and waiting and waiting[0].size == 1:
            taken.append(waiting.pop(0))
        dims.append(_simplified(taken))
    return with_dims(field, tuple(dims))


def _size(dim: Dim) -> int:
    size = 1
    for factor in dim:
        size *= factor.size
    return size


def _same_channels(field: Field, shape: Sequence[int]) -> bool:
    upto = field.channel_dim + 1
    return len(shape) >= upto and [_size(dim) for dim in field.dims[:upto]] == list(shape[:upto])


def _simplified(factors: Sequence[Factor]) -> Dim:
    """Merge adjacent factors that are consecutive parts of one axis."""
    done: list[Factor] = []
    for factor in factors:
        if done and done[-1].axis == factor.axis != PLAIN and done[-1].step == factor.size * factor.step:
            done[-1] = Factor(factor.axis, done[-1].size * factor.size, factor.step)
        elif done and done[-1].axis == factor.axis == PLAIN:
            done[-1] = Factor(PLAIN, done[-1].size * factor.size, 1)
        else:
            done.append(factor)
    return tuple(done)


def with_dims(field: Field, dims: tuple[Dim, ...]) -> Field:
    """The field with another layout; `pooled` is set if an axis is no longer held by any dimension."""
    held = {factor.axis for dim in dims for factor in dim}
    missing = any(axis not in held for axis in range(len(field.parts[0][1])))
    return replace(field, dims=dims, pooled=field.pooled or missing)


def permuted(field: Field, order: Sequence[int]) -> Field:
    """Permute: dimension i of the result is dimension `order[i]`."""
    channel_dim = list(order).index(field.channel_dim) if field.channel_dim in order else 0
    return replace(field, dims=tuple(field.dims[d] for d in order), channel_dim=channel_dim)


def sliced(field: Field, dim: int, first: int, size: int, step: int = 1) -> Field:
    """Slice a dimension: `size` elements, every `step`-th from `first` on."""
    dims = list(field.dims)
    if _size(dims[dim]) == size and step == 1 and first == 0:
        return field
    axis = field.axis_at(dim)
    if axis == PLAIN:
        dims[dim] = plain(size)
        chosen = field if dim != field.channel_dim else _chosen_channels(field, first, size, step)
        return replace(chosen, dims=tuple(dims))
    dims[dim] = (Factor(axis, size, 1),)

    def moved(axes: Axes) -> Axes:
        found = through(axes[axis], 1, step, lambda o: (first + o * step,))
        return (*axes[:axis], found, *axes[axis + 1 :])

    return replace(field, dims=tuple(dims), parts=field.each(moved))


def _chosen_channels(field: Field, first: int, size: int, step: int) -> Field:
    if len(field.parts) == 1:
        return field
    of_channel = [axes for count, axes in field.parts for _ in range(count)]
    return replace(field, parts=grouped_parts(of_channel[first : first + size * step : step]))


def grouped_parts(of_channel: Sequence[Axes]) -> tuple[tuple[int, Axes], ...]:
    """Run-length encode the axes of consecutive channels."""
    parts: list[tuple[int, Axes]] = []
    for axes in of_channel:
        if parts and parts[-1][1] == axes:
            parts[-1] = (parts[-1][0] + 1, axes)
        else:
            parts.append((1, axes))
    return tuple(parts) if len(parts) > 1 else ((1, parts[0][1]),)


def collapsed(field: Field, dims: Sequence[int], keep: bool) -> Field:
    """Reduce dimensions, as a mean does; a reduced axis makes the field global.

    Args:
        dims: to reduce.
        keep: whether they remain with size 1, as with `keepdim=True`.
    """
    if field.channel_dim in dims or any(_mixed(field, dim) for dim in dims):
        field = field.merged()
    axes_gone = {factor.axis for dim in dims for factor in field.dims[dim] if factor.axis != PLAIN}
    lengths = field.lengths()

    def whole(axes: Axes) -> Axes:
        return tuple(
            through(axis, 1, n, lambda o, n=n: range(o * n, o * n + n)) if index in axes_gone else axis  # type: ignore[misc]
            for index, (axis, n) in enumerate(zip(axes, lengths, strict=True))
        )

    def left(dim: int) -> Dim:
        held = field.dims[dim]
        if dim in dims:
            alone = len(held) == 1 and held[0].axis != PLAIN
            return (Factor(held[0].axis, 1, 1),) if alone and keep else ()
        return tuple(factor for factor in held if factor.axis not in axes_gone)

    kept = [dim for dim in range(len(field.dims)) if keep or dim not in dims]
    channel_dim = kept.index(field.channel_dim) if field.channel_dim in kept else 0
    is_global = field.is_global or any(lengths[axis] > 1 for axis in axes_gone)
    changed = replace(
        field,
        parts=field.each(whole),
        channel_dim=channel_dim,
        is_global=is_global,
        pooled=field.pooled or bool(axes_gone),
    )
    return with_dims(changed, tuple(left(dim) for dim in kept))


def _mixed(field: Field, dim: int) -> bool:
    return len(field.dims[dim]) > 1


def mixed_over(field: Field, dim: int, size: int) -> Field:
    """A linear map over dimension `dim`, which then is plain with `size` entries."""
    spatial = field.spatial_in([dim])
    found = collapsed(field, [dim], keep=True) if spatial else field
    if dim == found.channel_dim:
        found = found.merged()
    dims = list(found.dims)
    dims[dim] = plain(size)
    return with_dims(found, tuple(dims))
