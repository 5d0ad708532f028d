"""Whether a network takes a shape: one pass on the meta device that records nothing."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from cnnviz.analysis.graph.meta_copy import MetaCopy
from cnnviz.analysis.graph.shape_cache import ShapeCache
from cnnviz.analysis.graph.torch_calls import meets_meta, replaced, tensors_in


def dry_run(copied: MetaCopy, input_shape: Sequence[int]) -> tuple[bool, int]:
    """Whether a pass on shapes goes through, and how many modules it called; nothing is recorded."""
    calls = itertools.count()
    copied.on_call = lambda *_: next(calls)
    try:
        with torch.no_grad(), _DryRun():
            copied.model(torch.empty(tuple(input_shape), device="meta", dtype=copied.dtype))
    except Exception:  # whatever a module says of a shape that it does not take; `record` words it
        return False, next(calls)
    return True, next(calls)


class _DryRun(TorchFunctionMode):
    """Lets constants that have memory meet tensors without."""

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
