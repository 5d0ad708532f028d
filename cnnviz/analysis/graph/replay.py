"""Operations of a recorded pass as they run on values: found again by their number among all calls."""

import contextlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cnnviz.analysis.graph.meta_copy import MetaCopy
from cnnviz.analysis.graph.record import Op
from cnnviz.analysis.graph.torch_calls import function_name, outputs_of, replaced
from cnnviz.errors import CnnvizError


@dataclass(frozen=True, slots=True, eq=False)
class ReplayedCall:
    """One operation as it ran on values."""

    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    output: Tensor

    def argument(self, name: str, position: int, default: Any = None) -> Any:
        """An argument by name or position, as the function was called."""
        if name in self.kwargs:
            return self.kwargs[name]
        return self.args[position] if position < len(self.args) else default


def output_of(model: nn.Module, x: Tensor, op: Op) -> Tensor:
    """What an operation of `record(model, x.shape)` gives for x, computed for real.

    The model runs in eval mode and as far as that operation; gradients are as the caller has set them.

    Raises:
        CnnvizError: if the model does something else on values than on shapes alone.
    """
    return _found(model, x, [op], copies=False)[op.index].output


def calls_of(model: nn.Module, x: Tensor, ops: Collection[Op]) -> dict[int, ReplayedCall]:
    """Some operations of `record(model, x.shape)`, by their index, as they run on x.

    The model runs once, in eval mode, as far as the last of them. What depends on the input is copied,
    so that later in-place operations do not change it; parameters are the model's own.

    Raises:
        CnnvizError: if the model does something else on values than on shapes alone.
    """
    return _found(model, x, ops, copies=True)


def _found(model: nn.Module, x: Tensor, ops: Collection[Op], *, copies: bool) -> dict[int, ReplayedCall]:
    copied = MetaCopy(model, meta=False)
    finder = _Finder(copied, ops, copies=copies)
    with contextlib.suppress(_AllFoundError), finder:
        copied.model(x)
    missing = next((op for op in ops if op.index not in finder.found), None)
    if missing is not None:
        raise _another_way(missing)
    return finder.found


class _AllFoundError(Exception):
    """The wanted operations have run; the rest of the network need not."""


def _another_way(op: Op) -> CnnvizError:
    where = f"{op.name!r} in {op.path!r}" if op.path else f"{op.name!r}"
    return CnnvizError(
        f"The model takes another way on values than on shapes alone: {where} is not where it was traced."
    )


class _Finder(TorchFunctionMode):
    """Counts calls as `record` does and stops after the last wanted one."""

    def __init__(self, copied: MetaCopy, ops: Collection[Op], *, copies: bool) -> None:
        super().__init__()
        self.found: dict[int, ReplayedCall] = {}
        self._wanted = {op.call: op for op in ops}
        self._copies = copies
        self._number = 0
        self._paths: list[str] = []
        copied.on_call = lambda _, path: self._paths.append(path)
        copied.on_return = lambda *_: self._paths.pop()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name, wanted = function_name(func), self._wanted.get(self._number)
        given: tuple[tuple[Any, ...], Mapping[str, Any]] = (args, kwargs)
        if self._copies and wanted is not None and wanted.name == name:
            given = replaced(given, _copy)
        result = func(*args, **kwargs)
        outputs = outputs_of(func, args, result)
        self._number += bool(outputs)
        if outputs and wanted is not None:
            self._keep(wanted, name, given, outputs[0])
        return result

    def _keep(
        self, op: Op, name: str, given: tuple[tuple[Any, ...], Mapping[str, Any]], output: Tensor
    ) -> None:
        path = self._paths[-1] if self._paths else ""
        if (name, path, tuple(output.shape)) != (op.name, op.path, op.outputs[0].shape):
            raise _another_way(op)
        self.found[op.index] = ReplayedCall(name, *given, output.detach().clone() if self._copies else output)
        if len(self.found) == len(self._wanted):
            raise _AllFoundError


def _copy(tensor: Tensor) -> Tensor:
    return tensor.detach() if isinstance(tensor, nn.Parameter) else tensor.detach().clone()
