"""Multiply-accumulates (MACs) of one operation; 1 MAC = 2 FLOPs.

Counted are convolutions, linear layers, matrix products and attention. Biases, sums of branches,
norms, activations and pooling count 0, as in the papers.
"""

import math
from collections.abc import Callable

from cnnviz.analysis.graph.record import Op, Value


def macs(op: Op) -> int:
    """Multiply-accumulates of one operation at the batch size it ran with."""
    rule = _RULES.get(op.name)
    return rule(op) if rule else 0


def _convolution(op: Op) -> int:
    """out · (in / groups) · k_h · k_w · H_out · W_out."""
    weight: Value = op.argument("weight", 1)
    return math.prod(op.outputs[0].shape) * math.prod(weight.shape[1:])


def _transposed(op: Op) -> int:
    """in · (out / groups) · k_h · k_w · H_in · W_in: every input meets every tap."""
    weight: Value = op.argument("weight", 1)
    inputs: Value = op.argument("input", 0)
    return math.prod(inputs.shape) * math.prod(weight.shape[1:])


def _linear(op: Op) -> int:
    return math.prod(op.outputs[0].shape) * int(op.argument("input", 0).shape[-1])


def _bilinear(op: Op) -> int:
    weight: Value = op.argument("weight", 2)
    return math.prod(op.outputs[0].shape) * int(weight.shape[1]) * (weight.shape[2] + 1)


def _product(op: Op) -> int:
    """Rows · columns · the length that is summed over."""
    first: Value = op.argument("input", 0)
    return math.prod(op.outputs[0].shape) * first.shape[-1]


def _added_product(op: Op) -> int:
    names = ("mat1", "batch1", "mat")
    first: Value = next((op.kwargs[name] for name in names if name in op.kwargs), None) or op.args[1]
    return math.prod(op.outputs[0].shape) * int(first.shape[-1])


def _einsum(op: Op) -> int:
    """The product of the sizes of all letters, for two operands or more."""
    equation, *operands = op.args
    operands = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], tuple | list) else operands
    if len(operands) < 2 or "." in equation:
        return 0
    lengths: dict[str, int] = {}
    for letters, value in zip(equation.replace(" ", "").split("->")[0].split(","), operands, strict=True):
        lengths |= dict(zip(letters, value.shape, strict=True))
    return math.prod(lengths.values())


def _dot_product_attention(op: Op) -> int:
    """Q·Kᵀ and then the weights times V."""
    query, key, value = (op.argument(n, i) for i, n in enumerate(("query", "key", "value")))
    scores = math.prod(query.shape[:-1]) * key.shape[-2]
    return int(scores * (query.shape[-1] + value.shape[-1]))


def _multi_head_attention(op: Op) -> int:
    """Projections of query, key and value, both products of the attention, and the output's projection."""
    query, key, value = (op.argument(n, i) for i, n in enumerate(("query", "key", "value")))
    width = query.shape[-1]
    rows, keys = math.prod(query.shape[:-1]), math.prod(key.shape[:-1])
    batch = query.shape[1] if len(query.shape) == 3 else 1
    projections = rows * width * width * 2 + keys * (key.shape[-1] + value.shape[-1]) * width
    return int(projections + 2 * rows * (keys // batch) * width)


_RULES: dict[str, Callable[[Op], int]] = {
    **{f"conv{n}d": _convolution for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": _transposed for n in (1, 2, 3)},
    "linear": _linear,
    "bilinear": _bilinear,
    **dict.fromkeys(("matmul", "bmm", "mm", "mv", "dot"), _product),
    **dict.fromkeys(("addmm", "baddbmm", "addbmm", "addmv"), _added_product),
    "einsum": _einsum,
    "scaled_dot_product_attention": _dot_product_attention,
    "multi_head_attention_forward": _multi_head_attention,
}
