"""A network as a table: one row per operation, from shapes alone, nothing computed."""

from collections.abc import Sequence

from torch import nn

from cnnviz.analysis.graph import record
from cnnviz.analysis.layer_rows import Trace, times
from cnnviz.analysis.trace_errors import TraceError
from cnnviz.analysis.trace_table import TraceTable
from cnnviz.errors import CnnvizError
from cnnviz.ops.geometry import is_whole


def trace(model: nn.Module, input_shape: Sequence[int] = (1, 3, 224, 224)) -> Trace:
    """Every operation of a network, with shapes, parameters, cost and receptive field.

    The network runs as it is written, in eval mode, on PyTorch's meta device: its weights are not
    read and nothing is computed. Any module will do; one tensor goes in.

    Args:
        model: left as it is.
        input_shape: (N, C, H, W), or (N, C, L) for signals.

    Raises:
        CnnvizError: if the model cannot take that shape (the message names the layer and, where
            there is one, the smallest size that works), or if its control flow depends on values.
    """
    shape = tuple(input_shape)
    if not shape or not all(is_whole(n) and n > 0 for n in shape):
        raise CnnvizError(f"input_shape must be whole numbers of at least 1, not {input_shape!r}.")
    try:
        graph = record(model, shape)
    except TraceError as error:
        raise _with_smallest(error, model, shape) from error
    return TraceTable(model, shape, graph).trace()


def _with_smallest(error: TraceError, model: nn.Module, shape: tuple[int, ...]) -> CnnvizError:
    smallest = smallest_size(model, shape) if error.misfit and len(shape) > 2 else None
    if smallest is None:
        return error
    return CnnvizError(f"{error} The smallest size that works is {times((smallest,) * len(shape[2:]))}.")


def smallest_size(model: nn.Module, input_shape: Sequence[int]) -> int | None:
    """The smallest square input that the model takes, all else as in `input_shape`; None if none is found.

    Sizes from 1 to 64 are tried one by one, then multiples of 32 up to 1,024 from which a search goes
    down to the last one that fails: networks with a linear layer right behind their maps take few
    sizes, all others every size from the smallest on.
    """

    def fits(n: int) -> bool:
        try:
            record(model, (*input_shape[:2], *(n,) * (len(input_shape) - 2)))
        except CnnvizError:
            return False
        return True

    sizes = (*range(1, 65), *range(96, 1025, 32))
    found: int | None = next((n for n in sizes if fits(n)), None)
    if found is None or found <= 64:
        return found
    below, above = max(64, found - 32), found
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (below, middle) if fits(middle) else (middle, above)
    return above
