"""Random convolutions, drawn so that the kernel always fits."""

from dataclasses import dataclass

import torch
from hypothesis import strategies as st


@dataclass(frozen=True)
class ConvCase:
    x: torch.Tensor
    weight: torch.Tensor
    bias: torch.Tensor | None
    geometry: dict


def numbers(minimum, maximum):
    """One number, or one for each axis."""
    number = st.integers(minimum, maximum)
    return st.one_of(number, st.tuples(number, number))


def per_axis(value):
    return (value, value) if isinstance(value, int) else value


@st.composite
def conv_cases(draw, padding=None, max_batch=2):
    """`padding`: a strategy for it; None for numbers, pairs, "same" and "valid"."""
    groups = draw(st.integers(1, 3))
    in_channels, out_channels = (groups * draw(st.integers(1, 3)) for _ in range(2))
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    dilation = draw(numbers(1, 3))
    pad = draw(st.one_of(numbers(0, 4), st.sampled_from(["same", "valid"])) if padding is None else padding)
    stride = 1 if pad == "same" else draw(numbers(1, 3))
    each_side = (0, 0) if isinstance(pad, str) else per_axis(pad)
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, per_axis(dilation), strict=True)]
    height, width = (
        draw(st.integers(max(1, span - 2 * p, p + 1), span + 8))
        for span, p in zip(spans, each_side, strict=True)
    )
    batch = draw(st.integers(1, max_batch))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return ConvCase(
        x=normal(batch, in_channels, height, width),
        weight=normal(out_channels, in_channels // groups, *kernel),
        bias=normal(out_channels) if draw(st.booleans()) else None,
        geometry={"stride": stride, "padding": pad, "dilation": dilation, "groups": groups},
    )
