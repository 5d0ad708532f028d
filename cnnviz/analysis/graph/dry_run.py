"""Check whether a network accepts an input shape: one pass on the meta device, nothing recorded."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from cnnviz.analysis.graph.meta_copy import MetaCopy
from cnnviz.analysis.graph.shape_cache import ShapeCache
from cnnviz.analysis.graph.torch_calls import meets_meta, replaced, tensors_in


@dataclass(frozen=True, slots=True)
class DryRun:
    """Whether a pass on shapes succeeded, and how many modules it called."""

    fits: bool
    calls: int


def dry_run(copied: MetaCopy, input_shape: Sequence[int]) -> DryRun:
    """Run a meta copy on an empty input of that shape."""
    calls = itertools.count()
    copied.on_call = lambda *_: next(calls)
    try:
        with torch.no_grad(), _MixedDevices():
            copied.model(torch.empty(tuple(input_shape), device="meta", dtype=copied.dtype))
    except Exception:  # forward may raise anything for a shape it cannot take; `record` explains it
        return DryRun(False, next(calls))
    return DryRun(True, next(calls))


class _MixedDevices(TorchFunctionMode):
    """Moves constants to the meta device where an operation combines them with meta tensors."""

    def __init__(self) -> None:
        super().__init__()
        self._shapes = ShapeCache()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        given = list(tensors_in((args, kwargs)))
        if meets_meta(given):
            args, kwargs = replaced((args, kwargs), lambda t: torch.empty_like(t, device="meta"))
            given = list(tensors_in((args, kwargs)))
        return self._shapes.call(func, args, kwargs, given)
