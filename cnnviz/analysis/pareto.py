"""The Pareto front of cost against gain."""

from collections.abc import Sequence


def pareto_front(costs: Sequence[float], gains: Sequence[float]) -> list[int]:
    """Indices of the points that no other dominates, the cheapest first.

    A point dominates another if it costs no more, gains no less, and is better in one of the two.
    """
    order = sorted(range(len(costs)), key=lambda i: (costs[i], -gains[i]))
    front: list[int] = []
    for i in order:
        best = front[-1] if front else None
        same = best is not None and (costs[i], gains[i]) == (costs[best], gains[best])
        if best is None or gains[i] > gains[best] or same:
            front.append(i)
    return front
