"""The operations that a unit story goes back through, to the one that computed the value."""

from cnnviz.analysis.graph.record import Graph, Op, Value
from cnnviz.analysis.unit.functions import FUNCTIONS

JOINS = ("add", "mul")

# Operations in which one input value determines one output value; the story goes on to their input.
PASSED = frozenset([*JOINS, "cat", "flatten", "batch_norm", "max_pool2d", "adaptive_max_pool2d", *FUNCTIONS])


def passed_through(graph: Graph, last: Op) -> set[int]:
    """`Op.index` of all operations that a story of `last` may go back through."""
    passed: set[int] = set()
    waiting = [last]
    while waiting:
        op = waiting.pop()
        if op.index not in passed:
            passed.add(op.index)
            waiting += [graph.ops[value.source] for value in _followed(graph, op) if value.source >= 0]
    return passed


def _followed(graph: Graph, op: Op) -> tuple[Value, ...]:
    """The inputs to which the story may go on."""
    if op.name not in PASSED:
        return ()
    if op.name == "cat":
        return op.inputs
    return (main_input(graph, op),) if op.name in JOINS else op.inputs[:1]


def main_input(graph: Graph, op: Op) -> Value:
    """Of the two operands of a join, the residual branch rather than the skip.

    That is the first operand, unless the second is computed from it. A factor smaller than the map,
    as in squeeze and excitation, is never followed.
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
