"""Receptive fields, exact in whole pixels, along one axis at a time.

Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019,
write the field as size, jump and start. Behind a transposed convolution or an interpolation that is
not enough: neighbouring units then see fields of different size, which repeat with a period. So `Axis`
stores first and last pixel for one period of units; size, jump and start follow from it.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from cnnviz.ops.geometry import Window

Edges = tuple[int, int] | None
Sources = Callable[[int], Sequence[int]]


class MisalignedError(Exception):
    """Branches that meet have different jumps, so their union has no single jump."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The receptive fields of all units along one axis, as if the map were infinite.

    Attributes:
        advance: input pixels by which the field moves from one period of units to the next.
        edges: first and last pixel seen by each unit of the first period; None if it sees nothing.
    """

    advance: int
    edges: tuple[Edges, ...]

    @property
    def jump(self) -> Fraction:
        """Input pixels between neighbouring units, on average over a period."""
        return Fraction(self.advance, len(self.edges))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Pixels from the first to the last one seen, for each unit of a period."""
        return tuple(0 if edge is None else edge[1] - edge[0] + 1 for edge in self.edges)

    def at(self, unit: int) -> Edges:
        """First and last pixel that a unit sees; outside [0, input size) they lie in the padding."""
        periods, phase = divmod(unit, len(self.edges))
        edge = self.edges[phase]
        return edge and (edge[0] + periods * self.advance, edge[1] + periods * self.advance)

    @property
    def start(self) -> float:
        """Centre of unit 0; pixel centres are at integers."""
        for phase, edge in enumerate(self.edges):
            if edge is not None:
                return float(Fraction(sum(edge), 2) - phase * self.jump)
        return math.nan


PIXELS = Axis(1, ((0, 0),))


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """The receptive field of a map's units; pairs are (height, width), in input pixels.

    Padding counts as part of the field. So do the pixels that a crop has removed: a unit next to the
    cut counts as seeing them.

    Attributes:
        size: pixels from the first to the last seen, padding included; the largest, if units differ.
        jump: pixels between the fields of neighbouring units, the "effective stride".
        start: centre of the field of unit 0; pixel centres are at integers from 0.
        covers_input: whether the field is as large as the input, or larger.
        is_global: whether something on the way (global pooling, squeeze and excitation, attention)
            lets a unit see more, up to the whole input; the other attributes do not count that.
        axes: the fields of all units.
        dims: the dimension of the output that each axis runs along.
    """

    size: tuple[int, ...]
    jump: tuple[float, ...]
    start: tuple[float, ...]
    covers_input: bool
    is_global: bool
    axes: tuple[Axis, ...]
    dims: tuple[int, ...]

    @classmethod
    def of(
        cls, axes: tuple[Axis, ...], input_size: Sequence[int], is_global: bool, dims: tuple[int, ...]
    ) -> "ReceptiveField":
        """Derive size, jump and start from the axes."""
        size = tuple(max(axis.sizes) for axis in axes)
        return cls(
            size,
            tuple(_number(axis.jump) for axis in axes),
            tuple(axis.start for axis in axes),
            all(s >= n for s, n in zip(size, input_size, strict=True)),
            is_global,
            axes,
            dims,
        )

    @property
    def is_uniform(self) -> bool:
        """Whether all units see fields of one size."""
        return all(len(set(axis.sizes)) == 1 for axis in self.axes)

    def box(self, *unit: int) -> tuple[Edges, ...]:
        """First and last pixel seen by one unit, for each axis: `box(row, column)`."""
        return tuple(axis.at(index) for axis, index in zip(self.axes, unit, strict=True))


def share_in_padding(box: Sequence[Edges], input_size: Sequence[int]) -> float:
    """Share of a box's pixels that lie outside the input; 0 for an empty box."""
    whole = inside = 1
    for edge, size in zip(box, input_size, strict=True):
        if edge is None:
            return 0.0
        whole *= edge[1] - edge[0] + 1
        inside *= max(0, min(edge[1], size - 1) - max(edge[0], 0) + 1)
    return 1 - inside / whole


def _number(value: Fraction) -> float:
    return value.numerator if value.denominator == 1 else float(value)


def through(axis: Axis, outputs: int, inputs: int, sources: Sources) -> Axis:
    """The axis after an operation whose output unit o reads the units `sources(o)` of its input.

    Args:
        axis: of the operation's input.
        outputs, inputs: the period of the operation: sources(o + outputs) = sources(o) + inputs.
        sources: the input units that one output unit reads; may be empty.
    """
    period = len(axis.edges)
    repeats = period // math.gcd(period, inputs)
    edges = tuple(_union(axis.at(unit) for unit in sources(o)) for o in range(outputs * repeats))
    return _shortest(Axis(axis.advance * (inputs * repeats // period), edges))


def joined(axes: Sequence[Axis], units: int) -> Axis:
    """The union over branches: from the smallest first pixel to the largest last one.

    Raises:
        MisalignedError: if the branches' jumps differ and there is more than one unit.
    """
    if all(axis == axes[0] for axis in axes):
        return axes[0]
    if units == 1:
        return Axis(axes[0].advance, (_union(axis.at(0) for axis in axes),))
    if len({axis.jump for axis in axes}) > 1:
        raise MisalignedError(" and ".join(str(_number(axis.jump)) for axis in dict.fromkeys(axes)))
    period = math.lcm(*(len(axis.edges) for axis in axes))
    edges = tuple(_union(axis.at(unit) for axis in axes) for unit in range(period))
    return _shortest(Axis(axes[0].advance * period // len(axes[0].edges), edges))


def _union(edges: Iterable[Edges]) -> Edges:
    seen = [edge for edge in edges if edge is not None]
    return (min(first for first, _ in seen), max(last for _, last in seen)) if seen else None


def _shortest(axis: Axis) -> Axis:
    """The same fields with the shortest period that represents them."""
    period = len(axis.edges)
    for shorter in range(1, period):
        if period % shorter or axis.advance * shorter % period:
            continue
        found = Axis(axis.advance * shorter // period, axis.edges[:shorter])
        if all(found.at(unit) == edge for unit, edge in enumerate(axis.edges)):
            return found
    return axis


def through_window(axis: Axis, window: Window) -> Axis:
    """After a convolution or pooling: r + (k_eff − 1)·j, then j·s.

    Where neighbouring units differ all taps count, else the first and the last are enough.
    """

    def taps(o: int) -> Sequence[int]:
        seen = window.taps(o)
        return (seen[0], seen[-1]) if len(axis.edges) == 1 else seen

    return through(axis, 1, window.stride, taps)


def through_transposed(axis: Axis, window: Window) -> Axis:
    """After a transposed convolution: output o reads the inputs i with i·s + m·d − p = o for a tap m."""

    def reading(o: int) -> Sequence[int]:
        reached = (o + window.padding - m * window.dilation for m in range(window.kernel_size))
        return [position // window.stride for position in reached if position % window.stride == 0]

    return through(axis, window.stride, 1, reading)


def through_adaptive(axis: Axis, input_size: int, output_size: int) -> Axis:
    """After adaptive pooling: output o reads the inputs ⌊o·n/m⌋ to ⌈(o + 1)·n/m⌉ − 1."""
    common = math.gcd(input_size, output_size)
    return through(
        axis,
        output_size // common,
        input_size // common,
        lambda o: range(o * input_size // output_size, -(-(o + 1) * input_size // output_size)),
    )


def shifted(axis: Axis, first: int, step: int = 1) -> Axis:
    """After slicing `[first::step]`; a negative `first` pads in front."""
    return through(axis, 1, step, lambda o: (first + o * step,))


def spread(axis: Axis, factor: int) -> Axis:
    """After repeating each unit `factor` times, as nearest-neighbour up-sampling does."""
    return through(axis, factor, 1, lambda o: (o // factor,))


def interpolated(axis: Axis, ratio: Fraction, offset: Fraction, reach: tuple[int, int]) -> Axis:
    """After interpolation at the positions o·ratio + offset.

    `reach` is the first and last unit read, relative to ⌊position⌋: (0, 1) linear, (−1, 2) bicubic.
    """

    def sources(o: int) -> Sequence[int]:
        position = o * ratio + offset
        low = math.floor(position)
        return (low,) if position == low else range(low + reach[0], low + reach[1] + 1)

    return through(axis, ratio.denominator, ratio.numerator, sources)
