"""Replay a recorded pass on values and pick out operations, by their position among all calls."""

import contextlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cnnviz.analysis.graph.meta_copy import MetaCopy
from cnnviz.analysis.graph.record import Op
from cnnviz.analysis.graph.torch_calls import argument, function_name, outputs_of, replaced
from cnnviz.errors import CnnvizError


@dataclass(frozen=True, slots=True, eq=False)
class ReplayedCall:
    """One operation of a replayed pass, with the values of its arguments and output."""

    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    output: Tensor

    def argument(self, name: str, position: int, default: Any = None) -> Any:
        """An argument by keyword or position."""
        return argument(self.args, self.kwargs, name, position, default)


def output_of(model: nn.Module, x: Tensor, op: Op) -> Tensor:
    """The output of an operation of `record(model, x.shape)` on the values of x.

    The model runs in eval mode up to that operation, in the caller's gradient mode.

    Raises:
        CnnvizError: if the pass on values differs from the recorded one.
    """
    return _found(model, x, [op], copies=False)[op.index].output


def calls_of(model: nn.Module, x: Tensor, ops: Collection[Op]) -> dict[int, ReplayedCall]:
    """Operations of `record(model, x.shape)` on the values of x: `Op.index` → call.

    The model runs once, in eval mode, up to the last of them. Arguments and outputs are copied, so
    that later in-place operations do not change them; parameters are the model's own.

    Raises:
        CnnvizError: if the pass on values differs from the recorded one.
    """
    return _found(model, x, ops, copies=True)


def _found(model: nn.Module, x: Tensor, ops: Collection[Op], *, copies: bool) -> dict[int, ReplayedCall]:
    copied = MetaCopy(model, keep_values=True)
    replay = _Replay(copied, ops, copies=copies)
    with contextlib.suppress(_AllReplayedError), replay:
        copied.model(x)
    missing = next((op for op in ops if op.index not in replay.found), None)
    if missing is not None:
        raise _diverging(missing)
    return replay.found


class _AllReplayedError(Exception):
    """Stops the pass once all wanted operations have run."""


def _diverging(op: Op) -> CnnvizError:
    where = f"{op.name!r} in {op.path!r}" if op.path else f"{op.name!r}"
    return CnnvizError(
        f"The model takes another way on values than on shapes alone: {where} is not where it was traced."
    )


class _Replay(TorchFunctionMode):
    """Counts calls as `record` does, keeps the wanted ones and stops after the last."""

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
            raise _diverging(op)
        self.found[op.index] = ReplayedCall(name, *given, output.detach().clone() if self._copies else output)
        if len(self.found) == len(self._wanted):
            raise _AllReplayedError


def _copy(tensor: Tensor) -> Tensor:
    return tensor.detach() if isinstance(tensor, nn.Parameter) else tensor.detach().clone()
