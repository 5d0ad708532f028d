"""A cache of output shapes by function and argument shapes, for passes on the meta device.

There PyTorch decomposes many functions in Python, at up to a few milliseconds a call, and a network
repeats calls with the same few shapes.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from cnnviz.analysis.graph.torch_calls import function_name

# Functions that are slow on the meta device and depend on nothing but their arguments.
_ARITHMETIC = "add sub mul div pow clamp sqrt rsqrt exp cat roll"
_ACTIVATIONS = (
    "relu relu6 hardtanh hardswish hardsigmoid gelu silu sigmoid tanh leaky_relu elu mish softplus softmax"
)
_LAYERS = (
    "conv1d conv2d conv3d linear batch_norm layer_norm group_norm normalize local_response_norm "
    "scaled_dot_product_attention avg_pool2d adaptive_avg_pool2d max_pool2d interpolate"
)
_SLOW = frozenset(f"{_ARITHMETIC} {_ACTIVATIONS} {_LAYERS}".split())

_Like = tuple[torch.Size, tuple[int, ...], torch.dtype]


class ShapeCache:
    """Predictions calls of PyTorch functions within one pass on the meta device."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int | _Like] = {}

    def call(
        self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], given: Sequence[Tensor]
    ) -> Any:
        """The result of `func(*args, **kwargs)`; `given` are the tensors among its arguments."""
        if function_name(func) not in _SLOW or "out" in kwargs or not all(map(_is_plain, given)):
            return func(*args, **kwargs)
        key = func, _described(args), _described(kwargs)
        try:
            known = self._known.get(key)
        except TypeError:  # an argument that cannot be a key
            return func(*args, **kwargs)
        if known is None:
            result = func(*args, **kwargs)
            self._keep(key, result, given)
            return result
        if isinstance(known, int):
            return given[known]
        shape, stride, dtype = known
        return torch.empty_strided(shape, stride, dtype=dtype, device="meta")

    def _keep(self, key: Hashable, result: Any, given: Sequence[Tensor]) -> None:
        """Cache a result that is one of the arguments, or a tensor with its own storage."""
        if not isinstance(result, Tensor) or not _is_plain(result):
            return
        written = next((index for index, tensor in enumerate(given) if tensor is result), None)
        if written is not None:
            self._known[key] = written
        elif result.untyped_storage()._cdata not in {t.untyped_storage()._cdata for t in given}:
            self._known[key] = result.shape, result.stride(), result.dtype


def _is_plain(tensor: Tensor) -> bool:
    """Whether shape, strides and dtype describe a meta tensor completely."""
    return (
        tensor.is_meta
        and type(tensor) in (Tensor, nn.Parameter)
        and tensor.layout == torch.strided
        and not tensor.requires_grad
        and not tensor.is_complex()
    )


def _described(value: Any) -> Hashable:
    """An argument as a cache key, tensors by shape, strides and dtype; 1, 1.0 and True differ."""
    if isinstance(value, Tensor):
        return value.shape, value.stride(), value.dtype
    if isinstance(value, tuple | list):
        return type(value), *map(_described, value)
    if isinstance(value, Mapping):
        return tuple((key, _described(item)) for key, item in value.items())
    return type(value), value
