"""The effective receptive field: how strongly each input pixel moves a unit in the middle of a map.

Luo, Li, Urtasun and Zemel, "Understanding the Effective Receptive Field in Deep Convolutional Neural
Networks", NeurIPS 2016.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from cnnviz.analysis.graph import output_of
from cnnviz.analysis.trace import trace
from cnnviz.arrays import Array, read_only
from cnnviz.errors import CnnvizError


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
    op = found.op_of(layer)
    place = _place(found[layer].output_shape, layer, unit)
    first = next(model.parameters(), torch.empty(0))
    generator = torch.Generator().manual_seed(seed)
    mass = torch.zeros(shape[2:], dtype=torch.float64)
    for done in range(samples):
        if cancelled is not None and cancelled():
            raise CancelledError("The measurement was cancelled.")
        x = torch.randn(1, *shape[1:], generator=generator).to(first)
        mass += _one(model, op, x, place, generator)
        if progress is not None:
            progress((done + 1) / samples)
    total = mass.sum()
    if not total > 0:
        raise CnnvizError(f"No input pixel moves the unit {place} of {layer!r}: its gradient is zero.")
    return read_only(mass / total)


def _place(shape: tuple[int, ...], layer: str, unit: tuple[int, int] | None) -> tuple[int, int]:
    if len(shape) != 4:
        raise CnnvizError(f"{layer!r} gives no maps but {shape}, so it has no unit to look from.")
    height, width = shape[2:]
    row, column = unit if unit is not None else (height // 2, width // 2)
    if not (0 <= row < height and 0 <= column < width):
        raise CnnvizError(f"{layer!r} has {height}×{width} units, so there is no unit ({row}, {column}).")
    return row, column


def _one(model: nn.Module, op: int, x: Tensor, place: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Magnitude of the input gradient for one input, summed over the input's channels."""
    x.requires_grad_()
    with torch.enable_grad():
        values = output_of(model, x.clone(), op)[0, :, place[0], place[1]]
        signs = torch.randint(0, 2, values.shape, generator=generator).to(values) * 2 - 1
        (gradient,) = torch.autograd.grad((values * signs).sum(), x)
    return gradient[0].abs().sum(0).double().cpu()
