"""The kernels of a network's first convolution."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from torch import nn

from cnnviz.analysis.layers.activations import convolutions, layer_named
from cnnviz.arrays import Array, read_only
from cnnviz.errors import CnnvizError
from cnnviz.ops.convolution import Conv2dFromScratch, Padding, axis_windows
from cnnviz.ops.geometry import Window


@dataclass(frozen=True, slots=True, eq=False)
class Filters:
    """All kernels of a convolution.

    Attributes:
        layer: path of the convolution.
        weight: float32 (out_channels, in_channels / groups, height, width), read-only.
        windows: geometry over rows and over columns.
    """

    layer: str
    weight: Array
    windows: tuple[Window, Window]

    @property
    def limit(self) -> float:
        """Largest magnitude of all weights."""
        return float(np.abs(self.weight).max())

    @property
    def deviation(self) -> float:
        """Standard deviation of all weights."""
        return float(self.weight.std())

    @property
    def he_deviation(self) -> float:
        """Standard deviation of He initialisation for ReLU networks: √(2 / fan_in) (He et al. 2015)."""
        return float(np.sqrt(2 / self.weight[0].size))

    @property
    def bends(self) -> float:
        """Mean squared difference of neighbouring weights over that of independent ones.

        Near 1 for independently drawn weights, less for smooth kernels; NaN for 1×1 kernels.
        """
        weight = self.weight.astype(np.float64)
        steps = np.concatenate([np.diff(weight, axis=axis).ravel() for axis in (2, 3)])
        variance = weight.var()
        return float((steps**2).mean() / (2 * variance)) if steps.size and variance else float("nan")


def first_filters(model: nn.Module) -> Filters:
    """The kernels of the first 2-D convolution in `named_modules()` order.

    Raises:
        CnnvizError: if there is none.
    """
    for layer in convolutions(model):
        module = layer_named(model, layer)
        if isinstance(module, nn.Conv2d | Conv2dFromScratch):
            weight = read_only(module.weight.detach().float().clone())
            windows = axis_windows(
                weight.shape[2:], module.stride, cast(Padding, module.padding), module.dilation
            )
            return Filters(layer, weight, windows)
    raise CnnvizError("This network has no convolution whose kernels could be shown.")
