"""One kernel over a whole picture, and our convolution compared with PyTorch's."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from cnnviz.arrays import Array, read_only
from cnnviz.data.images import Picture
from cnnviz.errors import CnnvizError
from cnnviz.ops.convolution import conv2d
from cnnviz.ops.geometry import PaddingMode, Window

ChannelMode = Literal["summed", "depthwise", "grey"]
CHANNEL_MODES: tuple[ChannelMode, ...] = get_args(ChannelMode)

_RUNS = 5
_ENOUGH_SECONDS = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class PictureFilter:
    """A convolution layer with one kernel, for pictures.

    Attributes:
        kernel: (kh, kw) weights.
        channels: "summed", the kernel on each of R, G, B and the sum of the three; "depthwise",
            each channel by itself; "grey", on the picture's luma.
        rows, columns: geometry of each axis.
        padding_mode: as for `conv2d`.
        bias: added to every output.
    """

    kernel: Array
    channels: ChannelMode
    rows: Window
    columns: Window
    padding_mode: PaddingMode = "zeros"
    bias: float = 0.0

    def __post_init__(self) -> None:
        if self.kernel.shape != (self.rows.kernel_size, self.columns.kernel_size):
            raise CnnvizError(f"The kernel is {self.kernel.shape}, which is not what the windows slide.")
        if self.rows.extra_end or self.columns.extra_end:
            raise CnnvizError('A picture is padded alike at both ends: give a number instead of "same".')
        if self.channels not in CHANNEL_MODES:
            raise CnnvizError(f"channels must be one of {', '.join(CHANNEL_MODES)}, not {self.channels!r}.")

    @property
    def groups(self) -> int:
        """3 for depthwise convolution, else 1."""
        return 3 if self.channels == "depthwise" else 1

    @property
    def weight(self) -> Tensor:
        """(O, C / groups, kh, kw), float32: the kernel once for each channel."""
        shape = {"summed": (1, 3), "depthwise": (3, 1), "grey": (1, 1)}[self.channels]
        kernel = torch.from_numpy(np.array(self.kernel, dtype=np.float32))
        return kernel.expand(*shape, *self.kernel.shape).contiguous()

    @property
    def bias_vector(self) -> Tensor | None:
        """(O,), or None for a bias of 0."""
        return torch.full((self.groups,), float(self.bias)) if self.bias else None

    @property
    def parameters(self) -> int:
        """Weights and biases of the layer."""
        return self.weight.numel() + (self.groups if self.bias else 0)

    def input(self, picture: Picture) -> Tensor:
        """The layer's input: float32 (1, C, H, W)."""
        return picture.luma() if self.channels == "grey" else picture.tensor()

    def macs(self, height: int, width: int) -> int:
        """Multiply-accumulates for an input of that size: one per weight and output position."""
        outputs = self.rows.output_size(height) * self.columns.output_size(width)
        return self.weight.numel() * outputs

    @property
    def _geometry(self) -> dict[str, tuple[int, int]]:
        axes = self.rows, self.columns
        return {name: (getattr(axes[0], name), getattr(axes[1], name)) for name in ("stride", "dilation")}

    def ours(self, x: Tensor) -> Tensor:
        """(1, C, H, W) → (1, O, H', W') by our own `conv2d`."""
        padding = self.rows.padding, self.columns.padding
        return conv2d(
            x,
            self.weight,
            self.bias_vector,
            padding=padding,
            groups=self.groups,
            padding_mode=self.padding_mode,
            **self._geometry,
        )

    def pytorch(self, x: Tensor) -> Tensor:
        """The same by `torch.nn.functional`, padding included."""
        vertical, horizontal = self.rows.padding, self.columns.padding
        mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
        padded = F.pad(x, (horizontal, horizontal, vertical, vertical), mode=mode)
        return F.conv2d(padded, self.weight, self.bias_vector, groups=self.groups, **self._geometry)


@dataclass(frozen=True, slots=True, eq=False)
class FilteredPicture:
    """A picture and the result of filtering it.

    Attributes:
        pixels: the input, uint8 (H, W, 3); grey if the layer reads the luma.
        output: float32 (O, H', W'), read-only.
        rows, columns: geometry of each axis.
        limit: largest magnitude of the output.
        padding_mode: as for `conv2d`.
    """

    pixels: Array
    output: Array
    rows: Window
    columns: Window
    limit: float
    padding_mode: PaddingMode = "zeros"


def filter_picture(picture: Picture, layer: PictureFilter) -> FilteredPicture:
    """Convolve a whole picture with our `conv2d`.

    Raises:
        CnnvizError: if the kernel does not fit or the padding mode cannot fill the padding.
    """
    x = layer.input(picture)
    with torch.inference_mode():
        y = layer.ours(x)
    pixels = picture.pixels
    if layer.channels == "grey":
        grey = np.rint(x[0, 0].numpy() * 255).astype(np.uint8)
        pixels = np.repeat(grey[..., None], 3, axis=2)
    output = read_only(y[0])
    limit = float(np.abs(output).max())
    return FilteredPicture(pixels, output, layer.rows, layer.columns, limit, layer.padding_mode)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Our convolution compared with PyTorch's on the same input.

    Attributes:
        largest_difference: greatest |ours − PyTorch's|.
        relative_difference: the same over the largest magnitude of the output.
        ours_ms, pytorch_ms: best of several runs, in milliseconds.
    """

    largest_difference: float
    relative_difference: float
    ours_ms: float
    pytorch_ms: float


def compare_with_pytorch(picture: Picture, layer: PictureFilter) -> Comparison:
    """Run and time both on the same picture."""
    x = layer.input(picture)
    with torch.inference_mode():
        y, ours_ms = _timed(layer.ours, x)
        reference, pytorch_ms = _timed(layer.pytorch, x)
    difference = float((y - reference).abs().max())
    scale = float(reference.abs().max())
    return Comparison(difference, difference / scale if scale else 0.0, ours_ms, pytorch_ms)


def _timed(run: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, float]:
    """The result, and the best time of up to five runs, in milliseconds; slow runs are not repeated."""
    times: list[float] = []
    run(x)  # the first run also pays for memory and thread start-up
    while len(times) < _RUNS and sum(times) < _ENOUGH_SECONDS:
        start = time.perf_counter()
        result = run(x)
        times.append(time.perf_counter() - start)
    return result, min(times) * 1000
