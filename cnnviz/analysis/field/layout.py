"""Where in a tensor the positions of the input stand, while it is viewed, cut and turned about.

A tensor's dimension may hold an axis of the map, a part of one (a window's rows), several (tokens),
or none. `Field` keeps track, so that a map that is cut into windows and put together again is the
same map.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cnnviz.analysis.field.receptive_field import Axis, MisalignedError, joined, through

PLAIN = -1
Axes = tuple[Axis, ...]


class LostError(Exception):
    """The field is not defined from here on; the text says why."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A part of a dimension: `size` positions along `axis` (PLAIN for channels), `step` units apart."""

    axis: int
    size: int
    step: int


Dim = tuple[Factor, ...]


def plain(size: int) -> Dim:
    """A dimension without positions, such as channels."""
    return (Factor(PLAIN, size, 1),) if size > 1 else ()


@dataclass(frozen=True, slots=True)
class Field:
    """The receptive fields of a tensor's elements.

    Attributes:
        dims: what each dimension holds.
        parts: (number of channels, their axes) in the order of `channel_dim`; one part if all
            channels are alike.
        channel_dim: the dimension that the parts divide.
        is_global: whether something on the way shows every unit the whole input, or attention all
            positions of its window, which may be the whole input; `parts` leave that out.
        pooled: whether an axis has been reduced to one position.
        lost: why the field is not defined; empty if it is.
    """

    dims: tuple[Dim, ...]
    parts: tuple[tuple[int, Axes], ...]
    channel_dim: int = 1
    is_global: bool = False
    pooled: bool = False
    lost: str = ""

    def uniform(self) -> Axes:
        """The axes of all channels together."""
        if len(self.parts) == 1:
            return self.parts[0][1]
        return join_axes([axes for _, axes in self.parts], self.lengths())

    def lengths(self) -> tuple[int, ...]:
        """Units along each axis, wherever they stand."""
        sizes = [1] * len(self.parts[0][1])
        for factor in (factor for dim in self.dims for factor in dim):
            if factor.axis != PLAIN:
                sizes[factor.axis] *= factor.size
        return tuple(sizes)

    def merged(self) -> "Field":
        """All channels alike: each sees what any of them sees."""
        if len(self.parts) == 1:
            return self
        return replace(self, parts=((1, self.uniform()),))

    def each(self, change: Callable[[Axes], Axes]) -> tuple[tuple[int, Axes], ...]:
        """The parts with their axes changed."""
        return tuple((count, change(axes)) for count, axes in self.parts)

    def axis_at(self, dim: int) -> int:
        """The axis that stands alone and whole in a dimension; PLAIN if there is none.

        Raises:
            LostError: if the dimension holds a part of an axis or several of them.
        """
        held = self.dims[dim]
        spatial = [factor for factor in held if factor.axis != PLAIN]
        if not spatial:
            return PLAIN
        if len(held) > 1 or spatial[0].step != 1 or self.lengths()[spatial[0].axis] != spatial[0].size:
            raise LostError("the map's positions are cut up or flattened here")
        return spatial[0].axis

    def spatial_in(self, dims: Sequence[int]) -> bool:
        """Whether any of these dimensions holds more than one position."""
        return any(factor.axis != PLAIN and factor.size > 1 for dim in dims for factor in self.dims[dim])

    def is_map(self) -> bool:
        """Whether every axis of the input stands alone and whole in a dimension."""
        held = [factor.axis for dim in self.dims if len(dim) == 1 for factor in dim if factor.step == 1]
        lengths = self.lengths()
        return all(
            held.count(axis) == 1 and any(dim == (Factor(axis, lengths[axis], 1),) for dim in self.dims)
            for axis in range(len(lengths))
        )

    def dims_of_axes(self) -> tuple[int, ...]:
        """The dimension that holds each axis alone and whole; for maps only."""
        lengths = self.lengths()
        return tuple(self.dims.index((Factor(axis, n, 1),)) for axis, n in enumerate(lengths))

    def is_vector(self) -> bool:
        """Whether no position is left."""
        return not any(factor.axis != PLAIN for dim in self.dims for factor in dim)


def join_axes(branches: Sequence[Axes], lengths: Sequence[int]) -> Axes:
    """The union of fields, axis by axis.

    Raises:
        LostError: if jumps differ.
    """
    try:
        return tuple(
            joined(axes, units) for axes, units in zip(zip(*branches, strict=True), lengths, strict=True)
        )
    except MisalignedError as error:
        raise LostError(f"misaligned: branches with effective strides {error} meet") from None


def regrouped(field: Field, shape: Sequence[int]) -> Field:
    """The same elements in the same order in another shape, as `view` and `flatten` give them."""
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
                raise LostError("the map's positions are cut up or flattened here")
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
                raise LostError("the map's positions are cut up or flattened here")
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
    """Neighbouring parts of one axis put together again."""
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
    """The field in another arrangement; an axis that no dimension holds any more is pooled."""
    held = {factor.axis for dim in dims for factor in dim}
    missing = any(axis not in held for axis in range(len(field.parts[0][1])))
    return replace(field, dims=dims, pooled=field.pooled or missing)


def permuted(field: Field, order: Sequence[int]) -> Field:
    """Dimension `order[i]` of the input as dimension i."""
    channel_dim = list(order).index(field.channel_dim) if field.channel_dim in order else 0
    return replace(field, dims=tuple(field.dims[d] for d in order), channel_dim=channel_dim)


def sliced(field: Field, dim: int, first: int, size: int, step: int = 1) -> Field:
    """`size` of a dimension's positions or channels, every `step`-th from `first` on."""
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
    """Channel by channel → runs of equal channels."""
    parts: list[tuple[int, Axes]] = []
    for axes in of_channel:
        if parts and parts[-1][1] == axes:
            parts[-1] = (parts[-1][0] + 1, axes)
        else:
            parts.append((1, axes))
    return tuple(parts) if len(parts) > 1 else ((1, parts[0][1]),)


def collapsed(field: Field, dims: Sequence[int], keep: bool) -> Field:
    """The dimensions reduced to one position each: what a mean over them sees."""
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
    """A linear map over one dimension, which then has `size` plain entries."""
    spatial = field.spatial_in([dim])
    found = collapsed(field, [dim], keep=True) if spatial else field
    if dim == found.channel_dim:
        found = found.merged()
    dims = list(found.dims)
    dims[dim] = plain(size)
    return with_dims(found, tuple(dims))
