from hypothesis import given
from hypothesis import strategies as st

from cnnviz.analysis.pareto import pareto_front

points = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=12)


@given(points)
def test_the_front_is_what_no_other_point_beats(found):
    costs, gains = zip(*found, strict=True)

    def beaten(i):
        return any(
            c <= costs[i] and g >= gains[i] and (c, g) != (costs[i], gains[i])
            for c, g in zip(costs, gains, strict=True)
        )

    front = pareto_front(costs, gains)
    assert sorted(front) == [i for i in range(len(found)) if not beaten(i)]
    assert [costs[i] for i in front] == sorted(costs[i] for i in front)
