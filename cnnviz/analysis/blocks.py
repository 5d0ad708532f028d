"""A traced network as nested blocks: stages, repeated blocks, their parts and connections."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from torch import nn

from cnnviz.analysis.layers.summaries import describe
from cnnviz.analysis.trace.rows import LayerRow, RowKind, Trace

INPUT = -1
_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of a trace that belong together.

    Attributes:
        path: of the module; of several, a range such as "features.2–3"; of a single row, its layer.
        operation: the module's class, or the operation with its kernel; of several rows, all in order.
        kind: of a single row; None for several.
        first, last: its rows in the trace are `rows[first:last]`.
        repeats: how many consecutive blocks of one class it stands for.
        parts: its blocks; () for a single row.
        parents: indices of the sibling parts that it reads; INPUT for anything outside.
        output_shape: without the batch axis.
        parameters, macs: sums over its rows.
    """

    path: str
    operation: str
    kind: RowKind | None
    first: int
    last: int
    repeats: int
    parts: tuple["Block", ...]
    parents: tuple[int, ...]
    output_shape: tuple[int, ...]
    parameters: int
    macs: int

    @property
    def title(self) -> str:
        """Number of repeats and class, such as "3 × Bottleneck"."""
        return f"{self.repeats} × {self.operation}" if self.repeats > 1 else self.operation

    @property
    def are_alike(self) -> bool:
        """Whether the repeated blocks have equal shapes, parameters and MACs."""
        return self.repeats > 1 and all(_alike(self.parts[0], part) for part in self.parts)

    @property
    def branches(self) -> bool:
        """Whether some part reads more than one other."""
        return any(len(part.parents) > 1 for part in self.parts)

    def walk(self) -> Iterator["Block"]:
        """Itself and all nested blocks, depth first."""
        yield self
        for part in self.parts:
            yield from part.walk()


def blocks(model: nn.Module, trace: Trace) -> Block:
    """The whole network as one block, whose parts are its stages.

    The parts of a block cover each of its rows exactly once. Plain containers are flattened, and so is
    a chain that is most of the network, so that stages are siblings. Operations between blocks are
    grouped while the map's size stays the same. Consecutive blocks of one class become one.

    Args:
        model: the network that was traced, or a copy of it without weights.
        trace: of that network.
    """
    return _Grouping(model, trace).whole()


class _Grouping:
    def __init__(self, model: nn.Module, trace: Trace) -> None:
        self._rows = trace.rows
        self._number = {row.layer: index for index, row in enumerate(trace.rows)}
        self._modules = dict(model.named_modules())
        self._name = trace.model
        self._input_shape = trace.input_shape

    def whole(self) -> Block:
        if not self._rows:
            return Block("", self._name, None, 0, 0, 1, (), (), self._input_shape[1:], 0, 0)
        stages = self._runs(self._inside("", 0, len(self._rows), top=True))
        return self._of("", self._name, self._merged(stages, _same_map))

    def _inside(self, path: str, first: int, last: int, top: bool = False) -> list[Block]:
        """The parts of a module: its own operations and its child modules."""
        start = len(path) + 1 if path else 0
        parts: list[Block] = []
        at = first
        for child, run in groupby(_child(row.layer, start) for row in self._rows[first:last]):
            end = at + sum(1 for _ in run)
            if child is None:
                parts += [self._single(index) for index in range(at, end)]
            else:
                parts += self._module(f"{path}.{child}" if path else child, at, end, top)
            at = end
        return parts

    def _module(self, path: str, first: int, last: int, top: bool) -> list[Block]:
        """A child module as one block, or flattened into its parts."""
        parts = self._inside(path, first, last, top)
        if len(parts) == 1:
            return parts
        large = top and last - first > len(self._rows) / 2
        if self._is_container(path, parts):
            small = top and not large and not any(part.parts for part in parts)
            return [self._of(path, in_order(p.operation for p in parts), parts)] if small else parts
        if large and self._is_chain(parts):
            return parts
        parts = self._inside(path, first, last) if top else parts
        merged = self._merged(parts, _alike)
        return [self._of(path, self._class_of(path), merged if len(merged) > 1 else parts)]

    def _single(self, index: int) -> Block:
        row = self._rows[index]
        module = self._modules.get(row.layer.partition("#")[0])
        operation = row.operation if module is None else describe(module)
        return self._sum(row.layer, operation, row.kind, index, index + 1)

    def _of(self, path: str, operation: str, parts: Sequence[Block], repeats: int = 1) -> Block:
        found = self._sum(path, operation, None, parts[0].first, parts[-1].last)
        return replace(found, parts=self._linked(parts), repeats=repeats)

    def _sum(self, path: str, operation: str, kind: RowKind | None, first: int, last: int) -> Block:
        rows = self._rows[first:last]
        parameters, macs = sum(row.parameters for row in rows), sum(row.macs for row in rows)
        shape = rows[-1].output_shape[1:]
        return Block(path, operation, kind, first, last, 1, (), (), shape, parameters, macs)

    def _runs(self, parts: Sequence[Block]) -> list[Block]:
        """Group consecutive operations between blocks while the map's size stays the same."""
        found: list[Block] = []
        for key, run in groupby(enumerate(parts), lambda item: _run_key(*item)):
            members = [part for _, part in run]
            if len(members) == 1 or key[0]:
                found += members
            else:
                found.append(self._of(_span(members), in_order(m.operation for m in members), members))
        return found

    def _merged(self, parts: Sequence[Block], like: Callable[[Block, Block], bool]) -> list[Block]:
        """Merge consecutive blocks of one class into one."""
        found: list[list[Block]] = []
        for part in parts:
            if found and part.parts and like(found[-1][-1], part) and self._follows(found[-1][-1], part):
                found[-1].append(part)
            else:
                found.append([part])
        return [
            run[0] if len(run) == 1 else self._of(self._path_of(run), run[0].operation, run, len(run))
            for run in found
        ]

    def _path_of(self, members: Sequence[Block]) -> str:
        """The container's path if the members are all it holds, else a range."""
        container = members[0].path.rpartition(".")[0]
        inside = [i for i, row in enumerate(self._rows) if row.layer.startswith(f"{container}.")]
        whole = bool(container) and (members[0].first, members[-1].last) == (inside[0], inside[-1] + 1)
        return container if whole else _span(members)

    def _linked(self, parts: Sequence[Block]) -> tuple[Block, ...]:
        """The parts of one block with `parents` set."""
        owner = {index: n for n, part in enumerate(parts) for index in range(part.first, part.last)}

        def parents(n: int, part: Block) -> tuple[int, ...]:
            found = (owner.get(index, INPUT) for index in self._read_by(part))
            return tuple(dict.fromkeys(p for p in found if p != n))

        return tuple(replace(part, parents=parents(n, part)) for n, part in enumerate(parts))

    def _read_by(self, block: Block) -> Iterator[int]:
        """Numbers of the rows that a block's rows read, including its own."""
        for row in self._rows[block.first : block.last]:
            yield from self._parents(row)

    def _parents(self, row: LayerRow) -> Iterator[int]:
        return (self._number.get(layer, INPUT) for layer in row.parents)

    def _follows(self, before: Block, part: Block) -> bool:
        """Whether a block reads only itself and the block before it."""
        return all(before.first <= index < part.last for index in self._read_by(part))

    def _is_chain(self, parts: Sequence[Block]) -> bool:
        """Whether each part reads only the one before it; parts computed from weights alone are ignored."""
        linked = self._linked(parts)
        beside = {n for n, part in enumerate(linked) if not part.parents}
        spine = [n for n in range(len(linked)) if n not in beside]
        before = dict(zip(spine, [INPUT, *spine], strict=False))
        return all(set(linked[n].parents) - beside == {before[n]} for n in spine)

    def _is_container(self, path: str, parts: Sequence[Block]) -> bool:
        """Whether a module only holds others; a subclass of Sequential that holds operations is a block."""
        module = self._modules.get(path)
        stage = isinstance(module, nn.Sequential) and all(part.parts for part in parts)
        return stage or type(module) in _CONTAINERS

    def _class_of(self, path: str) -> str:
        module = self._modules.get(path)
        return path.rpartition(".")[2] if module is None else type(module).__name__.lstrip("_")


def in_order(operations: Iterable[str]) -> str:
    """Operations in order, repetitions collapsed: "MaxPool2d, 2 × (Conv2d 3×3, ReLU)"."""
    names = tuple(operations)
    found: list[str] = []
    at = 0
    while at < len(names):
        length, times = max(_repetitions(names[at:]), key=lambda item: (item[0] * item[1], -item[0]))
        pattern = ", ".join(names[at : at + length])
        found.append(pattern if times == 1 else f"{times} × {f'({pattern})' if length > 1 else pattern}")
        at += length * times
    return ", ".join(found)


def _repetitions(names: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Pairs (length of a leading pattern, number of repetitions); (1, 1) always."""
    yield 1, 1
    for length in range(1, len(names) // 2 + 1):
        times = 1
        while names[length * times : length * (times + 1)] == names[:length]:
            times += 1
        if times > 1:
            yield length, times


def entering(trace: Trace, block: Block) -> tuple[tuple[int, ...], ...]:
    """Shapes, without the batch axis, of a block's inputs."""
    inside = {row.layer for row in trace.rows[block.first : block.last]}
    rows = trace.rows[block.first : block.last]
    read = dict.fromkeys(layer for row in rows for layer in row.parents if layer not in inside)
    return tuple((trace[layer].output_shape if layer else trace.input_shape)[1:] for layer in read)


def _same_map(one: Block, other: Block) -> bool:
    return one.operation == other.operation and one.output_shape == other.output_shape


def _alike(one: Block, other: Block) -> bool:
    sizes = (one.last - one.first, one.parameters, one.macs)
    return _same_map(one, other) and sizes == (other.last - other.first, other.parameters, other.macs)


def _child(layer: str, start: int) -> str | None:
    """The child module that a row belongs to; None for an operation of the module itself."""
    head, dot, _ = layer[start:].partition(".")
    return head if dot else None


def _run_key(number: int, part: Block) -> tuple[bool, object]:
    """Grouping key: operations by map size; blocks are never grouped."""
    if part.parts:
        return True, number
    size = part.output_shape[1:] if len(part.output_shape) == 3 else ()
    return False, () if set(size) == {1} else size


def _span(members: Sequence[Block]) -> str:
    """A range of paths with their common prefix once: "features.2–3"."""
    first, last = members[0].path, members[-1].path
    shared = first.rpartition(".")[0]
    return f"{first}–{last[len(shared) + 1 :] if shared and last.startswith(f'{shared}.') else last}"
