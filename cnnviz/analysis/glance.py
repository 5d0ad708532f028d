"""A whole network at a glance: the layers that get a column, and their strongest feature maps."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from torch import Tensor, nn

from cnnviz.analysis.layers.activations import evaluating, forward, watch
from cnnviz.analysis.layers.channel_axes import module_of
from cnnviz.analysis.layers.summaries import LayerSummary
from cnnviz.analysis.trace.rows import LayerRow, Trace
from cnnviz.arrays import Array, read_only

MOST_COLUMNS = 16
MOST_MAPS = 12
MAP_SIDE = 56
SHEET = (240, 48)

_JOINS = {"add": "add", "iadd": "add", "cat": "cat", "concat": "cat"}


@dataclass(frozen=True, slots=True)
class Column:
    """A layer that gets a column.

    Attributes:
        summary: of the layer.
        row: the row of the layer's output, for its receptive field; None if there is none.
        join: "add" or "cat" if the layer is a block with such a join; else None.
    """

    summary: LayerSummary
    row: LayerRow | None
    join: str | None

    @property
    def is_maps(self) -> bool:
        """Whether its output is feature maps larger than 1×1."""
        return self.summary.has_maps and max(self.map_size) > 1

    @property
    def map_size(self) -> tuple[int, ...]:
        """The output shape without the channel axis."""
        shape, axis = self.summary.output_shape, self.summary.channel_axis
        return tuple(size for dim, size in enumerate(shape) if dim != axis)


@dataclass(frozen=True, slots=True)
class GlanceColumns:
    """The layers shown, in execution order, and the candidates that were left out."""

    shown: tuple[Column, ...]
    left_out: tuple[LayerSummary, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ColumnMaps:
    """What a column shows of one pass.

    Attributes:
        channels: (n,) indices of the channels shown, the strongest first; empty for vectors and tokens.
        maps: (n, h, w), down-sampled by average pooling; a vector or tokens as one map (1, h, w),
            down-sampled by the value of largest magnitude.
        minimum, maximum, strength: (n,) over all positions of each channel shown, or of the whole
            vector; strength is the mean magnitude.
    """

    channels: Array
    maps: Array
    minimum: Array
    maximum: Array
    strength: Array

    @property
    def limit(self) -> float:
        """Largest finite magnitude that is drawn."""
        finite = self.maps[np.isfinite(self.maps)]
        return float(abs(finite).max()) if finite.size else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """One pass of a network: what each column shows, and the prediction."""

    columns: tuple[ColumnMaps, ...]
    probabilities: Array


def glance_columns(
    model: nn.Module, layers: Sequence[LayerSummary], trace: Trace, most: int = MOST_COLUMNS
) -> GlanceColumns:
    """Choose at most `most` layers that represent a network, in execution order.

    Sequences are flattened, blocks are not. If there are too many layers, they are removed in this
    order until they fit: dropout, flatten and the like, norms, activations, then some of consecutive
    layers with equal output shapes, then pooling.

    Args:
        model: the network, or its meta model.
        layers: its `layer_summaries`.
        trace: of the same network at the same input size.
        most: columns.
    """
    units = _Units(model, layers, trace).found()
    shown = next(chosen for chosen in _choices(units, most) if len(chosen) <= most)
    kept = {unit.layer for unit in shown}
    columns = tuple(Column(unit, _row(trace, unit), _join(trace, unit)) for unit in shown)
    return GlanceColumns(columns, tuple(unit for unit in units if unit.layer not in kept))


def _choices(units: Sequence[LayerSummary], most: int) -> Iterator[Sequence[LayerSummary]]:
    """Selections of decreasing size."""
    last = units[-1].layer
    chosen = list(units)
    yield chosen
    for kinds in ({"other"}, {"norm"}, {"activation"}):
        chosen = [unit for unit in chosen if unit.kind not in kinds or unit.layer == last]
        yield chosen
    for longest in range(most, 2, -1):
        yield _thinned(chosen, longest)
    plain = [unit for unit in chosen if unit.kind != "pooling" or unit.layer == last]
    for longest in range(most, 0, -1):
        yield _thinned(plain, longest)
    yield _evenly(plain, most)


def _thinned(units: Sequence[LayerSummary], longest: int) -> list[LayerSummary]:
    """At most `longest` of consecutive layers with equal output shapes."""
    return [
        unit for _, run in groupby(units, key=_shape) for unit in _evenly(list(run), longest)
    ]  # fmt: skip


def _shape(unit: LayerSummary) -> tuple[int, ...]:
    """The output shape with the channels first."""
    shape, axis = unit.output_shape, unit.channel_axis
    return shape if axis is None else (shape[axis], *(n for dim, n in enumerate(shape) if dim != axis))


def _evenly(units: Sequence[LayerSummary], most: int) -> list[LayerSummary]:
    """At most `most` of them, evenly spaced, the first and last included."""
    if len(units) <= most:
        return list(units)
    if most == 1:
        return [units[-1]]
    return [units[round(i * (len(units) - 1) / (most - 1))] for i in range(most)]


class _Units:
    """Flattens a network as far as its parts form a chain."""

    def __init__(self, model: nn.Module, layers: Sequence[LayerSummary], trace: Trace) -> None:
        self._modules = dict(model.named_modules())
        self._parameters = _parameters(model)
        self._of_module: dict[str, LayerSummary] = {}
        for layer in layers:
            self._of_module.setdefault(layer.module, layer)
        self._rows = trace.rows
        self._first: dict[str, int] = {}
        for number, row in enumerate(trace.rows):
            for path in _above(module_of(row.layer)):
                self._first.setdefault(path, number)

    def found(self) -> list[LayerSummary]:
        """The parts, in execution order."""
        return sorted(self._inside(""), key=lambda unit: self._first.get(unit.module, len(self._rows)))

    def _inside(self, path: str) -> Iterator[LayerSummary]:
        for name, _ in self._modules[path].named_children():
            child = f"{path}.{name}" if path else name
            if child in self._of_module and not self._is_chain(child):
                yield self._of_module[child]
            elif child in self._of_module or any(p.startswith(f"{child}.") for p in self._of_module):
                yield from self._inside(child)

    def _is_chain(self, path: str) -> bool:
        """Whether a module's children form a chain and get a column each."""
        module = self._modules[path]
        children = list(module.children())
        if not children:
            return False
        if type(module) is nn.Sequential:
            return True
        if isinstance(module, nn.Sequential):
            return all(next(child.children(), None) is not None for child in children)
        return self._has_most_parameters(path) and self._reads_in_sequence(path)

    def _has_most_parameters(self, path: str) -> bool:
        return 2 * _parameters(self._modules[path]) > self._parameters

    def _reads_in_sequence(self, path: str) -> bool:
        """Whether each child reads, within the module, only the child before it."""
        names = {name for name, _ in self._modules[path].named_children()}
        owner = {row.layer: _child(row.layer, path, names) for row in self._rows}
        order = list(dict.fromkeys(name for name in owner.values() if name))
        before: dict[str | None, str] = dict(zip(order, ["", *order], strict=False))
        inside = [row for row in self._rows if owner[row.layer]]
        read = ((owner[row.layer], owner.get(parent)) for row in inside for parent in row.parents)
        return len(order) > 1 and all(not there or there in (here, before[here]) for here, there in read)


def _parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def _above(path: str) -> Iterator[str]:
    """A path and all its parent paths."""
    while path:
        yield path
        path = path.rpartition(".")[0]


def _child(layer: str, path: str, names: set[str]) -> str | None:
    """The child of `path` that an operation belongs to; None outside, or for operations of `path` itself."""
    if not layer.startswith(f"{path}."):
        return None
    name = module_of(layer)[len(path) + 1 :].partition(".")[0]
    return name if name in names else None


def _row(trace: Trace, unit: LayerSummary) -> LayerRow | None:
    """The row of a layer's output."""
    rows = [row for row in trace.rows if module_of(row.layer) == unit.module]
    inside = [row for row in trace.rows if row.layer.startswith(f"{unit.module}.")]
    return rows[0] if rows else inside[-1] if inside else None


def _join(trace: Trace, unit: LayerSummary) -> str | None:
    """The last join of a block itself, as in residual and inception blocks."""
    own = [row for row in trace.rows if row.kind == "join" and row.layer.rpartition(".")[0] == unit.module]
    return _JOINS.get(own[-1].operation) if own else None


def glance(model: nn.Module, x: Tensor, columns: Sequence[Column]) -> Glance:
    """Run the network once; keep the strongest channels of each column's layer, down-sampled.

    Args:
        model: the network; it runs in eval mode, without gradients.
        x: (1, C, H, W), on the model's device.
        columns: the layers.

    Raises:
        CnnvizError: if the model cannot take an input of that shape.
    """
    wanted = {column.summary.layer: column for column in columns}
    found: dict[str, ColumnMaps] = {}

    def keep(path: str, output: Tensor) -> None:
        if path in wanted:
            found[path] = _kept(output, wanted[path])

    modules = {column.summary.module for column in columns}
    with evaluating(model), torch.inference_mode(), watch(model, modules, keep):
        scores = forward(model, x)
    shown = tuple(found[column.summary.layer] for column in columns)
    return Glance(shown, read_only(scores[0].float().softmax(0)))


def _kept(output: Tensor, column: Column) -> ColumnMaps:
    values = output[0].float()
    if not column.is_maps:
        return _sheet(values)
    values = values.movedim(column.summary.channel_axis or 0, 0)
    strength = values.abs().mean((1, 2))
    strongest = strength.argsort(descending=True, stable=True)[:MOST_MAPS]
    kept = values[strongest]
    small = nn.functional.adaptive_avg_pool2d(kept, _within(kept.shape[1:], (MAP_SIDE, MAP_SIDE)))
    return ColumnMaps(
        read_only(strongest), read_only(small), read_only(kept.amin((1, 2))), read_only(kept.amax((1, 2))),
        read_only(strength[strongest]),
    )  # fmt: skip


def _sheet(values: Tensor) -> ColumnMaps:
    """A vector as one column, tokens as one row each."""
    rows = values.numel() if 1 in values.shape[1:] or values.dim() == 1 else values.shape[0]
    sheet = values.reshape(1, rows, -1)
    height, width = _within(sheet.shape[1:], SHEET)
    high = nn.functional.adaptive_max_pool2d(sheet, (height, width))
    low = -nn.functional.adaptive_max_pool2d(-sheet, (height, width))
    low_point, high_point = values.aminmax()
    return ColumnMaps(
        read_only(torch.empty(0, dtype=torch.int64)),
        read_only(torch.where(high >= -low, high, low)),
        read_only(low_point[None]),
        read_only(high_point[None]),
        read_only(values.abs().mean()[None]),
    )


def _within(shape: Iterable[int], most: tuple[int, int]) -> tuple[int, int]:
    """Height and width, each limited by `most`."""
    height, width = shape
    return min(height, most[0]), min(width, most[1])
