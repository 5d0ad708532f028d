"""Which operations the story of a unit passes through, back to where its value was made."""

from cnnviz.analysis.graph.record import Graph, Op, Value
from cnnviz.analysis.unit.functions import FUNCTIONS

JOINS = ("add", "mul")

# Where one value comes in and one goes out, so that the story goes on before it.
PASSED = frozenset([*JOINS, "cat", "flatten", "batch_norm", "max_pool2d", "adaptive_max_pool2d", *FUNCTIONS])


def passed_through(graph: Graph, last: Op) -> set[int]:
    """Numbers of all operations that a story may pass through, from `last` back."""
    passed: set[int] = set()
    waiting = [last]
    while waiting:
        op = waiting.pop()
        if op.index not in passed:
            passed.add(op.index)
            waiting += [graph.ops[value.source] for value in _followed(graph, op) if value.source >= 0]
    return passed


def _followed(graph: Graph, op: Op) -> tuple[Value, ...]:
    """The inputs in which the story may go on."""
    if op.name not in PASSED:
        return ()
    if op.name == "cat":
        return op.inputs
    return (main_input(graph, op),) if op.name in JOINS else op.inputs[:1]


def main_input(graph: Graph, op: Op) -> Value:
    """Of two values that meet, the one that the block has computed, rather than the one it carries past.

    That is the first, unless the second is computed from it. A factor smaller than the map, as in
    squeeze and excitation, is not followed.
    """
    whole = [value for value in op.inputs if value.shape == op.outputs[0].shape]
    if len(whole) == 2 and _leads_to(graph, whole[0], whole[1]):
        return whole[1]
    return whole[0] if whole else op.inputs[0]


def _leads_to(graph: Graph, early: Value, late: Value) -> bool:
    """Whether `late` is computed from `early`."""
    waiting, seen = [late], {late.index}
    while waiting:
        value = waiting.pop()
        if value.index == early.index:
            return True
        if value.source > early.source:
            fresh = [v for v in graph.ops[value.source].inputs if v.index not in seen]
            seen.update(v.index for v in fresh)
            waiting += fresh
    return False
