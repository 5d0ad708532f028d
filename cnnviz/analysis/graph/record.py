"""Record every operation of one forward pass on PyTorch's meta device: shapes, no values.

A meta copy of the model runs in eval mode while a `TorchFunctionMode` intercepts each PyTorch call.
Python control flow that depends on shapes runs as usual; only code that needs values cannot be traced.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cnnviz.analysis.graph.errors import Failure, explain, wrong_channels
from cnnviz.analysis.graph.meta_copy import MetaCopy
from cnnviz.analysis.graph.shape_cache import ShapeCache
from cnnviz.analysis.graph.torch_calls import (
    argument,
    function_name,
    meets_meta,
    named_tensors,
    outputs_of,
    replaced,
    tensors_in,
)
from cnnviz.errors import CnnvizError

INPUT, CONSTANT, UNKNOWN = -1, -2, -3
_MOST = 2**58  # elements of an input; PyTorch counts bytes in 64 bits

# What counts as multiply-accumulates; recorded even if it works on weights alone.
_PRODUCTS = "linear bilinear matmul bmm mm mv dot addmm baddbmm addbmm addmv einsum"
_ATTENTIONS = "scaled_dot_product_attention multi_head_attention_forward"
_CONVOLUTIONS = (f"{name}{axes}d" for name in ("conv", "conv_transpose") for axes in (1, 2, 3))
MULTIPLYING = frozenset([*_PRODUCTS.split(), *_ATTENTIONS.split(), *_CONVOLUTIONS])

# Functions whose result depends on shapes only, not on the values of their arguments.
_MAKES_CONSTANTS = ("zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like", "new_")
_BLANK = ("zeros", "ones", "empty", "full")
_SAME = ("as_tensor", "requires_grad")
_WRITES = ("__setitem__", "__iadd__", "__isub__", "__imul__", "__itruediv__")


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor at one point of the pass.

    Attributes:
        index: unique; a tensor written in place gets a new one. −2 for all constants.
        shape: with the batch axis.
        source: `Op.index` of the operation that made it, or INPUT, CONSTANT, UNKNOWN.
    """

    index: int
    shape: tuple[int, ...]
    source: int

    @property
    def varies(self) -> bool:
        """Whether it depends on the model's input."""
        return self.source != CONSTANT


@dataclass(frozen=True, slots=True)
class Op:
    """One call of a PyTorch function that depends on the input, or a matrix product of weights alone.

    Attributes:
        name: of the function, without underscores: "conv2d", "add".
        path: of the module whose `forward` calls it.
        args, kwargs: as called, with a `Value` for each tensor.
        inputs: the argument tensors that depend on the input.
        outputs: the tensors it made or changed.
        parameters: names of the parameters that no earlier operation has read.
        allocates: whether an output has its own storage; False for views and in-place calls.
        call: its position among all calls of the pass that return or write a tensor, constants included.
    """

    index: int
    name: str
    path: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    parameters: tuple[str, ...]
    allocates: bool
    call: int

    def argument(self, name: str, position: int, default: Any = None) -> Any:
        """An argument by keyword or position."""
        return argument(self.args, self.kwargs, name, position, default)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a module: its operations are `ops[start:end]`.

    Attributes:
        outputs: the tensors it returns that the recorder has seen.
        shapes: of all tensors it returns, by their names (see `named_tensors`).
    """

    path: str
    module: nn.Module
    start: int
    end: int
    outputs: tuple[Value, ...]
    shapes: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Graph:
    """The record of one pass; `itemsize` is the bytes of one element of the input's dtype."""

    input: Value
    ops: tuple[Op, ...]
    calls: tuple[Call, ...]
    itemsize: int


def record(model: nn.Module, input_shape: Sequence[int]) -> Graph:
    """Run a meta copy of `model` on an empty input; the model itself is only read.

    Raises:
        CnnvizError: if an operation cannot take its input or needs values; it names the operation
            and the layer.
    """
    copied = MetaCopy(model)
    recorder = _Recorder(copied)
    if math.prod(input_shape) > _MOST:
        raise CnnvizError(f"An input of {'×'.join(map(str, input_shape))} is too large to be counted.")
    x = torch.empty(tuple(input_shape), device="meta", dtype=copied.dtype)
    value = recorder.begin(x)
    try:
        with torch.no_grad(), recorder:
            copied.model(x)
    except (CnnvizError, RecursionError):
        raise
    except Exception as error:
        failure = recorder.failure
        if failure is None or failure.error is not error:
            failure = Failure("", recorder.path, recorder.module, (), {}, error)
        raise explain(failure, tuple(input_shape)) from error
    return Graph(value, tuple(recorder.ops), tuple(recorder.calls), x.element_size())


@dataclass(slots=True)
class _Tracked:
    """A tensor of the pass; the reference keeps its `id` from being reused."""

    tensor: Tensor
    value: Value
    parameters: frozenset[str] = field(default_factory=frozenset)


class _Recorder(TorchFunctionMode):
    """Intercepts every PyTorch call and records those that depend on the input."""

    def __init__(self, copied: MetaCopy) -> None:
        super().__init__()
        self.ops: list[Op] = []
        self.calls: list[Call] = []
        self.failure: Failure | None = None
        self._stack: list[tuple[str, nn.Module, int]] = []
        self._tracked: dict[int, _Tracked] = {}
        self._counted: set[str] = set()
        self._values = 0
        self._number = -1
        self._shapes = ShapeCache()
        for constant in copied.constants:
            self._constant(constant, frozenset())
        self._names = copied.names
        copied.on_call, copied.on_return = self._enter, self._leave

    @property
    def path(self) -> str:
        return self._stack[-1][0] if self._stack else ""

    @property
    def module(self) -> nn.Module | None:
        return self._stack[-1][1] if self._stack else None

    def begin(self, x: Tensor) -> Value:
        return self._note(x, INPUT)

    def _enter(self, module: nn.Module, path: str) -> None:
        self._stack.append((path, module, len(self.ops)))

    def _leave(self, module: nn.Module, path: str, output: Any) -> None:
        _, _, start = self._stack.pop()
        given = dict(named_tensors(output))
        found = (self._tracked.get(id(t)) for t in given.values())
        values = tuple(seen.value for seen in found if seen is not None)
        shapes = {name: tuple(t.shape) for name, t in given.items()}
        self.calls.append(Call(path, module, start, len(self.ops), values, shapes))

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        given = list(tensors_in((args, kwargs)))
        if meets_meta(given):
            args, kwargs = replaced((args, kwargs), self._on_meta)
            given = list(tensors_in((args, kwargs)))
        name = function_name(func)
        before = tuple(self._lookup(t) for t in given)
        try:
            result = self._shapes.call(func, args, kwargs, given)
            self._require_channels(name, args, kwargs)
        except Exception as error:
            self.failure = Failure(name, self.path, self.module, *self._described(args, kwargs), error)
            raise
        if name in _BLANK and not given:
            result = torch.empty_like(result, device="meta")  # it may be written to later
        self._number += bool(outputs_of(func, args, result))
        if given:
            self._record_call(func, name, args, kwargs, given, before, result)
        else:
            for made in tensors_in(result):
                self._constant(made, frozenset())
        return result

    def _require_channels(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Check the channels of transposed convolutions, which PyTorch does not on the meta device."""
        if name.startswith("conv_transpose"):
            described = self._described(args, kwargs)
            wrong = wrong_channels(Failure(name, self.path, self.module, *described, RuntimeError()))
            if wrong:
                raise RuntimeError(wrong)

    def _record_call(
        self,
        func: Any,
        name: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        given: list[Tensor],
        before: tuple[_Tracked, ...],
        result: Any,
    ) -> None:
        writes = func.__name__ in _WRITES or (name != func.__name__ and func.__name__ == f"{name}_")
        outputs = outputs_of(func, args, result)
        if not outputs or name in _SAME:
            return
        read = frozenset().union(*(seen.parameters for seen in before))
        inputs = tuple(seen.value for seen in before if seen.value.varies)
        described = self._described(args, kwargs)
        index = len(self.ops)
        if not inputs or name.startswith(_MAKES_CONSTANTS):
            values = tuple(self._constant(made, read) for made in outputs)
            if read and name in MULTIPLYING:
                fresh = self._fresh(read)
                self.ops.append(Op(index, name, self.path, *described, (), values, fresh, True, self._number))
            return
        base = given[0]._base if writes else None
        if base is not None and id(base) in self._tracked:
            outputs.append(base)  # changed through a view of it
        memory = {t.untyped_storage()._cdata for t in given}
        allocates = not writes and any(t.untyped_storage()._cdata not in memory for t in outputs)
        made_values, fresh = tuple(self._note(t, index) for t in outputs), self._fresh(read)
        self.ops.append(
            Op(index, name, self.path, *described, inputs, made_values, fresh, allocates, self._number)
        )

    def _fresh(self, read: frozenset[str]) -> tuple[str, ...]:
        fresh = tuple(sorted(read - self._counted))
        self._counted |= read
        return fresh

    def _described(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
        return replaced((args, kwargs), lambda t: self._lookup(t).value)  # type: ignore[no-any-return]

    def _lookup(self, tensor: Tensor) -> _Tracked:
        seen = self._tracked.get(id(tensor))
        if seen is None:
            if isinstance(tensor, nn.Parameter) or tensor.device.type != "meta":
                name = self._names.get(id(tensor), "")
                self._constant(tensor, frozenset([name] if name else []))
            else:
                self._note(tensor, UNKNOWN)
            seen = self._tracked[id(tensor)]
        return seen

    def _note(self, tensor: Tensor, source: int) -> Value:
        value = Value(self._values, tuple(tensor.shape), source)
        self._values += 1
        self._tracked[id(tensor)] = _Tracked(tensor, value)
        return value

    def _constant(self, tensor: Tensor, parameters: frozenset[str]) -> Value:
        value = Value(CONSTANT, tuple(tensor.shape), CONSTANT)
        self._tracked[id(tensor)] = _Tracked(tensor, value, parameters)
        return value

    def _on_meta(self, tensor: Tensor) -> Tensor:
        if tensor.device.type == "meta":
            return tensor
        on_meta = torch.empty_like(tensor, device="meta")
        self._constant(on_meta, self._lookup(tensor).parameters)
        return on_meta
