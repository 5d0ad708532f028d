import dataclasses
import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conv_cases import numbers, per_axis
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from cnnviz.errors import CnnvizError
from cnnviz.ops.geometry import Window
from cnnviz.ops.pooling import (
    avg_pool2d,
    global_avg_pool2d,
    max_pool2d,
    mean_divisors,
    pool2d_step,
    pooled_size,
    unread,
)

booleans = st.booleans()
awkward = [float("nan"), float("inf"), -float("inf"), 0.0, -0.0, 1.0, -1.0, 2.5]


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


@st.composite
def pool_cases(draw, dilated=True):
    """A size, and the geometry of a window that fits into it and pads by at most half of itself."""
    kernel = draw(numbers(1, 4))
    dilation = draw(numbers(1, 3)) if dilated else 1
    padding = tuple(draw(st.integers(0, k // 2)) for k in per_axis(kernel))
    spans = [d * (k - 1) + 1 for k, d in zip(per_axis(kernel), per_axis(dilation), strict=True)]
    sizes = [
        draw(st.integers(max(1, span - 2 * p), span + 8)) for span, p in zip(spans, padding, strict=True)
    ]
    geometry = {
        "kernel_size": kernel,
        "stride": draw(st.none() | numbers(1, 4)),
        "padding": padding,
        "ceil_mode": draw(booleans),
    }
    return sizes, geometry | ({"dilation": dilation} if dilated else {})


def wild(**more):
    """Geometries of which many are refused."""
    return st.fixed_dictionaries(
        {
            "kernel_size": numbers(1, 4),
            "stride": st.none() | numbers(1, 4),
            "padding": numbers(0, 3),
            "ceil_mode": booleans,
            **more,
        }
    )


def outcome(pool, x, geometry, refusal):
    try:
        return pool(x, **geometry)
    except refusal:
        return "refused"


def assert_alike(ours, theirs, x, geometry):
    actual = outcome(ours, x, geometry, CnnvizError)
    expected = outcome(theirs, x, geometry, RuntimeError)
    if isinstance(expected, str):
        assert isinstance(actual, str), f"PyTorch refuses {geometry}; we answer {tuple(actual.shape)}"
    else:
        assert not isinstance(actual, str), f"PyTorch takes {geometry}; we refuse"
        torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-12)


@settings(max_examples=300)
@given(pool_cases(), st.integers(0, 2**31))
def test_max_pool2d_is_torch_max_pool2d(case, seed):
    sizes, geometry = case
    x = normal(2, 3, *sizes, seed=seed)
    assert torch.equal(max_pool2d(x, **geometry), F.max_pool2d(x, **geometry))


@settings(max_examples=300)
@given(pool_cases(dilated=False), booleans, st.integers(0, 2**31))
def test_avg_pool2d_is_torch_avg_pool2d(case, count_include_pad, seed):
    sizes, geometry = case
    x = normal(2, 3, *sizes, seed=seed)
    geometry["count_include_pad"] = count_include_pad
    torch.testing.assert_close(avg_pool2d(x, **geometry), F.avg_pool2d(x, **geometry), rtol=1e-12, atol=1e-12)


@settings(max_examples=300)
@given(st.integers(1, 9), st.integers(1, 9), wild(dilation=numbers(1, 3)))
@example(9, 9, {"kernel_size": 3, "padding": 2, "dilation": 3})
@example(2, 2, {"kernel_size": 3, "stride": 2, "ceil_mode": True})
def test_max_pool2d_refuses_what_torch_refuses(height, width, geometry):
    assert_alike(max_pool2d, F.max_pool2d, normal(1, 1, height, width), geometry)


@settings(max_examples=300)
@given(st.integers(1, 9), st.integers(1, 9), wild(count_include_pad=booleans))
@example(4, 4, {"kernel_size": 3, "padding": 2})
@example(2, 2, {"kernel_size": 3, "stride": 2, "ceil_mode": True})
def test_avg_pool2d_refuses_what_torch_refuses(height, width, geometry):
    assert_alike(avg_pool2d, F.avg_pool2d, normal(1, 1, height, width), geometry)


@given(st.lists(st.sampled_from(awkward), min_size=25, max_size=25), booleans, st.integers(1, 3))
def test_nan_and_infinity_come_out_as_torch_lets_them(values, ceil_mode, stride):
    x = torch.tensor(values, dtype=torch.float64).reshape(1, 1, 5, 5)
    geometry = {"kernel_size": 2, "stride": stride, "padding": 1, "ceil_mode": ceil_mode}
    for ours, theirs in ((max_pool2d, F.max_pool2d), (avg_pool2d, F.avg_pool2d)):
        torch.testing.assert_close(ours(x, **geometry), theirs(x, **geometry), equal_nan=True)


def test_padding_never_wins_even_over_minus_infinity():
    x = torch.full((1, 1, 2, 2), -1e300, dtype=torch.float64)
    assert torch.equal(max_pool2d(x, 2, 1, 1), torch.full((1, 1, 3, 3), -1e300, dtype=torch.float64))


def test_an_average_at_the_corner_by_hand():
    x = torch.tensor([[[[4.0, 8.0], [12.0, 16.0]]]])
    assert avg_pool2d(x, 2, 2, 1)[0, 0].tolist() == [[1, 2], [3, 4]]
    assert avg_pool2d(x, 2, 2, 1, count_include_pad=False)[0, 0].tolist() == [[4, 8], [12, 16]]


@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_pooled_size_is_the_size_that_torch_gives(dilation):
    answers, refusals = 0, 0
    for n, k, s in itertools.product(range(1, 9), range(1, 5), range(1, 5)):
        for padding, ceil_mode in itertools.product(range(k // 2 + 1), (False, True)):
            window = Window(k, s, padding, dilation)
            try:
                expected = F.max_pool2d(torch.zeros(1, 1, n, n), k, s, padding, dilation, ceil_mode).shape[3]
            except RuntimeError:
                refusals += 1
                with pytest.raises(CnnvizError, match="kernel spans"):
                    pooled_size(window, n, ceil_mode)
            else:
                answers += 1
                assert pooled_size(window, n, ceil_mode) == expected, (window, n, ceil_mode)
    assert answers > 200 and refusals > 20


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**31))
def test_global_average_is_adaptive_pooling_to_one_pixel(batch, channels, height, width, seed):
    x = normal(batch, channels, height, width, seed=seed)
    torch.testing.assert_close(global_avg_pool2d(x), F.adaptive_avg_pool2d(x, 1))


@given(pool_cases(), st.integers(0, 2**31))
def test_gradients_of_max_pooling_are_those_of_torch(case, seed):
    sizes, geometry = case
    x = normal(1, 2, *sizes, seed=seed).requires_grad_()
    # The normal numbers are all different, so that one input of each window gets all of its gradient.
    ours, theirs = max_pool2d(x, **geometry), F.max_pool2d(x, **geometry)
    # PyTorch's gradient of a dilated window without a tap in the input writes outside its memory.
    assume(theirs.isfinite().all())
    upstream = torch.randn_like(theirs)
    torch.testing.assert_close(
        torch.autograd.grad(ours, x, upstream)[0], torch.autograd.grad(theirs, x, upstream)[0]
    )


@given(pool_cases(dilated=False), booleans)
def test_gradients_of_average_pooling_are_those_of_torch(case, count_include_pad):
    sizes, geometry = case
    x = normal(1, 2, *sizes).requires_grad_()
    ours = avg_pool2d(x, **geometry, count_include_pad=count_include_pad)
    theirs = F.avg_pool2d(x, **geometry, count_include_pad=count_include_pad)
    upstream = torch.randn_like(theirs)
    torch.testing.assert_close(
        torch.autograd.grad(ours, x, upstream)[0], torch.autograd.grad(theirs, x, upstream)[0]
    )


@pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d])
def test_type_batch_and_input_stay_as_they_were(pool):
    x = torch.rand(2, 3, 5, 5, dtype=torch.float32)
    before = x.clone()
    assert pool(x, 3, 2, 1).dtype == torch.float32
    assert pool(x[:0], 3, 2, 1).shape == (0, 3, 3, 3)
    assert torch.equal(x, before)


@st.composite
def steps(draw):
    """A map full of ties, a window, and one of its outputs."""
    sizes, geometry = draw(pool_cases(dilated=False))
    values = st.sampled_from([-0.0, 0.0, 1.0, -1.0, 2.0, -float("inf"), float("inf")])
    count = sizes[0] * sizes[1]
    x = torch.tensor(draw(st.lists(values, min_size=count, max_size=count)), dtype=torch.float64)
    x = x.reshape(sizes)
    shape = F.max_pool2d(x[None, None], **geometry).shape[2:]
    return x, geometry, tuple(draw(st.integers(0, n - 1)) for n in shape)


@settings(max_examples=300)
@given(steps())
def test_the_winner_is_the_one_that_torch_names(drawn):
    x, geometry, (row, column) = drawn
    values, indices = F.max_pool2d(x[None, None], **geometry, return_indices=True)
    step = pool2d_step(x, "max", **geometry, row=row, column=column)
    assert step.winner == divmod(indices[0, 0, row, column].item(), x.shape[1])
    assert step.value == values[0, 0, row, column].item() == x[step.winner].item()
    assert (step.kind, step.row, step.column, step.count) == ("max", row, column, 1)


@settings(max_examples=300)
@given(steps(), booleans)
def test_the_mean_and_its_count_are_those_of_torch(drawn, include):
    x, geometry, (row, column) = drawn
    x = x.nan_to_num(posinf=3, neginf=-3)
    step = pool2d_step(x, "average", **geometry, count_include_pad=include, row=row, column=column)
    ones = torch.ones_like(x)[None, None]
    taps = F.avg_pool2d(ones, **geometry, divisor_override=1)[0, 0, row, column]
    mean_of_ones = F.avg_pool2d(ones, **geometry, count_include_pad=include)[0, 0, row, column]
    expected = F.avg_pool2d(x[None, None], **geometry, count_include_pad=include)[0, 0, row, column]
    assert step.count == round((taps / mean_of_ones).item())
    assert step.value == pytest.approx(expected.item(), abs=1e-12)
    assert step.winner is None


@settings(max_examples=200)
@given(steps(), st.sampled_from(["max", "average"]))
def test_the_inputs_are_the_padded_map_under_the_taps(drawn, kind):
    x, geometry, unit = drawn
    step = pool2d_step(x, kind, **geometry, row=unit[0], column=unit[1])
    reach = 12
    padded = F.pad(x, (reach,) * 4, value=torch.nan)
    outside = F.pad(torch.zeros_like(x), (reach,) * 4, value=1)
    kernel = per_axis(geometry["kernel_size"])
    stride = kernel if geometry["stride"] is None else per_axis(geometry["stride"])
    first = [at * s - p for at, s, p in zip(unit, stride, geometry["padding"], strict=True)]
    rows, columns = (list(range(f, f + k)) for f, k in zip(first, kernel, strict=True))
    under = np.ix_([r + reach for r in rows], [c + reach for c in columns])
    assert (list(step.input_rows), list(step.input_columns)) == (rows, columns)
    np.testing.assert_array_equal(step.inputs, padded[under])
    np.testing.assert_array_equal(step.is_padding, outside[under] == 1)


def test_of_equal_values_the_first_wins():
    assert pool2d_step(torch.tensor([[-0.0, 0.0], [0.0, -0.0]]), "max", 2).winner == (0, 0)
    assert pool2d_step(torch.tensor([[1.0, 5.0], [5.0, 5.0]]), "max", 2).winner == (0, 1)


@pytest.mark.parametrize("value", awkward)
def test_what_is_in_the_input_is_never_taken_for_padding(value):
    x = torch.tensor([[1.0, 2.0], [3.0, value]])
    for kind, pool in (("max", F.max_pool2d), ("average", F.avg_pool2d)):
        step = pool2d_step(x, kind, 2)
        assert not step.is_padding.any()
        np.testing.assert_equal(step.value, pool(x[None, None], 2).item())
    winner = pool2d_step(x, "max", 2).winner
    assert winner == ((1, 1) if not value <= 3 else (1, 0))


def test_the_largest_number_loses_against_infinity():
    largest = torch.finfo(torch.float32).max
    assert pool2d_step(torch.tensor([[largest, torch.inf]]), "max", (1, 2)).winner == (0, 1)
    assert pool2d_step(torch.tensor([[-torch.inf, -largest]]), "max", (1, 2)).winner == (0, 1)


@pytest.mark.parametrize("kind", ["max", "average"])
def test_a_step_holds_no_gradient_and_cannot_be_changed(kind):
    x = torch.ones(3, 3, requires_grad=True)
    step = pool2d_step(x, kind, 2, 1)
    with torch.no_grad():
        x.zero_()
    assert step.value == 1 and step.inputs.sum() == 4
    for field in dataclasses.fields(step):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(step, field.name, None)
    for array in (step.inputs, step.is_padding):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


@pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d])
@pytest.mark.parametrize(
    ("shape", "arguments", "message"),
    [
        ((1, 1, 2, 5), {"kernel_size": 3}, "kernel spans 3 but the padded input only 2"),
        ((1, 1, 5, 2), {"kernel_size": 3}, "kernel spans 3 but the padded input only 2"),
        ((1, 1, 5, 5), {"kernel_size": 3, "padding": 2}, "at most half its window: 1 here, not 2"),
        ((1, 1, 5, 5), {"kernel_size": (4, 1), "padding": (2, 1)}, "at most half its window: 0 here, not 1"),
        ((1, 1, 5, 5), {"kernel_size": 0}, "kernel_size must be .* at least 1"),
        ((1, 1, 5, 5), {"kernel_size": 2.5}, "kernel_size must be one whole number or two"),
        ((1, 1, 5, 5), {"kernel_size": (2, 2, 2)}, "kernel_size must be one whole number or two"),
        ((1, 1, 5, 5), {"kernel_size": 2, "stride": 0}, "stride must be .* at least 1"),
        ((1, 1, 5, 5), {"kernel_size": 2, "padding": -1}, "padding must be .* at least 0"),
        ((1, 5, 5), {"kernel_size": 2}, r"needs an input \(N, C, H, W\)"),
        ((1, 1, 0, 5), {"kernel_size": 1}, "with values in it"),
    ],
)
def test_a_misfit_is_named(pool, shape, arguments, message):
    with pytest.raises(CnnvizError, match=message):
        pool(torch.zeros(shape), **arguments)


def test_a_dilation_out_of_range_is_named():
    with pytest.raises(CnnvizError, match=r"dilation must be .* at least 1"):
        max_pool2d(torch.zeros(1, 1, 5, 5), 2, dilation=0)


@pytest.mark.parametrize("unit", [{"row": 2}, {"row": -1}, {"column": 3}, {"column": -1}])
def test_there_is_no_such_output(unit):
    with pytest.raises(CnnvizError, match=r"There is no output .* are \(2, 3\)"):
        pool2d_step(torch.zeros(4, 6), "max", 2, **unit)


axes = st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(0, 2), st.integers(5, 14), st.booleans())


@given(axes, st.booleans())
def test_the_divisors_are_those_of_torch(axis, include):
    size, stride, padding, length, ceil_mode = axis
    assume(padding <= size // 2)
    x = torch.ones(1, 1, length, dtype=torch.float64)
    means = F.avg_pool1d(x, size, stride, padding, ceil_mode, include)[0, 0]
    inside = [
        len([i for i in range(j * stride - padding, j * stride - padding + size) if 0 <= i < length])
        for j in range(len(means))
    ]
    divisors = mean_divisors(Window(size, stride, padding), length, ceil_mode, include)
    assert [n / d for n, d in zip(inside, divisors, strict=True)] == pytest.approx(means.tolist())


@given(axes)
def test_unread_samples_have_no_gradient(axis):
    size, stride, padding, length, ceil_mode = axis
    assume(padding <= size // 2)
    x = torch.ones(1, 1, length, requires_grad=True)
    F.avg_pool1d(x, size, stride, padding, ceil_mode).sum().backward()
    between, after = unread(Window(size, stride, padding), length, ceil_mode)
    read = x.grad[0, 0].nonzero()[:, 0].tolist()
    assert sorted([*between, *after, *read]) == list(range(length))
    assert all(index < read[-1] for index in between) and all(index > read[-1] for index in after)
