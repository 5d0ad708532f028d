"""The story of one unit: every step from the patch that its convolution reads to its value."""

import bisect
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cnnviz.analysis.field.receptive_field import Edges, share_in_padding
from cnnviz.analysis.graph.record import Graph, Op, Value, record
from cnnviz.analysis.graph.replay import ReplayedCall, calls_of
from cnnviz.analysis.layers.activations import as_batch
from cnnviz.analysis.trace.rows import LayerRow, Trace
from cnnviz.analysis.trace.table import TraceTable
from cnnviz.analysis.unit.path import JOINS, PASSED, main_input, passed_through
from cnnviz.analysis.unit.steps import (
    Index,
    Step,
    UnsupportedOperationError,
    broadcast,
    explain_step,
    source_index,
)
from cnnviz.data.images import Picture
from cnnviz.errors import CnnvizError
from cnnviz.ops.geometry import is_whole


@dataclass(frozen=True, slots=True)
class UnitField:
    """The receptive field of one unit, in whole pixels, ends included.

    Attributes:
        rows, columns: first and last pixel; outside the picture they lie in the padding. None if the
            unit sees nothing.
        inside_rows, inside_columns: the part inside the picture.
        padding_share: share of the box that lies in the padding.
        is_global: whether global pooling on the way lets the unit see the whole picture as well.
    """

    rows: Edges
    columns: Edges
    inside_rows: Edges
    inside_columns: Edges
    padding_share: float
    is_global: bool


@dataclass(frozen=True, slots=True, eq=False)
class StoryStep:
    """One value on the way to the unit, recomputed by hand and as PyTorch has it.

    Attributes:
        layer: name of its row in the trace.
        operation: the module's class or the function's name.
        reads: layers whose outputs it reads; "" for the picture.
        place: index of the value in the layer's output, without the batch axis.
        computation: the terms of the value.
        by_hand: the result of `computation`, from the inputs that PyTorch gave the layer.
        torch: PyTorch's value.
    """

    layer: str
    operation: str
    reads: tuple[str, ...]
    place: Index
    computation: Step
    by_hand: float
    torch: float

    @property
    def difference(self) -> float:
        """`by_hand` minus `torch`."""
        return self.by_hand - self.torch

    @property
    def relative_difference(self) -> float:
        """The difference over the larger magnitude of the two; 0 where they are equal."""
        return relative(self.by_hand, self.torch)


def relative(one: float, two: float) -> float:
    """The difference of two numbers over the larger magnitude."""
    return 0.0 if one == two else abs(one - two) / max(abs(one), abs(two))


@dataclass(frozen=True, slots=True, eq=False)
class UnitStory:
    """How the value of one unit is computed.

    Attributes:
        layer, channel, row, column: which unit; row and column are 0 in a vector.
        value: PyTorch's value.
        field: its receptive field; None where undefined, `note` says why.
        note: as in the layer's row of the trace.
        steps: in execution order. The first is a convolution, an average, a linear layer,
            or the first that is supported; the last one gives the value.
    """

    layer: str
    channel: int
    row: int
    column: int
    value: float
    field: UnitField | None
    note: str
    steps: tuple[StoryStep, ...]

    @property
    def by_hand(self) -> float:
        """The value as the last step computes it."""
        return self.steps[-1].by_hand

    @property
    def largest_difference(self) -> float:
        """The largest relative difference of all steps."""
        return max(step.relative_difference for step in self.steps)


def unit_story(
    model: nn.Module, picture: Picture | Tensor, layer: str, channel: int, row: int = 0, column: int = 0
) -> UnitStory:
    """Explain step by step how the value of one unit is computed.

    The story goes back from the unit through activation, batch norm, the sum of a residual block and
    the winner of max pooling to the convolution (or average, or linear layer) that made the value.

    Args:
        model: runs in eval mode, where its parameters are, and is left as it is.
        picture: as for `feature_maps`.
        layer: a row of the trace, or a block, which stands for its last row.
        channel, row, column: which unit. A vector has channels only.

    Raises:
        CnnvizError: if there is no such layer or unit, or the operation is not supported.
    """
    return LayerStories(model, picture, layer).unit(channel, row, column)


class LayerStories:
    """The stories of all units of one layer for one picture; the network runs once.

    Attributes:
        layer: name of the row in the trace.
        shape: (channels, rows, columns).

    Raises:
        CnnvizError: as `unit_story`.
    """

    def __init__(self, model: nn.Module, picture: Picture | Tensor, layer: str) -> None:
        x = as_batch(picture).to(next(model.parameters(), torch.empty(0)).device)
        self._graph: Graph = record(model, x.shape)
        self._trace: Trace = TraceTable(model, tuple(x.shape), self._graph).trace()
        self._ends = [self._trace.op_of(row.layer) for row in self._trace]
        self._row: LayerRow = self._trace[layer]
        self._op = self._graph.ops[self._trace.op_of(layer)]
        self.layer = self._row.layer
        self._axes = self._axes_of_units()
        self.shape: tuple[int, int, int] = self._shape()
        if not self._op.inputs:
            raise CnnvizError(
                f"{self.layer!r} is made of weights alone: no unit of it depends on the picture."
            )
        with torch.no_grad():
            self._calls: dict[int, ReplayedCall] = calls_of(model, x, self._needed())
        self._require_supported()

    def unit(self, channel: int, row: int = 0, column: int = 0) -> UnitStory:
        """The story of one unit.

        Raises:
            CnnvizError: if there is no such unit.
        """
        unit = (channel, row, column)
        for name, at, count in zip(("channel", "row", "column"), unit, self.shape, strict=True):
            if not is_whole(at) or not 0 <= at < count:
                raise CnnvizError(f"{self.layer!r} has {name}s 0 to {count - 1}, not {at!r}.")
        steps = tuple(self._steps(self._index(unit)))[::-1]
        return UnitStory(
            self.layer, channel, row, column, steps[-1].torch, self._field(row, column), self._row.note, steps
        )

    def _axes_of_units(self) -> tuple[int, ...]:
        """Dimensions of the output that hold channel, row and column; of a vector, the channel alone."""
        shape, seen = self._row.output_shape, self._row.receptive_field
        if len(shape) == 2:
            return (1,)
        if len(shape) != 4:
            raise CnnvizError(
                f"{self.layer!r} gives {len(shape)} dimensions, neither feature maps nor a vector."
            )
        rows, columns = seen.dims if seen and len(seen.dims) == 2 else (2, 3)
        channel = next(dim for dim in (1, 2, 3) if dim not in (rows, columns))
        return channel, rows, columns

    def _shape(self) -> tuple[int, int, int]:
        channels, rows, columns = (*(self._row.output_shape[dim] for dim in self._axes), 1, 1)[:3]
        return channels, rows, columns

    def _index(self, unit: tuple[int, int, int]) -> Index:
        index = [0] * len(self._row.output_shape)
        for dim, at in zip(self._axes, unit, strict=False):
            index[dim] = at
        return tuple(index)

    def _field(self, row: int, column: int) -> UnitField | None:
        seen = self._row.receptive_field
        if seen is None or len(seen.axes) != 2:
            return None
        size = self._trace.input_shape[2:]
        box = seen.box(row, column)
        rows, columns = box
        return UnitField(
            rows,
            columns,
            _clipped(rows, size[0]),
            _clipped(columns, size[1]),
            share_in_padding(box, size),
            seen.is_global,
        )

    def _needed(self) -> list[Op]:
        """The operations that a story of this layer may go back through, and their padding calls."""
        passed = passed_through(self._graph, self._op)
        pads = (self._own_padding(self._graph.ops[index]) for index in passed)
        wanted = passed | {pad.index for pad in pads if pad is not None}
        return [self._graph.ops[index] for index in wanted]

    def _own_padding(self, op: Op) -> Op | None:
        """The separate padding call of a convolution layer, which modes other than "zeros" make."""
        source = op.inputs[0].source if op.inputs else -1
        if op.name != "conv2d" or source < 0 or self._row_of(source) != self._row_of(op.index):
            return None
        return self._graph.ops[source]

    def _row_of(self, op: int) -> int:
        return bisect.bisect_left(self._ends, op)

    def _require_supported(self) -> None:
        try:
            self._explain(self._op, (0,) * len(self._row.output_shape))
        except UnsupportedOperationError as error:
            raise CnnvizError(
                f"{self.layer!r} is {self._row.operation}, and how one of its units is computed is not told "
                f"({error}). Told are two-dimensional convolutions, batch norm, activations, pooling, "
                "sums of residual blocks and linear layers."
            ) from error

    def _explain(self, op: Op, index: Index) -> Step:
        pad = self._own_padding(op)
        if self._row_has_other_ops(op, pad):
            raise UnsupportedOperationError("many operations in one")
        return explain_step(self._calls[op.index], index, None if pad is None else self._calls[pad.index])

    def _row_has_other_ops(self, op: Op, pad: Op | None) -> bool:
        """Whether the layer makes further calls, so that this one alone does not give its output."""
        row = self._row_of(op.index)
        first = self._ends[row - 1] + 1 if row else 0
        return op.index != self._ends[row] or first != (op if pad is None else pad).index

    def _steps(self, index: Index) -> Iterator[StoryStep]:
        """The steps from the unit back to the operation that computed the value."""
        op = self._op
        while True:
            try:
                step = self._explain(op, index)
            except UnsupportedOperationError:
                return
            call, row = self._calls[op.index], self._trace[self._row_of(op.index)]
            yield StoryStep(
                row.layer, row.operation, row.parents, index[1:], step, step.value, float(call.output[index])
            )
            source = self._source(op, index, step)
            if source is None or source[0].source not in self._calls:
                return
            op, index = self._graph.ops[source[0].source], source[1]

    def _source(self, op: Op, index: Index, step: Step) -> tuple[Value, Index] | None:
        if op.name not in PASSED:
            return None
        if op.name in JOINS:
            value = main_input(self._graph, op)
            return value, broadcast(value.shape, index)
        found = source_index(self._calls[op.index], index, step)
        if found is None or (op.name == "cat" and len(op.args[0]) != len(op.inputs)):
            return None
        return (op.inputs[found[0]] if op.name == "cat" else op.inputs[0]), found[1]


def _clipped(edges: Edges, size: int) -> Edges:
    """The part of an interval of pixels inside [0, size)."""
    if edges is None:
        return None
    first, last = max(edges[0], 0), min(edges[1], size - 1)
    return (first, last) if first <= last else None
