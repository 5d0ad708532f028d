"""Activation functions of one number from their definitions, with the settings of PyTorch's call."""

import math
from collections.abc import Callable
from typing import Any

from cnnviz.analysis.graph.replay import ReplayedCall


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _gelu(call: ReplayedCall, x: float) -> float:
    if call.argument("approximate", 1, "none") == "tanh":
        return x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return x / 2 * (1 + math.erf(x / math.sqrt(2)))


def _elu(call: ReplayedCall, x: float) -> float:
    return x if x > 0 else float(call.argument("alpha", 1, 1.0)) * math.expm1(x)


def _leaky_relu(call: ReplayedCall, x: float) -> float:
    return x if x > 0 else x * float(call.argument("negative_slope", 1, 0.01))


def _clamped(x: float, low: Any, high: Any) -> float:
    return min(max(x, float(low)), float(high))


FUNCTIONS: dict[str, Callable[[ReplayedCall, float], float]] = {
    "relu": lambda _, x: max(x, 0.0),
    "relu6": lambda _, x: _clamped(x, 0, 6),
    "hardtanh": lambda call, x: _clamped(x, call.argument("min_val", 1, -1), call.argument("max_val", 2, 1)),
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "gelu": _gelu,
    "sigmoid": lambda _, x: _sigmoid(x),
    "tanh": lambda _, x: math.tanh(x),
    "silu": lambda _, x: x * _sigmoid(x),
    "hardsigmoid": lambda _, x: _clamped(x + 3, 0, 6) / 6,
    "hardswish": lambda _, x: x * _clamped(x + 3, 0, 6) / 6,
    "dropout": lambda _, x: x,
}
