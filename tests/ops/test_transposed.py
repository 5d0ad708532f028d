import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conv_cases import numbers, per_axis
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cnnviz.errors import CnnvizError
from cnnviz.ops.convolution import conv2d
from cnnviz.ops.geometry import Window
from cnnviz.ops.transposed import conv_transpose2d, stamp_counts, transposed_size


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


@st.composite
def layers(draw, wild=False):
    """Input, weight, bias and geometry; unless `wild`, one whose output is not empty."""
    groups = draw(st.integers(1, 3))
    in_share, out_share = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    stride, dilation = draw(numbers(1, 4)), draw(numbers(1, 3))
    sizes = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    if wild:
        padding, extra = draw(numbers(0, 5)), draw(numbers(0, 4))
    else:
        strides, dilations = per_axis(stride), per_axis(dilation)
        extra = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(strides, dilations, strict=True))
        full = [
            (n - 1) * s + d * (k - 1) + 1 + more
            for n, s, d, k, more in zip(sizes, strides, dilations, kernel, extra, strict=True)
        ]
        padding = tuple(draw(st.integers(0, (size - 1) // 2)) for size in full)
    seed = draw(st.integers(0, 2**31))
    x = normal(draw(st.integers(1, 2)), groups * in_share, *sizes, seed=seed)
    weight = normal(groups * in_share, out_share, *kernel, seed=seed + 1)
    bias = normal(groups * out_share, seed=seed + 2) if draw(st.booleans()) else None
    geometry = {"stride": stride, "padding": padding, "output_padding": extra}
    return x, weight, bias, geometry | {"groups": groups, "dilation": dilation}


@settings(max_examples=400)
@given(layers())
def test_conv_transpose2d_is_that_of_torch(case):
    x, weight, bias, geometry = case
    expected = F.conv_transpose2d(x, weight, bias, **geometry)
    torch.testing.assert_close(
        conv_transpose2d(x, weight, bias, **geometry), expected, rtol=1e-11, atol=1e-11
    )


ONE = torch.ones(1, 1, 1, 1, dtype=torch.float64)


@settings(max_examples=300)
@given(layers(wild=True))
@example((ONE, ONE, None, {"stride": 5, "padding": 1, "output_padding": 2}))
@example((ONE, ONE, None, {"stride": 1, "padding": 1, "output_padding": 0}))
@example((ONE, ONE, None, {"stride": (1, 3), "padding": 0, "output_padding": 1}))
def test_conv_transpose2d_refuses_what_torch_refuses(case):
    x, weight, bias, geometry = case
    try:
        expected = F.conv_transpose2d(x, weight, bias, **geometry)
    except RuntimeError:
        with pytest.raises(CnnvizError, match=r"output_padding must be|cuts the whole output away"):
            conv_transpose2d(x, weight, bias, **geometry)
    else:
        torch.testing.assert_close(conv_transpose2d(x, weight, bias, **geometry), expected)


@settings(max_examples=150)
@given(layers())
def test_transposed_size_is_the_size_that_torch_gives(case):
    x, weight, _, geometry = case
    shape = F.conv_transpose2d(x, weight, **geometry).shape[2:]
    names = ("stride", "padding", "dilation", "output_padding")
    for axis in (0, 1):
        stride, padding, dilation, extra = (per_axis(geometry[name])[axis] for name in names)
        window = Window(weight.shape[2 + axis], stride, padding, dilation)
        assert transposed_size(window, x.shape[2 + axis], extra) == shape[axis]


@st.composite
def convolutions(draw):
    groups, in_share, out_share = (draw(st.integers(1, 2)) for _ in range(3))
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    stride, padding, dilation = draw(numbers(1, 3)), draw(numbers(0, 2)), draw(numbers(1, 2))
    sizes = [draw(st.integers(d * (k - 1) + 1, 9)) for k, d in zip(kernel, per_axis(dilation), strict=True)]
    seed = draw(st.integers(0, 2**31))
    x = normal(1, groups * in_share, *sizes, seed=seed)
    weight = normal(groups * out_share, in_share, *kernel, seed=seed + 1)
    return x, weight, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


def left_over(x, weight, geometry):
    """What a convolution leaves unread at the far end, and output_padding gives back."""
    strides, paddings, dilations = (per_axis(geometry[name]) for name in ("stride", "padding", "dilation"))
    axes = zip(x.shape[2:], weight.shape[2:], strides, paddings, dilations, strict=True)
    return tuple((n + 2 * p - d * (k - 1) - 1) % s for n, k, s, p, d in axes)


@settings(max_examples=200)
@given(convolutions())
def test_it_is_the_gradient_of_a_convolution(case):
    x, weight, geometry = case
    y = F.conv2d(x.requires_grad_(), weight, **geometry)
    upstream = normal(*y.shape, seed=5)
    (expected,) = torch.autograd.grad(y, x, upstream)
    actual = conv_transpose2d(upstream, weight, output_padding=left_over(x, weight, geometry), **geometry)
    torch.testing.assert_close(actual, expected)


@given(convolutions())
def test_it_is_the_adjoint_of_our_convolution(case):
    x, weight, geometry = case
    y = conv2d(x, weight, **geometry)
    upstream = normal(*y.shape, seed=7)
    back = conv_transpose2d(upstream, weight, output_padding=left_over(x, weight, geometry), **geometry)
    torch.testing.assert_close((y * upstream).sum(), (x * back).sum())


def test_one_value_stamps_the_kernel_as_it_is():
    x = torch.zeros(1, 1, 2, 2)
    x[0, 0, 0, 1] = 10
    weight = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    expected = [[0, 0, 0, 10, 20], [0, 0, 0, 30, 40], [0] * 5, [0] * 5, [0] * 5]
    assert conv_transpose2d(x, weight, stride=3)[0, 0].tolist() == expected


def test_gradients_are_right():
    x, weight, bias = (normal(*shape).requires_grad_() for shape in ((1, 4, 2, 3), (4, 1, 2, 3), (2,)))

    def enlarge(x, weight, bias):
        return conv_transpose2d(x, weight, bias, (2, 1), (1, 0), (1, 0), groups=2, dilation=(1, 2))

    assert torch.autograd.gradcheck(enlarge, (x, weight, bias))


def test_an_empty_batch_stays_empty():
    x, weight = torch.zeros(0, 2, 3, 3), torch.zeros(2, 1, 2, 2)
    assert conv_transpose2d(x, weight).shape == F.conv_transpose2d(x, weight).shape == (0, 1, 4, 4)


def test_float32_stays_float32_and_the_inputs_stay_as_they_were():
    tensors = torch.rand(1, 2, 3, 3), torch.rand(2, 3, 2, 2), torch.rand(3)
    before = [t.clone() for t in tensors]
    torch.testing.assert_close(conv_transpose2d(*tensors, stride=2), F.conv_transpose2d(*tensors, stride=2))
    assert all(torch.equal(t, old) for t, old in zip(tensors, before, strict=True))


windows = st.builds(Window, *(st.integers(1, 4), st.integers(1, 4), st.integers(0, 1), st.integers(1, 3)))


@settings(max_examples=200)
@given(windows, windows, st.integers(2, 6), st.integers(2, 6))
@example(Window(1, 1, 1), Window(1, 1, 0), 2, 2)
def test_stamp_counts_are_the_stamps_of_ones(rows, columns, height, width):
    ones = torch.ones(1, 1, height, width, dtype=torch.float64)
    kernel = torch.ones(1, 1, rows.kernel_size, columns.kernel_size, dtype=torch.float64)
    strides, paddings, dilations = (
        tuple(getattr(w, name) for w in (rows, columns)) for name in ("stride", "padding", "dilation")
    )
    try:
        expected = F.conv_transpose2d(ones, kernel, None, strides, paddings, dilation=dilations)[0, 0]
    except RuntimeError:
        with pytest.raises(CnnvizError, match="cuts the whole output away"):
            stamp_counts(rows, columns, height, width)
        return
    counts = stamp_counts(rows, columns, height, width)
    assert counts.dtype.kind == "i" and not counts.flags.writeable
    np.testing.assert_array_equal(counts, expected)


@pytest.mark.parametrize("stride", range(1, 5))
@pytest.mark.parametrize("kernel_size", range(1, 9))
def test_overlaps_are_even_inside_exactly_for_a_multiple_of_the_stride(kernel_size, stride):
    n = kernel_size + 3
    window = Window(kernel_size, stride)
    counts = stamp_counts(window, window, n, n)
    inside = counts[kernel_size - 1 : (n - 1) * stride + 1, kernel_size - 1 : (n - 1) * stride + 1]
    assert inside.shape[0] >= stride
    assert (inside.min() == inside.max()) == (kernel_size % stride == 0)
    assert (inside.min() == 0) == (kernel_size < stride)


@pytest.mark.parametrize(
    ("x", "weight", "arguments", "message"),
    [
        ((1, 3, 5, 5), (4, 2, 3, 3), {}, "input has 3 channels, but the weight has a kernel for 4"),
        ((1, 3, 5, 5), (3, 2, 3, 3), {"groups": 2}, "groups=2 must divide the 3 input channels"),
        ((1, 2, 5, 5), (2, 2, 3, 3), {"groups": 0}, "groups=0 must divide"),
        ((1, 2, 5, 5), (2, 2, 3, 3), {"groups": -1}, "groups=-1 must divide"),
        ((1, 2, 5, 5), (2, 2, 3, 3), {"groups": 1.0}, "groups=1.0 must divide"),
        ((1, 2, 5, 5), (2, 2, 3, 3), {"groups": "a"}, "groups=a must divide"),
        ((1, 2, 5, 5), (2, 2, 3, 3), {"stride": 0}, "stride must be .* at least 1"),
        ((1, 2, 5, 5), (2, 2, 3, 3), {"padding": -1}, "padding must be .* at least 0"),
        ((1, 2, 5, 5), (2, 2, 3, 3), {"dilation": 1.5}, "dilation must be one whole number or two"),
        ((1, 2, 5, 5), (2, 2, 3, 3), {"output_padding": 1}, "output_padding must be at least 0 and less"),
        ((1, 2, 5, 5), (2, 2, 3, 3), {"output_padding": -1}, "output_padding must be at least 0 and less"),
        ((1, 2, 5, 5), (2, 2, 3, 3), {"output_padding": 0.5}, "output_padding must be one whole number"),
        ((1, 2, 1, 1), (2, 2, 2, 2), {"padding": 1}, "Padding of 1 cuts the whole output away"),
        ((2, 5, 5), (2, 2, 3, 3), {}, r"needs an input \(N, C, H, W\)"),
        ((1, 2, 5, 5), (2, 3, 3), {}, r"weight \(C, O/groups, kh, kw\)"),
        ((1, 2, 0, 5), (2, 2, 3, 3), {}, r"not \(1, 2, 0, 5\)"),
        ((1, 2, 5, 5), (2, 2, 3, 3), {"bias": torch.zeros(1)}, r"bias must have shape \(2,\), not \(1,\)"),
        ((1, 2, 5, 5), (2, 2, 3, 3), {"bias": torch.zeros(2), "groups": 2}, r"shape \(4,\), not \(2,\)"),
    ],
)
def test_a_misfit_is_named(x, weight, arguments, message):
    with pytest.raises(CnnvizError, match=message):
        conv_transpose2d(torch.zeros(x), torch.zeros(weight), **arguments)
