"""The effective receptive field: how strongly each input pixel influences a unit of a map.

Luo, Li, Urtasun and Zemel, "Understanding the Effective Receptive Field in Deep Convolutional Neural
Networks", NeurIPS 2016.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from cnnviz.analysis.field.receptive_field import Edges
from cnnviz.analysis.graph.record import Op
from cnnviz.analysis.graph.replay import output_of
from cnnviz.analysis.trace.rows import LayerRow
from cnnviz.analysis.trace.trace import trace_and_graph, whole_shape
from cnnviz.arrays import Array, read_only
from cnnviz.errors import CancelledError, CnnvizError
from cnnviz.ops.geometry import is_whole

Pass: TypeAlias = Callable[[nn.Module], Tensor]


def effective_receptive_field(
    model: nn.Module,
    layer: str,
    input_shape: Sequence[int] = (1, 3, 224, 224),
    samples: int = 16,
    seed: int = 0,
    *,
    unit: tuple[int, int] | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    run: Callable[[Pass], Tensor] | None = None,
) -> Array:
    """Mean magnitude of the input gradient of one unit, over inputs and channels.

    For each input of standard normal noise, the unit's values in all channels are summed with random
    signs (so that channels do not cancel) and differentiated; magnitudes are summed over the input's
    channels and averaged over the inputs.

    Args:
        model: any module; it runs in eval mode where its parameters are, and is left as it was.
        layer: a row of `trace(model, input_shape)` or the path of a block, with feature maps.
        input_shape: (N, C, H, W); N is ignored, inputs run one by one.
        samples: number of inputs.
        seed: of inputs and signs; the global random state is not used.
        unit: (row, column) in the map; None for the middle.
        progress: called after each input with the fraction done.
        cancelled: called before each input; `CancelledError` is raised once it returns True.
        run: called with a function of the model for each input, returns its result: for a server that
            shares one model; `model` may then be on the meta device.

    Returns:
        (H, W) float64, read-only, non-negative; sums to 1.

    Raises:
        CnnvizError: if there is no such layer or unit, the layer gives no map or no gradient, the model
            is on the meta device, or the gradient is zero everywhere.
    """
    _require_numbers(samples, seed)
    shape = (1, *whole_shape(input_shape)[1:])
    found, graph = trace_and_graph(model, shape)
    probe = _Probe.of(found[layer], graph.ops[found.op_of(layer)], layer, unit)
    run = run or (lambda one: one(model))
    generator = torch.Generator().manual_seed(seed)
    mass = torch.zeros(shape[2:], dtype=torch.float64)
    for done in range(samples):
        if cancelled is not None and cancelled():
            raise CancelledError("The measurement was cancelled.")
        mass += run(probe.drawn(shape, generator))
        if progress is not None:
            progress((done + 1) / samples)
    total = mass.sum()
    if not total.isfinite():
        raise CnnvizError(
            f"The gradient of {layer!r} is not finite: the model's weights or values are infinite or NaN."
        )
    if not total > 0:
        raise CnnvizError(f"No input pixel moves the unit {probe.unit} of {layer!r}: its gradient is zero.")
    return read_only(mass / total)


def _require_numbers(samples: int, seed: int) -> None:
    if not is_whole(samples) or samples < 1:
        raise CnnvizError(f"samples must be at least 1, and whole, not {samples!r}.")
    if not is_whole(seed) or not 0 <= seed < 2**64:
        raise CnnvizError(f"seed must be a whole number from 0 to 2**64 - 1, not {seed!r}.")


def middle(row: LayerRow) -> tuple[int, int]:
    """(row, column) of the middle unit of a row's map."""
    height, width = row.units
    return height // 2, width // 2


@dataclass(frozen=True, slots=True)
class _Probe:
    """One unit of a row's output, in all channels."""

    layer: str
    op: Op
    unit: tuple[int, int]
    dims: tuple[int, ...]
    channels: int

    @classmethod
    def of(cls, row: LayerRow, op: Op, layer: str, unit: tuple[int, int] | None) -> "_Probe":
        seen, shape = row.receptive_field, row.output_shape
        if seen is None or len(shape) != 4 or len(seen.dims) != 2:
            raise CnnvizError(f"{layer!r} gives no maps but {shape}, so it has no unit to look from.")
        height, width = row.units
        at = unit if unit is not None else middle(row)
        if not isinstance(at, Sequence) or len(at) != 2 or not all(map(is_whole, at)):
            raise CnnvizError(f"unit must be two whole numbers (row, column), not {at!r}.")
        if not (0 <= at[0] < height and 0 <= at[1] < width):
            raise CnnvizError(f"{layer!r} has {height}×{width} units, so there is no unit {at}.")
        (channel_dim,) = {1, 2, 3} - set(seen.dims)
        return cls(layer, op, (at[0], at[1]), seen.dims, shape[channel_dim])

    def drawn(self, shape: tuple[int, ...], generator: torch.Generator) -> Pass:
        """The gradient computation for one random input and random signs of the channels."""
        x = torch.randn(1, *shape[1:], generator=generator)
        signs = torch.randint(0, 2, (self.channels,), generator=generator) * 2 - 1
        return lambda model: self._gradient(model, x, signs)

    def _gradient(self, model: nn.Module, x: Tensor, signs: Tensor) -> Tensor:
        """Magnitude of the input gradient, summed over the input's channels: (H, W)."""
        like = next(model.parameters(), x)
        if like.is_meta:
            raise CnnvizError("The model is on the meta device: without weights there is no gradient.")
        x = x.to(like).requires_grad_()
        with torch.inference_mode(False), torch.enable_grad():
            values = output_of(model, x.clone(), self.op)
            if not values.requires_grad:
                raise self._no_gradient()
            for dim, index in sorted(zip(self.dims, self.unit, strict=True), reverse=True):
                values = values.select(dim, index)
            weighted = (values[0] * signs.to(values)).sum()
            (gradient,) = torch.autograd.grad(weighted, x, allow_unused=True)
        if gradient is None:
            raise self._no_gradient()
        return gradient[0].abs().sum(0).double().cpu()

    def _no_gradient(self) -> CnnvizError:
        return CnnvizError(
            f"{self.layer!r} has no gradient with respect to the input: an operation on the way cannot be "
            "differentiated, or is cut off from it."
        )


def share_within(mass: Array, rows: Edges, columns: Edges) -> float:
    """The fraction of a field's mass inside a box, given by first and last row and column."""
    if rows is None or columns is None:
        return 0.0
    return float(mass[max(0, rows[0]) : rows[1] + 1, max(0, columns[0]) : columns[1] + 1].sum())


def box_that_holds(mass: Array, share: float, centre: tuple[float, float]) -> tuple[Edges, Edges]:
    """The smallest square around a centre that holds a share of the mass, as (rows, columns).

    The square may extend beyond the picture, where there is no mass.

    Args:
        mass: (H, W), sums to 1.
        share: above 0, at most 1.
        centre: row and column; pixel centres are at integers.
    """
    rows, columns = (np.abs(np.arange(n) - c) for n, c in zip(mass.shape, centre, strict=True))
    reach = np.maximum(rows[:, None], columns[None, :]).ravel()
    order = np.argsort(reach, kind="stable")
    inside = np.cumsum(mass.ravel()[order])
    last = min(int(np.searchsorted(inside, share * inside[-1] * (1 - 1e-12))), reach.size - 1)
    farthest = reach[order[last]]
    return _span(centre[0], farthest), _span(centre[1], farthest)


def _span(centre: float, reach: float) -> tuple[int, int]:
    return int(np.ceil(centre - reach - 1e-9)), int(np.floor(centre + reach + 1e-9))
