"""Trace a network: one row per operation, from shapes alone."""

import sys
from collections.abc import Callable, Iterable, Sequence

from torch import nn

from cnnviz.analysis.graph.dry_run import dry_run
from cnnviz.analysis.graph.errors import TraceError
from cnnviz.analysis.graph.meta_copy import MetaCopy
from cnnviz.analysis.graph.record import Graph, record
from cnnviz.analysis.trace.rows import Trace, times
from cnnviz.analysis.trace.table import TraceTable
from cnnviz.errors import CnnvizError
from cnnviz.ops.geometry import is_whole


def trace(model: nn.Module, input_shape: Sequence[int] = (1, 3, 224, 224)) -> Trace:
    """Trace every operation of a network: shapes, parameters, cost and receptive field.

    The network's own `forward` runs in eval mode on PyTorch's meta device: weights are not read and
    nothing is computed. Any module that takes one tensor can be traced.

    Args:
        model: left as it is.
        input_shape: (N, C, H, W), or (N, C, L) for signals.

    Raises:
        CnnvizError: if the model cannot take that shape (the message names the layer and, where
            there is one, the smallest size that works), or if its control flow depends on values.
    """
    return trace_and_graph(model, input_shape)[0]


def trace_and_graph(model: nn.Module, input_shape: Sequence[int]) -> tuple[Trace, Graph]:
    """The trace and its graph; `Trace.op_of` gives the operation behind a row.

    Raises:
        CnnvizError: as `trace`.
    """
    if not isinstance(model, nn.Module):
        raise CnnvizError(f"model must be a torch.nn.Module, not {model!r}.")
    shape = whole_shape(input_shape)
    try:
        graph = record(model, shape)
        return TraceTable(model, shape, graph).trace(), graph
    except TraceError as error:
        raise _with_smallest(error, model, shape) from error
    except RecursionError as error:
        raise CnnvizError(
            "The model cannot be traced: its modules or calls are nested too deeply for Python, "
            f"whose limit is {sys.getrecursionlimit():,} calls."
        ) from error


def whole_shape(input_shape: Sequence[int]) -> tuple[int, ...]:
    """The shape as a tuple of ints.

    Raises:
        CnnvizError: if it holds anything but whole numbers of at least 1.
    """
    shape = tuple(input_shape) if isinstance(input_shape, Iterable) else ()
    if not shape or not all(is_whole(n) and n > 0 for n in shape):
        raise CnnvizError(f"input_shape must be whole numbers of at least 1, not {input_shape!r}.")
    return tuple(map(int, shape))


def _with_smallest(error: TraceError, model: nn.Module, shape: tuple[int, ...]) -> CnnvizError:
    smallest = smallest_size(model, shape) if error.misfit and len(shape) > 2 else None
    if smallest is None:
        return error
    return CnnvizError(f"{error} The smallest size that works is {times((smallest,) * len(shape[2:]))}.")


_CALLS = 30_000


def smallest_size(model: nn.Module, input_shape: Sequence[int]) -> int | None:
    """The smallest square input that the model accepts, batch and channels as in `input_shape`.

    None if none is found. Most networks accept every size from the smallest on: powers of two up to
    4,096 are tried, then a binary search finds the smallest. Networks with a fixed number of features
    behind their maps accept few sizes: for them 1 to 256 are tried one by one, then multiples of 32 up
    to 1,024, within 30,000 module calls.
    """
    found = _searched(model, input_shape)
    # State that forward keeps between calls must not count: check both sizes on fresh copies.
    return found if found and _fresh(model, input_shape, found) else None


def _fresh(model: nn.Module, shape: Sequence[int], found: int) -> bool:
    """Whether a size fits and the next smaller one does not, each on a copy of its own."""
    fits, below = (dry_run(MetaCopy(model), _squared(shape, n)).fits for n in (found, found - 1))
    return fits and (found == 1 or not below)


def _squared(shape: Sequence[int], n: int) -> tuple[int, ...]:
    return *shape[:2], *(n,) * (len(shape) - 2)


def _searched(model: nn.Module, shape: Sequence[int]) -> int | None:
    copied, calls = MetaCopy(model), 0

    def fits(n: int) -> bool:
        nonlocal calls
        tried = dry_run(copied, _squared(shape, n))
        calls += tried.calls
        return tried.fits

    doubled = next((n for n in (2**power for power in range(13)) if fits(n)), None)
    if doubled is not None:
        return _lowest(fits, doubled // 2, doubled)
    calls = 0
    sizes = (*range(1, 257), *range(288, 1025, 32))
    found = next((n for n in sizes if calls < _CALLS and fits(n)), None)
    return found if found is None or found <= 256 else _lowest(fits, found - 32, found)


def _lowest(fits: Callable[[int], bool], below: int, above: int) -> int:
    """Binary search for the smallest size that fits, where `below` does not and `above` does."""
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (below, middle) if fits(middle) else (middle, above)
    return above
