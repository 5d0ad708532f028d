"""A whole network at a glance: which layers get a column, and what their strongest channels answer."""

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
    """A layer that is shown.

    Attributes:
        summary: of the layer.
        row: the last operation of the layer, for its receptive field; None if it was not traced.
        join: "add" or "cat" if the layer is a block that ends in, or holds, such a join of its own.
    """

    summary: LayerSummary
    row: LayerRow | None
    join: str | None

    @property
    def is_maps(self) -> bool:
        """Whether it has maps of more than one position."""
        return self.summary.has_maps and max(self.map_size) > 1

    @property
    def map_size(self) -> tuple[int, ...]:
        """The shape without the channels."""
        shape, axis = self.summary.output_shape, self.summary.channel_axis
        return tuple(size for dim, size in enumerate(shape) if dim != axis)


@dataclass(frozen=True, slots=True)
class GlanceColumns:
    """The layers that are shown, in the order in which they run, and those that a reader might miss."""

    shown: tuple[Column, ...]
    left_out: tuple[LayerSummary, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ColumnMaps:
    """What a column shows of one pass.

    Attributes:
        channels: (n,) indices of the channels shown, the strongest first; of a vector or of tokens none.
        maps: (n, h, w) their maps, made smaller by averages over areas; a vector or tokens as one sheet
            (1, h, w), made smaller by keeping the value of greatest magnitude of each area.
        minimum, maximum, strength: (n,) over all positions of each channel shown, or of the whole sheet;
            strength is the mean magnitude.
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
    """Choose at most `most` layers that show the network from left to right.

    Sequences are taken apart, blocks are not. Where that is too many, layers go in this order until
    it fits: those that only pass numbers on (dropout, flatten), norms, activations, then all but a few
    of the layers behind each other whose outputs have one shape, and pooling.

    Args:
        model: the network, or a copy of it without weights.
        layers: its `layer_summaries`.
        trace: of the same network at the same size.
        most: how many.
    """
    units = _Units(model, layers, trace).found()
    shown = next(chosen for chosen in _choices(units, most) if len(chosen) <= most)
    kept = {unit.layer for unit in shown}
    columns = tuple(Column(unit, _row(trace, unit), _join(trace, unit)) for unit in shown)
    return GlanceColumns(columns, tuple(unit for unit in units if unit.layer not in kept))


def _choices(units: Sequence[LayerSummary], most: int) -> Iterator[Sequence[LayerSummary]]:
    """Ever fewer layers."""
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
    """At most `longest` of those behind each other whose outputs have one shape."""
    return [
        unit for _, run in groupby(units, key=_shape) for unit in _evenly(list(run), longest)
    ]  # fmt: skip


def _shape(unit: LayerSummary) -> tuple[int, ...]:
    """Channels first, whichever way the layer has them."""
    shape, axis = unit.output_shape, unit.channel_axis
    return shape if axis is None else (shape[axis], *(n for dim, n in enumerate(shape) if dim != axis))


def _evenly(units: Sequence[LayerSummary], most: int) -> list[LayerSummary]:
    """The first, the last, and evenly many between."""
    if len(units) <= most:
        return list(units)
    if most == 1:
        return [units[-1]]
    return [units[round(i * (len(units) - 1) / (most - 1))] for i in range(most)]


class _Units:
    """Takes a network apart as far as its parts stand in one line."""

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
        """The parts, in the order in which they run."""
        return sorted(self._inside(""), key=lambda unit: self._first.get(unit.module, len(self._rows)))

    def _inside(self, path: str) -> Iterator[LayerSummary]:
        for name, _ in self._modules[path].named_children():
            child = f"{path}.{name}" if path else name
            if child in self._of_module and not self._is_line(child):
                yield self._of_module[child]
            elif child in self._of_module or any(p.startswith(f"{child}.") for p in self._of_module):
                yield from self._inside(child)

    def _is_line(self, path: str) -> bool:
        """Whether what is inside stands in one line, and is worth a column each."""
        module = self._modules[path]
        children = list(module.children())
        if not children:
            return False
        if type(module) is nn.Sequential:
            return True
        if isinstance(module, nn.Sequential):
            return all(next(child.children(), None) is not None for child in children)
        return self._weighs_most(path) and self._reads_in_turn(path)

    def _weighs_most(self, path: str) -> bool:
        return 2 * _parameters(self._modules[path]) > self._parameters

    def _reads_in_turn(self, path: str) -> bool:
        """Whether each child reads nothing inside the module but the child before it."""
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
    """A path and all that it lies in."""
    while path:
        yield path
        path = path.rpartition(".")[0]


def _child(layer: str, path: str, names: set[str]) -> str | None:
    """The child of a module, by its name, that an operation lies in; None outside, or for one of its own."""
    if not layer.startswith(f"{path}."):
        return None
    name = module_of(layer)[len(path) + 1 :].partition(".")[0]
    return name if name in names else None


def _row(trace: Trace, unit: LayerSummary) -> LayerRow | None:
    """The operation that gives a layer's output."""
    rows = [row for row in trace.rows if module_of(row.layer) == unit.module]
    inside = [row for row in trace.rows if row.layer.startswith(f"{unit.module}.")]
    return rows[0] if rows else inside[-1] if inside else None


def _join(trace: Trace, unit: LayerSummary) -> str | None:
    """The block's own join: what a residual or an inception block ends in."""
    own = [row for row in trace.rows if row.kind == "join" and row.layer.rpartition(".")[0] == unit.module]
    return _JOINS.get(own[-1].operation) if own else None


def glance(model: nn.Module, x: Tensor, columns: Sequence[Column]) -> Glance:
    """One pass; of each column's layer only its strongest channels are kept, made small.

    Args:
        model: the network; it runs in eval mode, without gradients.
        x: (1, C, H, W), where the model is.
        columns: which layers.

    Raises:
        CnnvizError: if the model cannot take that input.
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
    """A vector as a column of its values; tokens as rows of theirs."""
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
    """A size of the same proportions within limits; of a sheet each side by itself."""
    height, width = shape
    return min(height, most[0]), min(width, most[1])
