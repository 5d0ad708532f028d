"""Every operation of one forward pass, recorded on PyTorch's meta device: shapes, no values.

The model runs as it is written, in eval mode, as a second tree of modules whose tensors have no
memory; a `TorchFunctionMode` sees each call. Python's own branches and loops over shapes therefore
just happen, and what would need a value is the only thing that cannot be traced.
"""

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cnnviz.analysis.model_outline import ModelOutline
from cnnviz.analysis.trace_errors import Failure, explain, wrong_channels
from cnnviz.errors import CnnvizError

INPUT, CONSTANT, UNKNOWN = -1, -2, -3

# What counts as multiply-accumulates; recorded even if it works on weights alone.
_PRODUCTS = "linear bilinear matmul bmm mm mv dot addmm baddbmm addbmm addmv einsum"
_ATTENTIONS = "scaled_dot_product_attention multi_head_attention_forward"
_CONVOLUTIONS = (f"{name}{axes}d" for name in ("conv", "conv_transpose") for axes in (1, 2, 3))
MULTIPLYING = frozenset([*_PRODUCTS.split(), *_ATTENTIONS.split(), *_CONVOLUTIONS])

# Calls that tell about a tensor and make no new one out of its values.
_MAKES_CONSTANTS = ("zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like", "new_")
_SAME = ("as_tensor", "requires_grad")
_WRITES = ("__setitem__", "__iadd__", "__isub__", "__imul__", "__itruediv__")


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor at one moment of the pass.

    Attributes:
        index: its number; two moments of one tensor have two. Constants all have −2.
        shape: with the batch axis.
        source: number of the operation that made it, INPUT, CONSTANT or UNKNOWN.
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
    """One call of a PyTorch function on something that depends on the input, or a product of weights.

    Attributes:
        name: of the function, without underscores: "conv2d", "add".
        path: of the module in whose `forward` it stands.
        args, kwargs: as called, with a `Value` for each tensor.
        inputs: what varies among the arguments.
        outputs: the tensors it made or changed.
        parameters: names of the parameters that no earlier operation has read.
        allocates: whether an output has memory of its own; views and in-place calls have none.
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


@dataclass(frozen=True, slots=True)
class Call:
    """One run of a module: its operations are `start` to `end` (excluded)."""

    path: str
    module: nn.Module
    start: int
    end: int
    outputs: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """What one pass has shown."""

    input: Value
    ops: tuple[Op, ...]
    calls: tuple[Call, ...]
    itemsize: int


def record(model: nn.Module, input_shape: Sequence[int]) -> Graph:
    """Run the outline of `model` on an empty input; the model itself is only read for shapes.

    Raises:
        CnnvizError: if an operation cannot take its input or needs values; it names the operation
            and the layer.
    """
    outline = ModelOutline(model)
    recorder = _Recorder(outline)
    x = torch.empty(tuple(input_shape), device="meta", dtype=outline.dtype)
    value = recorder.begin(x)
    try:
        with torch.no_grad(), recorder:
            outline.model(x)
    except CnnvizError:
        raise
    except Exception as error:
        failure = recorder.failure
        if failure is None or failure.error is not error:
            failure = Failure("", recorder.path, recorder.module, (), {}, error)
        raise explain(failure, tuple(input_shape)) from error
    return Graph(value, tuple(recorder.ops), tuple(recorder.calls), x.element_size())


class _FoundError(Exception):
    """The wanted operation has run; the rest of the network need not."""

    def __init__(self, output: Tensor) -> None:
        super().__init__()
        self.output = output


def output_of(model: nn.Module, x: Tensor, op: int) -> Tensor:
    """What operation number `op` of `record(model, x.shape)` gives for x, computed for real.

    The model runs in eval mode and as far as that operation; gradients are as the caller has set them.
    """
    recorder = _Recorder(ModelOutline(model, meta=False), op)
    recorder.begin(x)
    try:
        with recorder:
            recorder.model(x)
    except _FoundError as found:
        return found.output
    raise CnnvizError("The model does not run on values as it does on shapes alone.")


@dataclass(frozen=True, slots=True, eq=False)
class RealCall:
    """One operation as it ran on values: copies of what depends on the input, the weights themselves."""

    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    output: Tensor

    def argument(self, name: str, position: int, default: Any = None) -> Any:
        """An argument by name or position, as the function was called."""
        if name in self.kwargs:
            return self.kwargs[name]
        return self.args[position] if position < len(self.args) else default


def calls_of(model: nn.Module, x: Tensor, ops: Collection[int]) -> dict[int, RealCall]:
    """Some operations of `record(model, x.shape)`, by number, as they run on x.

    The model runs once, in eval mode, as far as the last of them. Later in-place operations do not
    change what is returned.
    """
    recorder = _Recorder(ModelOutline(model, meta=False), max(ops), ops)
    recorder.begin(x)
    with contextlib.suppress(_FoundError), recorder:
        recorder.model(x)
    if set(ops) - set(recorder.calls_kept):
        raise CnnvizError("The model does not run on values as it does on shapes alone.")
    return recorder.calls_kept


@dataclass(slots=True)
class _Seen:
    """A tensor of the pass, kept alive so that its identity stays its own."""

    tensor: Tensor
    value: Value
    parameters: frozenset[str] = field(default_factory=frozenset)


class _Recorder(TorchFunctionMode):
    """Sees each call of a PyTorch function and notes those that depend on the input."""

    def __init__(self, outline: ModelOutline, wanted: int | None = None, kept: Collection[int] = ()) -> None:
        super().__init__()
        self.ops: list[Op] = []
        self.calls_kept: dict[int, RealCall] = {}
        self._kept = frozenset(kept)
        self.calls: list[Call] = []
        self.failure: Failure | None = None
        self._stack: list[tuple[str, nn.Module, int]] = []
        self._seen: dict[int, _Seen] = {}
        self._counted: set[str] = set()
        self._values = 0
        for constant in outline.constants:
            self._constant(constant, frozenset())
        self._names = outline.names
        self._meta = outline.meta
        self._wanted = wanted
        outline.on_call, outline.on_return = self._enter, self._leave
        self.model = outline.model

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
        found = (self._seen.get(id(t)) for t in _tensors(output))
        values = tuple(seen.value for seen in found if seen is not None)
        self.calls.append(Call(path, module, start, len(self.ops), values))

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        given = list(_tensors((args, kwargs)))
        if (
            self._meta
            and any(t.device.type != "meta" for t in given)
            and any(t.device.type == "meta" or isinstance(t, nn.Parameter) for t in given)
        ):
            args, kwargs = _replace((args, kwargs), self._without_memory)
            given = list(_tensors((args, kwargs)))
        name = _name(func)
        before = tuple(self._lookup(t) for t in given)
        index = len(self.ops)
        copies = (_replace(args, self._copy), _replace(kwargs, self._copy)) if index in self._kept else None
        try:
            result = func(*args, **kwargs)
            self._require_channels(name, args, kwargs)
        except Exception as error:
            self.failure = Failure(name, self.path, self.module, *self._described(args, kwargs), error)
            raise
        if copies is not None and given:
            first = next(_tensors(result), given[0])
            self.calls_kept[index] = RealCall(name, copies[0], copies[1], first.detach().clone())
        if given:
            self._look(func, name, args, kwargs, given, before, result)
        else:
            for made in _tensors(result):
                self._constant(made, frozenset())
        return result

    def _copy(self, tensor: Tensor) -> Tensor:
        return tensor.detach().clone() if self._lookup(tensor).value.varies else tensor.detach()

    def _require_channels(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """What PyTorch leaves unchecked on the meta device."""
        if name.startswith("conv_transpose"):
            described = self._described(args, kwargs)
            wrong = wrong_channels(Failure(name, self.path, self.module, *described, RuntimeError()))
            if wrong:
                raise RuntimeError(wrong)

    def _look(
        self,
        func: Any,
        name: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        given: list[Tensor],
        before: tuple[_Seen, ...],
        result: Any,
    ) -> None:
        writes = func.__name__ in _WRITES or (name != func.__name__ and func.__name__ == f"{name}_")
        outputs = list(_tensors(result)) or ([given[0]] if func.__name__ == "__setitem__" else [])
        if not outputs or name in _SAME:
            return
        read = frozenset().union(*(seen.parameters for seen in before))
        inputs = tuple(seen.value for seen in before if seen.value.varies)
        described = self._described(args, kwargs)
        index = len(self.ops)
        if not inputs or name.startswith(_MAKES_CONSTANTS):
            values = tuple(self._constant(made, read) for made in outputs)
            if read and name in MULTIPLYING:
                self.ops.append(Op(index, name, self.path, *described, (), values, self._fresh(read), True))
            return
        base = given[0]._base if writes else None
        if base is not None and id(base) in self._seen:
            outputs.append(base)  # changed through a view of it
        memory = {t.untyped_storage()._cdata for t in given}
        allocates = not writes and any(t.untyped_storage()._cdata not in memory for t in outputs)
        made_values = tuple(self._note(t, index) for t in outputs)
        self.ops.append(
            Op(index, name, self.path, *described, inputs, made_values, self._fresh(read), allocates)
        )
        if index == self._wanted:
            raise _FoundError(outputs[0])

    def _fresh(self, read: frozenset[str]) -> tuple[str, ...]:
        fresh = tuple(sorted(read - self._counted))
        self._counted |= read
        return fresh

    def _described(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
        return _replace((args, kwargs), lambda t: self._lookup(t).value)  # type: ignore[no-any-return]

    def _lookup(self, tensor: Tensor) -> _Seen:
        seen = self._seen.get(id(tensor))
        if seen is None:
            if isinstance(tensor, nn.Parameter) or (self._meta and tensor.device.type != "meta"):
                name = self._names.get(id(tensor), "")
                self._constant(tensor, frozenset([name] if name else []))
            else:
                self._note(tensor, UNKNOWN)
            seen = self._seen[id(tensor)]
        return seen

    def _note(self, tensor: Tensor, source: int) -> Value:
        value = Value(self._values, tuple(tensor.shape), source)
        self._values += 1
        self._seen[id(tensor)] = _Seen(tensor, value)
        return value

    def _constant(self, tensor: Tensor, parameters: frozenset[str]) -> Value:
        value = Value(CONSTANT, tuple(tensor.shape), CONSTANT)
        self._seen[id(tensor)] = _Seen(tensor, value, parameters)
        return value

    def _without_memory(self, tensor: Tensor) -> Tensor:
        if tensor.device.type == "meta":
            return tensor
        twin = torch.empty_like(tensor, device="meta")
        self._constant(twin, self._lookup(tensor).parameters)
        return twin


def _name(func: Any) -> str:
    """The function's name as people say it: `__iadd__` and `add_` are "add"."""
    name: str = getattr(func, "__name__", type(func).__name__)
    if name == "__get__":
        return str(getattr(func.__self__, "__name__", name))
    if name.startswith("__") and name.endswith("__"):
        name = name.strip("_")
        return _SPOKEN.get(name, name)
    return name.strip("_")


_SPOKEN = {
    "iadd": "add", "radd": "add", "isub": "sub", "rsub": "sub", "imul": "mul", "rmul": "mul",
    "truediv": "div", "itruediv": "div", "rtruediv": "div", "rdiv": "div", "rpow": "pow", "ipow": "pow",
    "and": "bitwise_and", "or": "bitwise_or", "invert": "bitwise_not", "rmatmul": "matmul",
}  # fmt: skip


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _tensors(item)


def _replace(value: Any, change: Callable[[Tensor], Any]) -> Any:
    """`value` with every tensor in it changed; lists become tuples, so that nothing moves later."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, torch.Size):
        return tuple(value)
    if isinstance(value, tuple | list):
        changed = [_replace(item, change) for item in value]
        return changed if isinstance(value, list) else tuple(changed)
    if isinstance(value, Mapping):
        return {key: _replace(item, change) for key, item in value.items()}
    return value
