"""What convolutions, poolings and resampling do to receptive fields."""

import functools
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from cnnviz.analysis.field.call_arguments import AxisMap, Reader, along, per_axis, spatial, windows
from cnnviz.analysis.field.layout import PLAIN, Field, LostError, grouped_parts, join_axes, mixed_over, plain
from cnnviz.analysis.field.receptive_field import (
    Axis,
    interpolated,
    shifted,
    spread,
    through,
    through_adaptive,
    through_transposed,
    through_window,
)
from cnnviz.analysis.graph.record import Value
from cnnviz.ops.geometry import Window


def convolution(read: Reader, count: int, transposed: bool) -> Field:
    """Convolutions, transposed ones too: the window, and the channels of one group."""
    weight: Value = read("weight", 1)
    kernel_size = weight.shape[2:]
    stride, padding = read("stride", 3, 1), read("padding", 4, 0)
    groups = read("groups", 6, 1)
    dilation = read("dilation", 7 if transposed else 5, 1)
    if isinstance(padding, str):
        dilations = per_axis(dilation, count)
        same = padding == "same"
        padding = tuple(d * (k - 1) // 2 if same else 0 for k, d in zip(kernel_size, dilations, strict=True))
    step = through_transposed if transposed else through_window
    taken = windows(count, kernel_size, stride, padding, dilation)
    x = read.x
    channel_dim = len(x.dims) - count - 1
    x = _mixed_groups(x, channel_dim, groups, read.shape[channel_dim])
    changes = [functools.partial(_windowed, step, window) for window in taken]
    return along(x, spatial(x, count), read.shape, changes)


def _windowed(step: Callable[[Axis, Window], Axis], window: Window, axis: Axis, _: int) -> Axis:
    return step(axis, window)


def _mixed_groups(field: Field, dim: int, groups: int, out_channels: int) -> Field:
    """What the channels of a convolution see: those of their own group."""
    if groups == 1 or len(field.parts) == 1 or field.channel_dim != dim:
        return mixed_over(field, dim, out_channels)
    of_channel = [axes for count, axes in field.parts for _ in range(count)]
    share, lengths = len(of_channel) // groups, field.lengths()
    seen = [join_axes(of_channel[g * share : (g + 1) * share], lengths) for g in range(groups)]
    parts = grouped_parts([axes for axes in seen for _ in range(out_channels // groups)])
    dims = list(field.dims)
    dims[dim] = plain(out_channels)
    return replace(field, dims=tuple(dims), parts=parts)


def pooling(read: Reader, count: int, dilated: bool) -> list[Field] | Field:
    """Max and average pooling. One that takes the whole map at once is global."""
    kernel_size = read("kernel_size", 1)
    stride = read("stride", 2)
    stride = kernel_size if stride is None or stride == () or stride == [] else stride
    padding = read("padding", 3, 0)
    dilation = read("dilation", 4, 1) if dilated else 1
    taken = windows(count, kernel_size, stride, padding, dilation)
    x = read.x
    dims = spatial(x, count)
    field = along(x, dims, read.shape, [functools.partial(_windowed, through_window, w) for w in taken])
    sizes = [read.input_shape[dim] for dim in dims]
    whole = not dilated and all(
        w.kernel_size == n and not w.padding for w, n in zip(taken, sizes, strict=True)
    )
    if whole and any(n > 1 for n in sizes):
        field = replace(field, is_global=True, pooled=True)
    return [field] * len(read.op.outputs)


def lp_pooling(read: Reader, count: int) -> Field:
    """Power-average pooling."""
    kernel_size = read("kernel_size", 2)
    taken = windows(count, kernel_size, read("stride", 3) or kernel_size, 0, 1)
    x = read.x
    changes = [functools.partial(_windowed, through_window, w) for w in taken]
    return along(x, spatial(x, count), read.shape, changes)


def adaptive(read: Reader, count: int) -> list[Field]:
    """Adaptive pooling; to one position it is global."""
    x = read.x
    dims = spatial(x, count)
    wanted = [read.shape[dim] for dim in dims]
    changes = [functools.partial(_adapted, m) for m in wanted]
    field = along(x, dims, read.shape, changes)
    if all(m == 1 for m in wanted):
        field = replace(field, is_global=True, pooled=True)
    return [field] * len(read.op.outputs)


def _adapted(output_size: int, axis: Axis, input_size: int) -> Axis:
    return through_adaptive(axis, input_size, output_size)


def padded(read: Reader) -> Field:
    """pad: unit 0 moves into the padding."""
    pads = read("pad", 1)
    x = read.x
    for index in range(len(pads) // 2):
        dim = len(x.dims) - 1 - index
        before, after = pads[2 * index], pads[2 * index + 1]
        if before or after:
            x = _padded_dim(x, dim, before, read.shape[dim])
    return x


def _padded_dim(field: Field, dim: int, before: int, size: int) -> Field:
    axis = field.axis_at(dim)
    if axis == PLAIN:
        field = field.merged() if dim == field.channel_dim else field
        return replace(field, dims=(*field.dims[:dim], plain(size), *field.dims[dim + 1 :]))
    shape = [0] * len(field.dims)
    shape[dim] = size
    return along(field, [dim], shape, [lambda a, _: shifted(a, -before)])


def rolled(read: Reader) -> Field:
    """roll: units change places; what goes round the border is left out."""
    dims, shifts = read("dims", 2), read("shifts", 1)
    if dims is None:
        raise LostError("a tensor is rolled as if it were one row")
    x = read.x
    for dim, shift in zip(*(v if isinstance(v, tuple | list) else (v,) for v in (dims, shifts)), strict=True):
        dim %= len(x.dims)
        if x.axis_at(dim) == PLAIN:
            x = x.merged() if dim == x.channel_dim else x
        elif shift:
            x = along(x, [dim], read.shape, [lambda a, _, s=shift: shifted(a, -s)])  # type: ignore[misc]
    return x


def resampled(read: Reader) -> Field:
    """interpolate: nearest, linear and cubic."""
    x = read.x
    count = len(x.dims) - 2
    mode, align = read("mode", 3, "nearest"), bool(read("align_corners", 4, False))
    if read.op.name == "upsample_nearest":
        mode = "nearest"
    if mode == "area" or read("antialias", 6, False):
        raise LostError(f"interpolation by {mode!r} with windows of unlike sizes")
    scales = read("scale_factor", 2)
    scales = per_axis(scales, count) if scales is not None else None
    dims = spatial(x, count)
    changes: list[AxisMap] = []
    for index, dim in enumerate(dims):
        n, m = read.input_shape[dim], read.shape[dim]
        by_scale = scales is not None and not read("recompute_scale_factor", 5, None)
        ratio = 1 / Fraction(scales[index]).limit_denominator(4096) if by_scale and scales else Fraction(n, m)
        changes.append(_resampling(mode, ratio, Fraction(n - 1, max(m - 1, 1)) if align else None))
    return along(x, dims, read.shape, changes)


def _resampling(mode: str, ratio: Fraction, aligned: Fraction | None) -> AxisMap:
    if mode.startswith("nearest"):
        middle = Fraction(1, 2) if mode == "nearest-exact" else Fraction(0)
        return lambda axis, _: through(
            axis, ratio.denominator, ratio.numerator, lambda o: (((o + middle) * ratio).__floor__(),)
        )
    reach = (-1, 2) if mode == "bicubic" else (0, 1)
    if aligned is not None and aligned > 0:
        return lambda axis, _: interpolated(axis, aligned, Fraction(0), reach)
    return lambda axis, _: interpolated(axis, ratio, ratio / 2 - Fraction(1, 2), reach)


def shuffled_up(read: Reader) -> Field:
    """pixel_shuffle: channels become neighbours."""
    factor = read("upscale_factor", 1)
    x = mixed_over(read.x, len(read.x.dims) - 3, read.shape[-3])
    return along(x, spatial(x, 2), read.shape, [lambda axis, _: spread(axis, factor)] * 2)


def shuffled_down(read: Reader) -> Field:
    """pixel_unshuffle: neighbours become channels."""
    factor = read("downscale_factor", 1)
    x = mixed_over(read.x, len(read.x.dims) - 3, read.shape[-3])
    window = Window(factor, factor)
    return along(x, spatial(x, 2), read.shape, [lambda axis, _: through_window(axis, window)] * 2)
