"""How often each input pixel is read: by one layer, and through a stack of layers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cnnviz.arrays import Array, read_only
from cnnviz.errors import CnnvizError
from cnnviz.ops.geometry import PaddingMode, Window, source_indices


def read_counts(
    rows: Window, columns: Window, height: int, width: int, padding_mode: PaddingMode = "zeros"
) -> Array:
    """How often each input pixel is read, over all outputs: int (H, W).

    Reads of padding that copies a pixel ("reflect", "replicate", "circular") count for that pixel.
    """
    axes = _axis_counts(rows, height, padding_mode), _axis_counts(columns, width, padding_mode)
    return read_only(np.outer(*axes))


def _axis_counts(window: Window, input_size: int, padding_mode: PaddingMode) -> Array:
    outputs = np.arange(window.output_size(input_size))
    taps = np.arange(window.kernel_size)
    read = (outputs[:, None] * window.stride + taps * window.dilation).ravel()
    source = source_indices(input_size, window.padding, window.padding_end, padding_mode)[read]
    return np.bincount(source[source >= 0], minlength=input_size)


@dataclass(frozen=True, slots=True, eq=False)
class StackCoverage:
    """What one unit at the top of a stack of layers reads, along one axis.

    Attributes:
        offsets: input coordinates in the receptive field, relative to its centre.
        paths: for each, the number of paths of taps from it to the unit; 0 marks a hole.
    """

    offsets: Array
    paths: Array

    @property
    def size(self) -> int:
        """Receptive field: input samples from the first to the last."""
        return len(self.paths)

    @property
    def holes(self) -> int:
        """Samples inside the field that are never read."""
        return int((self.paths == 0).sum())

    @property
    def pixels_read(self) -> int:
        """Pixels of the square field that are read."""
        return (self.size - self.holes) ** 2

    @property
    def pixels_never_read(self) -> int:
        """Pixels of the square field that are never read."""
        return self.size**2 - self.pixels_read

    def map(self) -> Array:
        """Number of paths from each pixel of the square field: int (size, size)."""
        return read_only(np.outer(self.paths, self.paths))


def stack_coverage(layers: Sequence[Window]) -> StackCoverage:
    """Count the paths from the input to one unit of the last layer.

    Each layer expands a unit to its taps, d·s_before apart, where s_before is the product of the
    strides below it; the counts of a stack are the convolution of its layers' counts.

    Raises:
        CnnvizError: if there are no layers.
    """
    if not layers:
        raise CnnvizError("A stack needs at least one layer.")
    paths, jump = np.ones(1, dtype=np.int64), 1
    for layer in layers:
        spread = np.zeros((layer.kernel_size - 1) * layer.dilation * jump + 1, dtype=np.int64)
        spread[:: layer.dilation * jump] = 1
        paths = np.convolve(paths, spread)
        jump *= layer.stride
    middle = (len(paths) - 1) / 2
    return StackCoverage(read_only(np.arange(len(paths)) - middle), read_only(paths))
