"""What the sliding window shows, computed in Python."""

import numpy as np
import torch

from cnnviz.arrays import Array, read_only
from cnnviz.data.images import Picture
from cnnviz.ops.convolution import conv2d
from cnnviz.ops.filtering import ChannelMode
from cnnviz.ops.pooling import avg_pool2d, max_pool2d
from cnnviz.ops.transposed import conv_transpose2d
from cnnviz.ui.components.sliding_window import Patch, Sliding


def sliding_input(small: Picture, patch: Patch, matrix: Array | None, channels: ChannelMode) -> Array:
    """The numbers that the window slides over: (C, H, W)."""
    if matrix is not None:
        return read_only(matrix[None].astype(np.float64))
    x = small.luma() if channels == "grey" else small.tensor()
    rows = slice(patch.top, patch.top + patch.size)
    return read_only(x[0, :, rows, patch.left : patch.left + patch.size].double())


def sliding_output(x: Array, sliding: Sliding) -> Array:
    """The output (O, H', W') for an input (C, H, W).

    Raises:
        CnnvizError: if the window does not fit.
    """
    rows, columns = sliding.rows, sliding.columns
    size = rows.kernel_size, columns.kernel_size
    stride, padding = (rows.stride, columns.stride), (rows.padding, columns.padding)
    dilation = rows.dilation, columns.dilation
    values = torch.from_numpy(np.array(x))[None]
    if sliding.weights is None:
        ceil, counted = sliding.options["ceil"], sliding.options["countPadding"]
        if sliding.kind == "max":
            y = max_pool2d(values, size, stride, padding, ceil_mode=ceil)
        else:
            y = avg_pool2d(values, size, stride, padding, ceil, counted)
        return read_only(y[0])
    kernel = torch.from_numpy(np.array(sliding.weights, dtype=np.float64))
    if sliding.kind == "transposed":
        weight = kernel[None, None]
        y = conv_transpose2d(values, weight, None, stride, padding, sliding.output_padding, 1, dilation)
        return read_only(y[0])
    apart = sliding.channels == "depthwise"
    shape = (len(x), 1) if apart else (1, len(x))
    weight = kernel.expand(*shape, *size)
    bias = torch.full((shape[0],), sliding.bias, dtype=torch.float64)
    groups = len(x) if apart else 1
    return read_only(conv2d(values, weight, bias, stride, padding, dilation, groups, sliding.mode)[0])
