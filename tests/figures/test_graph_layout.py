"""Diagrams: nothing overlaps, lines start and end at their nodes, and what reads stands below."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.figures.graph_layout import NODE, layout


@st.composite
def graphs(draw):
    count = draw(st.integers(2, 14))
    return [[], *(sorted(draw(st.sets(st.integers(0, n - 1), max_size=3))) for n in range(1, count))]


def check(parents):
    found = layout(parents)
    width, height = found.size
    for (x, y), (u, v) in itertools.combinations(found.places, 2):
        assert abs(x - u) >= NODE[0] - 1e-6 or abs(y - v) >= NODE[1], "two nodes overlap"
    for x, y in found.places:
        assert NODE[0] / 2 <= x <= width - NODE[0] / 2
        assert NODE[1] / 2 <= y <= height - NODE[1] / 2
    assert [(p, n) for p, n, _ in found.lines] == [(p, n) for n, read in enumerate(parents) for p in read]
    for p, n, points in found.lines:
        assert found.places[p][1] < found.places[n][1]
        assert len(points) % 3 == 1
        for node, (x, y) in ((p, points[0]), (n, points[-1])):
            assert abs(found.places[node][0] - x) <= NODE[0] / 2 + 1e-6
            assert abs(found.places[node][1] - y) <= NODE[1] / 2 + 1e-6
        assert all(0 <= x <= width for x, _ in points) or len(points) == 4
    return found


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_any_graph_is_laid_out(parents):
    check(parents)


def test_a_chain_is_straight_and_a_skip_goes_round_it():
    found = check([[], [0], [1], [2], [0, 3]])
    assert len({round(x, 3) for x, _ in found.places[1:4]}) == 1
    skip = next(points for p, n, points in found.lines if (p, n) == (0, 4))
    beside = [x for x, y in skip if found.places[1][1] <= y <= found.places[3][1]]
    assert beside and all(abs(x - found.places[2][0]) > NODE[0] / 2 for x in beside)


def test_where_everything_reads_everything_it_is_one_column():
    found = check([list(range(n)) for n in range(25)])
    assert len({x for x, _ in found.places}) == 1
    assert len(found.lines) == 25 * 24 / 2
