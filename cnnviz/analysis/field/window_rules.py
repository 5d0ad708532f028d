"""Field rules for convolution, pooling, padding, rolling and resampling."""

import functools
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from cnnviz.analysis.field.call_arguments import AxisMap, CallArguments, along, per_axis, spatial, windows
from cnnviz.analysis.field.layout import (
    PLAIN,
    Field,
    UndefinedFieldError,
    grouped_parts,
    join_axes,
    mixed_over,
    plain,
)
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


def convolution(call: CallArguments, count: int, transposed: bool) -> Field:
    """conv and conv_transpose in `count` dimensions: the window per axis, channels mixed within groups."""
    weight: Value = call.argument("weight", 1)
    kernel_size = weight.shape[2:]
    stride, padding = call.argument("stride", 3, 1), call.argument("padding", 4, 0)
    groups = call.argument("groups", 6, 1)
    dilation = call.argument("dilation", 7 if transposed else 5, 1)
    if isinstance(padding, str):
        dilations = per_axis(dilation, count)
        same = padding == "same"
        padding = tuple(d * (k - 1) // 2 if same else 0 for k, d in zip(kernel_size, dilations, strict=True))
    step = through_transposed if transposed else through_window
    taken = windows(count, kernel_size, stride, padding, dilation)
    x = call.x
    channel_dim = len(x.dims) - count - 1
    x = _mixed_groups(x, channel_dim, groups, call.shape[channel_dim])
    changes = [functools.partial(_windowed, step, window) for window in taken]
    return along(x, spatial(x, count), call.shape, changes)


def _windowed(step: Callable[[Axis, Window], Axis], window: Window, axis: Axis, _: int) -> Axis:
    return step(axis, window)


def _mixed_groups(field: Field, dim: int, groups: int, out_channels: int) -> Field:
    """Output channels of a convolution: each gets the union over the input channels of its group."""
    if groups == 1 or len(field.parts) == 1 or field.channel_dim != dim:
        return mixed_over(field, dim, out_channels)
    of_channel = [axes for count, axes in field.parts for _ in range(count)]
    share, lengths = len(of_channel) // groups, field.lengths()
    seen = [join_axes(of_channel[g * share : (g + 1) * share], lengths) for g in range(groups)]
    parts = grouped_parts([axes for axes in seen for _ in range(out_channels // groups)])
    dims = list(field.dims)
    dims[dim] = plain(out_channels)
    return replace(field, dims=tuple(dims), parts=parts)


def pooling(call: CallArguments, count: int, dilated: bool) -> list[Field] | Field:
    """Max and average pooling; average pooling over the whole map is global pooling."""
    kernel_size = call.argument("kernel_size", 1)
    stride = call.argument("stride", 2)
    stride = kernel_size if stride is None or stride == () or stride == [] else stride
    padding = call.argument("padding", 3, 0)
    dilation = call.argument("dilation", 4, 1) if dilated else 1
    taken = windows(count, kernel_size, stride, padding, dilation)
    x = call.x
    dims = spatial(x, count)
    field = along(x, dims, call.shape, [functools.partial(_windowed, through_window, w) for w in taken])
    sizes = [call.input_shape[dim] for dim in dims]
    whole = not dilated and all(
        w.kernel_size == n and not w.padding for w, n in zip(taken, sizes, strict=True)
    )
    if whole and any(n > 1 for n in sizes):
        field = replace(field, is_global=True, pooled=True)
    return [field] * len(call.op.outputs)


def lp_pooling(call: CallArguments, count: int) -> Field:
    """lp_pool: power-average pooling."""
    kernel_size = call.argument("kernel_size", 2)
    taken = windows(count, kernel_size, call.argument("stride", 3) or kernel_size, 0, 1)
    x = call.x
    changes = [functools.partial(_windowed, through_window, w) for w in taken]
    return along(x, spatial(x, count), call.shape, changes)


def adaptive(call: CallArguments, count: int) -> list[Field]:
    """Adaptive pooling; with output size 1 it is global pooling."""
    x = call.x
    dims = spatial(x, count)
    wanted = [call.shape[dim] for dim in dims]
    changes = [functools.partial(_adapted, m) for m in wanted]
    field = along(x, dims, call.shape, changes)
    if all(m == 1 for m in wanted):
        field = replace(field, is_global=True, pooled=True)
    return [field] * len(call.op.outputs)


def _adapted(output_size: int, axis: Axis, input_size: int) -> Axis:
    return through_adaptive(axis, input_size, output_size)


def padded(call: CallArguments) -> Field:
    """pad: shifts the units by the padding in front."""
    pads = call.argument("pad", 1)
    x = call.x
    for index in range(len(pads) // 2):
        dim = len(x.dims) - 1 - index
        before, after = pads[2 * index], pads[2 * index + 1]
        if before or after:
            x = _padded_dim(x, dim, before, call.shape[dim])
    return x


def _padded_dim(field: Field, dim: int, before: int, size: int) -> Field:
    axis = field.axis_at(dim)
    if axis == PLAIN:
        field = field.merged() if dim == field.channel_dim else field
        return replace(field, dims=(*field.dims[:dim], plain(size), *field.dims[dim + 1 :]))
    shape = [0] * len(field.dims)
    shape[dim] = size
    return along(field, [dim], shape, [lambda a, _: shifted(a, -before)])


def rolled(call: CallArguments) -> Field:
    """roll: shifts the units; wrap-around at the border is ignored."""
    dims, shifts = call.argument("dims", 2), call.argument("shifts", 1)
    if dims is None:
        raise UndefinedFieldError("a tensor is rolled as if it were one row")
    x = call.x
    for dim, shift in zip(*(v if isinstance(v, tuple | list) else (v,) for v in (dims, shifts)), strict=True):
        dim %= len(x.dims)
        if x.axis_at(dim) == PLAIN:
            x = x.merged() if dim == x.channel_dim else x
        elif shift:
            x = along(x, [dim], call.shape, [lambda a, _, s=shift: shifted(a, -s)])  # type: ignore[misc]
    return x


def resampled(call: CallArguments) -> Field:
    """interpolate in modes nearest, linear and cubic."""
    x = call.x
    count = len(x.dims) - 2
    mode, align = call.argument("mode", 3, "nearest"), bool(call.argument("align_corners", 4, False))
    if call.op.name == "upsample_nearest":
        mode = "nearest"
    if mode == "area" or call.argument("antialias", 6, False):
        raise UndefinedFieldError(f"interpolation by {mode!r} with windows of unlike sizes")
    scales = call.argument("scale_factor", 2)
    scales = per_axis(scales, count) if scales is not None else None
    dims = spatial(x, count)
    changes: list[AxisMap] = []
    for index, dim in enumerate(dims):
        n, m = call.input_shape[dim], call.shape[dim]
        by_scale = scales is not None and not call.argument("recompute_scale_factor", 5, None)
        ratio = 1 / Fraction(scales[index]).limit_denominator(4096) if by_scale and scales else Fraction(n, m)
        changes.append(_resampling(mode, ratio, Fraction(n - 1, max(m - 1, 1)) if align else None))
    return along(x, dims, call.shape, changes)


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


def shuffled_up(call: CallArguments) -> Field:
    """pixel_shuffle: channels → spatial positions."""
    factor = call.argument("upscale_factor", 1)
    x = mixed_over(call.x, len(call.x.dims) - 3, call.shape[-3])
    return along(x, spatial(x, 2), call.shape, [lambda axis, _: spread(axis, factor)] * 2)


def shuffled_down(call: CallArguments) -> Field:
    """pixel_unshuffle: spatial positions → channels."""
    factor = call.argument("downscale_factor", 1)
    x = mixed_over(call.x, len(call.x.dims) - 3, call.shape[-3])
    window = Window(factor, factor)
    return along(x, spatial(x, 2), call.shape, [lambda axis, _: through_window(axis, window)] * 2)
