"""Layered graph drawing for the parts of a block, from top to bottom.

Sugiyama, Tagawa and Toda 1981: layers by longest path, long edges through dummy nodes, order by
barycentres, then coordinates. Dense graphs, as in DenseNet blocks, become one column with arcs at
its side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

NODE = (188.0, 44.0)
_GAP, _ROW, _LINE = 16.0, 68.0, 14.0
_MARGIN = 6.0
_MOST_LINES = 40
_SWEEPS = 7  # the last sweep goes down: nodes with one parent are placed straight below it

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Layout:
    """Coordinates of the drawing, in pixels from the top left corner.

    Attributes:
        places: the centre of each node.
        lines: (from node, to node) and the cubic Bézier curve: start, then two control points and an
            end for each piece.
        size: width and height.
    """

    places: tuple[Point, ...]
    lines: tuple[tuple[int, int, tuple[Point, ...]], ...]
    size: Point


def layout(parents: Sequence[Sequence[int]]) -> Layout:
    """Lay out a graph; `parents[n]` are the indices of the nodes that n reads, all smaller than n."""
    depths = _depths(parents)
    edges = [(p, n) for n, read in enumerate(parents) for p in read]
    if sum(depths[n] - depths[p] - 1 for p, n in edges) > _MOST_LINES:
        return _column(len(parents), edges)
    return _layers(depths, edges)


def _depths(parents: Sequence[Sequence[int]]) -> list[int]:
    depths: list[int] = []
    for read in parents:
        depths.append(1 + max((depths[p] for p in read), default=-1))
    for n in range(len(parents) - 1, 0, -1):  # nodes without parents go just above their first reader
        readers = [depths[m] for m, read in enumerate(parents) if n in read]
        if not parents[n] and readers:
            depths[n] = max(0, min(readers) - 1)
    return depths


def _column(count: int, edges: Sequence[tuple[int, int]]) -> Layout:
    """All nodes in one column; edges between neighbours straight, others as arcs on the right."""
    width, height = NODE
    widest = max(_bulge(n - p) for p, n in edges)
    places = tuple((_MARGIN + width / 2, _MARGIN + height / 2 + n * _ROW) for n in range(count))
    lines = []
    for p, n in edges:
        (x, top), (_, bottom) = places[p], places[n]
        if n - p == 1:
            lines.append((p, n, _curve((x, top + height / 2), (x, bottom - height / 2))))
        else:
            right, out = x + width / 2, x + width / 2 + _bulge(n - p) * 4 / 3
            lines.append((p, n, ((right, top + 6), (out, top + 6), (out, bottom - 6), (right, bottom - 6))))
    return Layout(places, tuple(lines), (width + widest + 2 * _MARGIN, count * _ROW - _ROW + height + 12))


def _bulge(span: int) -> float:
    return 0.0 if span == 1 else float(min(220, 14 + 9 * span))


def _layers(depths: Sequence[int], edges: Sequence[tuple[int, int]]) -> Layout:
    rows, links, chains = _with_lines(depths, edges)
    ups: dict[int, list[int]] = {}
    downs: dict[int, list[int]] = {}
    for a, b in links:
        ups.setdefault(b, []).append(a)
        downs.setdefault(a, []).append(b)
    count = len(depths)
    widths = {v: NODE[0] if v < count else _LINE for row in rows for v in row}
    x = {v: float(i) * (NODE[0] + _GAP) for row in rows for i, v in enumerate(row)}
    for sweep in range(_SWEEPS):
        near = ups if sweep % 2 == 0 else downs
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wish = {v: _mean([x[u] for u in near.get(v, ())], x[v]) for v in row}
            row.sort(key=wish.__getitem__)
            x.update(_apart(row, wish, widths, count))
    left = min(x[v] - widths[v] / 2 for v in x) - _MARGIN
    right = max(x[v] + widths[v] / 2 for v in x) + _MARGIN
    places = tuple((x[v] - left, _MARGIN + NODE[1] / 2 + depths[v] * _ROW) for v in range(count))
    lines = tuple(
        (p, n, _through(places[p], places[n], [x[v] - left for v in chains[p, n]])) for p, n in edges
    )
    return Layout(places, lines, (right - left, max(depths) * _ROW + NODE[1] + 2 * _MARGIN))


def _with_lines(
    depths: Sequence[int], edges: Sequence[tuple[int, int]]
) -> tuple[list[list[int]], list[tuple[int, int]], dict[tuple[int, int], list[int]]]:
    """Rows with dummy nodes for long edges; links between adjacent rows; the nodes of each edge."""
    rows: list[list[int]] = [[] for _ in range(max(depths) + 1)]
    links: list[tuple[int, int]] = []
    chains: dict[tuple[int, int], list[int]] = {}
    free = len(depths)
    for node, depth in enumerate(depths):
        rows[depth].append(node)
    for p, n in edges:
        passing = list(range(free, free + depths[n] - depths[p] - 1))
        free += len(passing)
        for depth, place in enumerate(passing, start=depths[p] + 1):
            rows[depth].append(place)
        chains[p, n] = passing
        stops = [p, *passing, n]
        links += pairwise(stops)
    return rows, links, chains


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _apart(
    row: Sequence[int], wish: Mapping[int, float], widths: Mapping[int, float], count: int
) -> dict[int, float]:
    """Non-overlapping positions nearest to the wanted ones; dummy nodes weigh more, to keep edges straight.

    Isotonic least squares by the pool-adjacent-violators algorithm.
    """
    offsets, at = [], 0.0
    for i, v in enumerate(row):
        if i:
            at += (widths[row[i - 1]] + widths[v]) / 2 + _GAP
        offsets.append(at)
    pools: list[list[float]] = []  # weighted sum, weight, members
    for v, offset in zip(row, offsets, strict=True):
        weight = 1.0 if v < count else 3.0
        pools.append([(wish[v] - offset) * weight, weight, 1])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            last = pools.pop()
            pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
    shifts = [total / weight for total, weight, members in pools for _ in range(int(members))]
    return {v: shift + offset for v, shift, offset in zip(row, shifts, offsets, strict=True)}


def _through(start: Point, end: Point, columns: Sequence[float]) -> tuple[Point, ...]:
    """An edge from the bottom of one node to the top of another, straight past the rows between."""
    half = NODE[1] / 2
    points = _curve_start(start)
    at = (start[0], start[1] + half)
    y = start[1]
    for x in columns:
        y += _ROW
        points += _curve(at, (x, y - half))[1:] + _curve((x, y - half), (x, y + half))[1:]
        at = (x, y + half)
    return points + _curve(at, (end[0], end[1] - half))[1:]


def _curve_start(start: Point) -> tuple[Point, ...]:
    return ((start[0], start[1] + NODE[1] / 2),)


def _curve(start: Point, end: Point) -> tuple[Point, ...]:
    middle = (start[1] + end[1]) / 2
    return start, (start[0], middle), (end[0], middle), end
