"""Recompute one output value of an operation from its inputs, in double precision, term by term."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from cnnviz.analysis.graph.replay import ReplayedCall
from cnnviz.analysis.unit.functions import FUNCTIONS
from cnnviz.arrays import Array, read_only
from cnnviz.ops.convolution import ConvStep, conv2d_step
from cnnviz.ops.geometry import PaddingMode
from cnnviz.ops.pooling import PoolKind, PoolStep, pool2d_step

Index = tuple[int, ...]


class UnsupportedOperationError(Exception):
    """This call cannot be explained; the message says which part of it is not supported."""


@dataclass(frozen=True, slots=True, eq=False)
class LinearStep:
    """One output of a fully connected layer.

    Attributes:
        inputs, weights, products: (inputs,), products = inputs · weights.
        bias: 0 where the layer has none.
        value: the sum of the products, plus the bias.
    """

    inputs: Array
    weights: Array
    products: Array
    bias: float
    value: float


@dataclass(frozen=True, slots=True)
class NormStep:
    """One value through batch norm: (input − mean) / √(variance + eps) · weight + bias.

    Attributes:
        input: the input value.
        mean, variance: of the channel: the running statistics, or those of this picture where the
            layer has none (see `is_stored`).
        eps: added to the variance.
        weight, bias: of the channel; 1 and 0 where the layer has none.
        value: the result.
        is_stored: whether mean and variance are running statistics.
    """

    input: float
    mean: float
    variance: float
    eps: float
    weight: float
    bias: float
    value: float
    is_stored: bool


@dataclass(frozen=True, slots=True)
class PointwiseStep:
    """One value through a pointwise function: an activation, or an operation that copies it.

    Attributes:
        function: PyTorch's name, such as "relu", "dropout", "flatten" or "cat".
        input: the input value.
        value: the result.
    """

    function: str
    input: float
    value: float


@dataclass(frozen=True, slots=True)
class JoinStep:
    """The sum or product of two values, as at the end of a residual block.

    Attributes:
        function: "add" or "mul".
        parts: the two operands, in the order of the call.
        value: their sum or product.
    """

    function: str
    parts: tuple[float, float]
    value: float


Step = ConvStep | PoolStep | LinearStep | NormStep | PointwiseStep | JoinStep


def explain_step(call: ReplayedCall, index: Index, pad: ReplayedCall | None = None) -> Step:
    """Recompute one value of `call.output` from the call's arguments.

    Args:
        call: the operation with its values.
        index: of the value in the output, batch axis included.
        pad: the layer's separate padding call before a convolution, if there is one.

    Raises:
        UnsupportedOperationError: if the operation, or one of its settings, is not supported.
    """
    if call.name == "conv2d":
        return _convolution(call, index, pad)
    if call.name in _EXPLAINERS:
        return _EXPLAINERS[call.name](call, index)
    if call.name in FUNCTIONS:
        value = _at(_input(call), index)
        return PointwiseStep(call.name, value, FUNCTIONS[call.name](call, value))
    raise UnsupportedOperationError(call.name)


def source_index(call: ReplayedCall, index: Index, step: Step) -> tuple[int, Index] | None:
    """The input that an output value comes from, as (number of the input, index in it).

    None where several values contribute. The number is 0, except for `cat`, where it counts the
    concatenated tensors. For joins the caller chooses the operand and uses `broadcast`.
    """
    if isinstance(step, PoolStep):
        return (0, (0, index[1], *step.winner)) if step.winner else None
    if call.name == "flatten":
        return 0, _unflattened(call, index)
    if call.name == "cat":
        return _part(call, index)
    return None if isinstance(step, ConvStep | LinearStep | JoinStep) else (0, index)


def broadcast(shape: Sequence[int], index: Index) -> Index:
    """The index in a broadcast operand of shape `shape` that belongs to an output index."""
    if len(shape) > len(index):
        raise UnsupportedOperationError("parts of unlike rank")
    last = index[len(index) - len(shape) :]
    return tuple(i if n > 1 else 0 for i, n in zip(last, shape, strict=True))


def _input(call: ReplayedCall) -> Tensor:
    found = call.argument("input", 0)
    if not isinstance(found, Tensor):
        raise UnsupportedOperationError(call.name)
    return found


def _at(values: Tensor | None, index: Index, default: float = 0.0) -> float:
    return default if values is None else float(values[index])


def _exact(values: Tensor) -> Tensor:
    """float64 on the CPU; some accelerators have no float64."""
    return values.cpu().double()


def _convolution(call: ReplayedCall, index: Index, pad: ReplayedCall | None) -> ConvStep:
    x, padding = _input(call), call.argument("padding", 4, 0)
    mode: PaddingMode = "zeros"
    if pad is not None:
        x, padding, mode = _padded(pad)
    bias = call.argument("bias", 2)
    return conv2d_step(
        x, call.argument("weight", 1), bias, call.argument("stride", 3, 1),
        padding, call.argument("dilation", 5, 1), call.argument("groups", 6, 1), mode,
        out_channel=index[1], row=index[2], column=index[3], dtype=torch.float64,
    )  # fmt: skip


def _padded(pad: ReplayedCall) -> tuple[Tensor, tuple[int, int], PaddingMode]:
    """The tensor before its padding, the padding of both axes, and its mode."""
    left, right, top, bottom = (*pad.argument("pad", 1), 0, 0, 0, 0)[:4]
    mode = pad.argument("mode", 2, "constant")
    if (left, top) != (right, bottom) or mode not in ("reflect", "replicate", "circular"):
        raise UnsupportedOperationError(f"{mode} padding that differs from end to end")
    return _input(pad), (top, left), mode


def _linear(call: ReplayedCall, index: Index) -> LinearStep:
    inputs = _exact(_input(call)[index[:-1]])
    weights = _exact(call.argument("weight", 1)[index[-1]])
    products = inputs * weights
    bias = _at(call.argument("bias", 2), index[-1:])
    return LinearStep(
        read_only(inputs), read_only(weights), read_only(products), bias, float(products.sum()) + bias
    )


def _batch_norm(call: ReplayedCall, index: Index) -> NormStep:
    x, channel = _input(call), index[1:2]
    mean, variance = call.argument("running_mean", 1), call.argument("running_var", 2)
    is_stored = mean is not None
    if not is_stored:
        values = _exact(x[:, index[1]])
        mean, variance = values.mean().expand(x.shape[1]), values.var(correction=0).expand(x.shape[1])
    value, centre, spread = _at(x, index), _at(mean, channel), _at(variance, channel)
    weight, bias = _at(call.argument("weight", 3), channel, 1.0), _at(call.argument("bias", 4), channel)
    eps = float(call.argument("eps", 7, 1e-5))
    result = (value - centre) / math.sqrt(spread + eps) * weight + bias
    return NormStep(value, centre, spread, eps, weight, bias, result, is_stored)


def _pool(call: ReplayedCall, index: Index) -> PoolStep:
    x = _map_of(call, index)
    window = (
        call.argument("kernel_size", 1),
        call.argument("stride", 2) or None,
        call.argument("padding", 3, 0),
    )
    _, _, row, column = index
    if call.name == "max_pool2d":
        if call.argument("dilation", 4, 1) not in (1, (1, 1)):
            raise UnsupportedOperationError("max pooling with dilation")
        return pool2d_step(x, "max", *window, call.argument("ceil_mode", 5, False), row=row, column=column)
    if call.argument("divisor_override", 6) is not None:
        raise UnsupportedOperationError("average pooling with a divisor of its own")
    modes = call.argument("ceil_mode", 4, False), call.argument("count_include_pad", 5, True)
    return pool2d_step(x, "average", *window, *modes, row=row, column=column)


def _adaptive(call: ReplayedCall, index: Index) -> PoolStep:
    """Output o reads the inputs ⌊o·n/m⌋ to ⌈(o + 1)·n/m⌉ − 1, for m outputs of n inputs."""
    sizes = zip(index[2:], _input(call).shape[2:], call.output.shape[2:], strict=True)
    taps = [range(o * n // m, -(-(o + 1) * n // m)) for o, n, m in sizes]
    return _pooled("max" if "max" in call.name else "average", _map_of(call, index), index[2:], taps)


def _mean(call: ReplayedCall, index: Index) -> PoolStep:
    x, dims = _input(call), call.argument("dim", 1)
    dims = (dims,) if isinstance(dims, int) else tuple(dims or ())
    if x.dim() != 4 or {d % 4 for d in dims} != {2, 3}:
        raise UnsupportedOperationError("a mean over other axes than height and width")
    return _pooled("average", _exact(x[0, index[1]]), (0, 0), [range(n) for n in x.shape[2:]])


def _pooled(kind: PoolKind, x: Tensor, place: Sequence[int], taps: Sequence[range]) -> PoolStep:
    rows, columns = taps
    inputs = x[rows.start : rows.stop, columns.start : columns.stop].clone()
    winner, count = None, 1
    if kind == "max":
        best = int(inputs.argmax())
        winner = rows[best // len(columns)], columns[best % len(columns)]
        value = float(inputs.max())
    else:
        count = inputs.numel()
        value = float(inputs.sum()) / count
    outside = torch.zeros(inputs.shape, dtype=torch.bool)
    row, column = place
    return PoolStep(
        kind, row, column, rows, columns, read_only(outside), read_only(inputs), winner, count, value
    )


def _map_of(call: ReplayedCall, index: Index) -> Tensor:
    x = _input(call)
    if x.dim() != 4:
        raise UnsupportedOperationError(f"{call.name} of {x.dim()} dimensions")
    return _exact(x[0, index[1]])


def _join(call: ReplayedCall, index: Index) -> JoinStep:
    if call.kwargs or len(call.args) != 2:
        raise UnsupportedOperationError(f"{call.name} with a factor")
    one, two = (
        float(part[broadcast(part.shape, index)]) if isinstance(part, Tensor) else float(part)
        for part in call.args
    )
    return JoinStep(call.name, (one, two), one + two if call.name == "add" else one * two)


def _unflattened(call: ReplayedCall, index: Index) -> Index:
    shape = _input(call).shape
    flat = 0
    for i, n in zip(index, call.output.shape, strict=True):
        flat = flat * n + i
    places = []
    for n in reversed(shape):
        flat, place = divmod(flat, n)
        places.append(place)
    return tuple(reversed(places))


def _flatten(call: ReplayedCall, index: Index) -> PointwiseStep:
    value = _at(_input(call), _unflattened(call, index))
    return PointwiseStep(call.name, value, value)


def _part(call: ReplayedCall, index: Index) -> tuple[int, Index]:
    """Which of the concatenated tensors holds the value, and at which index."""
    axis = call.argument("dim", 1, 0) % len(index)
    start = 0
    for number, part in enumerate(call.argument("tensors", 0)):
        if index[axis] < start + part.shape[axis]:
            return number, (*index[:axis], index[axis] - start, *index[axis + 1 :])
        start += part.shape[axis]
    raise UnsupportedOperationError("nothing to put side by side")


def _cat(call: ReplayedCall, index: Index) -> PointwiseStep:
    number, place = _part(call, index)
    value = float(call.argument("tensors", 0)[number][place])
    return PointwiseStep(call.name, value, value)


_EXPLAINERS: dict[str, Callable[[ReplayedCall, Index], Step]] = {
    "linear": _linear,
    "batch_norm": _batch_norm,
    "max_pool2d": _pool,
    "avg_pool2d": _pool,
    "adaptive_avg_pool2d": _adaptive,
    "adaptive_max_pool2d": _adaptive,
    "mean": _mean,
    "add": _join,
    "mul": _join,
    "flatten": _flatten,
    "cat": _cat,
}
