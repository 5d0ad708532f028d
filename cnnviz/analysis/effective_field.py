"""The effective receptive field: how strongly each input pixel moves a unit in the middle of a map.

Luo, Li, Urtasun and Zemel, "Understanding the Effective Receptive Field in Deep Convolutional Neural
Networks", NeurIPS 2016.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from cnnviz.analysis.graph import output_of
from cnnviz.analysis.layer_rows import LayerRow
from cnnviz.analysis.receptive_field import Edges
from cnnviz.analysis.trace import trace
from cnnviz.arrays import Array, read_only
from cnnviz.errors import CnnvizError

Pass: TypeAlias = Callable[[nn.Module], Tensor]


class CancelledError(CnnvizError):
    """The work was called off by the one who wanted it."""


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

    For each input of random normal numbers the unit's values of all channels are summed with random
    signs, so that channels do not cancel, and differentiated; magnitudes are summed over the input's
    channels and averaged over the inputs.

    Args:
        model: any module; it runs in eval mode where its parameters are, and is left as it was.
        layer: of a row of `trace(model, input_shape)`, or the path of a block; its output has maps.
        input_shape: (N, C, H, W); N is not used, inputs go through one by one.
        samples: number of inputs.
        seed: of inputs and signs; the process's own random state is not used.
        unit: (row, column) on the map; None for the one in the middle.
        progress: called with the share that is done, after each input.
        cancelled: asked before each input; once it says yes, `CancelledError` is raised.
        run: gets a function of the model for each input and returns its value, for a server whose
            model is lent in turns; `model` may then be an outline without weights.

    Returns:
        (H, W) float64, read-only, not negative; sums to 1.

    Raises:
        CnnvizError: if there is no such layer or unit, the layer gives no map, or no pixel moves the
            unit at all.
    """
    if samples < 1:
        raise CnnvizError(f"samples must be at least 1, not {samples}.")
    shape = tuple(input_shape)
    found = trace(model, shape)
    probe = _Probe.of(found[layer], found.op_of(layer), layer, unit)
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
    if not total > 0:
        raise CnnvizError(f"No input pixel moves the unit {probe.unit} of {layer!r}: its gradient is zero.")
    return read_only(mass / total)


def middle(row: LayerRow) -> tuple[int, int]:
    """The unit in the middle of a row's map."""
    height, width = row.units
    return height // 2, width // 2


@dataclass(frozen=True, slots=True)
class _Probe:
    """One unit of a row's output, all its channels."""

    op: int
    unit: tuple[int, int]
    dims: tuple[int, ...]
    channels: int

    @classmethod
    def of(cls, row: LayerRow, op: int, layer: str, unit: tuple[int, int] | None) -> "_Probe":
        seen, shape = row.receptive_field, row.output_shape
        if seen is None or len(shape) != 4 or len(seen.dims) != 2:
            raise CnnvizError(f"{layer!r} gives no maps but {shape}, so it has no unit to look from.")
        height, width = row.units
        at = unit if unit is not None else middle(row)
        if not (0 <= at[0] < height and 0 <= at[1] < width):
            raise CnnvizError(f"{layer!r} has {height}×{width} units, so there is no unit {at}.")
        (channel_dim,) = {1, 2, 3} - set(seen.dims)
        return cls(op, at, seen.dims, shape[channel_dim])

    def drawn(self, shape: tuple[int, ...], generator: torch.Generator) -> Pass:
        """The pass for one random input, with random signs for the channels."""
        x = torch.randn(1, *shape[1:], generator=generator)
        signs = torch.randint(0, 2, (self.channels,), generator=generator) * 2 - 1
        return lambda model: self._gradient(model, x, signs)

    def _gradient(self, model: nn.Module, x: Tensor, signs: Tensor) -> Tensor:
        """Magnitude of the input gradient, summed over the input's channels."""
        x = x.to(next(model.parameters(), x)).requires_grad_()
        with torch.inference_mode(False), torch.enable_grad():
            values = output_of(model, x.clone(), self.op)
            for dim, index in sorted(zip(self.dims, self.unit, strict=True), reverse=True):
                values = values.select(dim, index)
            (gradient,) = torch.autograd.grad((values[0] * signs.to(values)).sum(), x)
        return gradient[0].abs().sum(0).double().cpu()


def share_within(mass: Array, rows: Edges, columns: Edges) -> float:
    """The share of a field's mass that lies in a box: first and last row, first and last column."""
    if rows is None or columns is None:
        return 0.0
    return float(mass[max(0, rows[0]) : rows[1] + 1, max(0, columns[0]) : columns[1] + 1].sum())


def box_that_holds(mass: Array, share: float, centre: tuple[float, float]) -> tuple[Edges, Edges]:
    """The smallest square about a centre that holds a share of the mass: its rows and its columns.

    It reaches equally far to all sides; where it leaves the picture there is no mass to count.

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
