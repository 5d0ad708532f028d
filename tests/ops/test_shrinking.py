import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.errors import CnnvizError
from cnnviz.ops.shrinking import WAYS, Shrinking, shift_responses

LOCAL = ("max", "average", "strided")


def picture(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@st.composite
def shrinkings(draw):
    size = draw(st.integers(1, 5))
    return Shrinking(
        kernel_size=size,
        stride=draw(st.integers(1, 4)),
        padding=draw(st.integers(0, size // 2)),
        ceil_mode=draw(st.booleans()),
        count_include_pad=draw(st.booleans()),
        strided_kernel=draw(st.sampled_from(["gaussian", "box"])),
    )


def strided_weights(shrinking):
    size = shrinking.kernel_size
    if shrinking.strided_kernel == "box":
        row = torch.ones(size)
    else:
        row = torch.exp(-((torch.arange(size) - (size - 1) / 2) ** 2) / 2)
    weights = torch.outer(row, row)
    return weights / weights.sum()


def by_torch(shrinking, way, x):
    size = shrinking.kernel_size, shrinking.stride, shrinking.padding
    if way == "max":
        return F.max_pool2d(x, *size, ceil_mode=shrinking.ceil_mode)
    if way == "average":
        return F.avg_pool2d(x, *size, shrinking.ceil_mode, shrinking.count_include_pad)
    if way == "global":
        return F.adaptive_avg_pool2d(x, 1)
    # Channel by channel, as a batch of pictures of one channel each.
    single = x.reshape(-1, 1, *x.shape[2:])
    y = F.conv2d(single, strided_weights(shrinking)[None, None], stride=size[1], padding=size[2])
    return y.reshape(*x.shape[:2], *y.shape[2:])


@pytest.mark.parametrize("way", WAYS)
@given(shrinkings(), st.integers(5, 11), st.integers(5, 11), st.integers(0, 2**31))
def test_every_way_is_that_of_torch(way, shrinking, height, width, seed):
    x = picture(2, 3, height, width, seed=seed) - 0.5
    expected = by_torch(shrinking, way, x)
    torch.testing.assert_close(shrinking.apply(way, x), expected, rtol=1e-5, atol=1e-6)


@settings(max_examples=30)
@given(shrinkings())
def test_shrink_gives_every_way_of_one_picture(shrinking):
    x = picture(1, 3, 9, 12)
    results = shrinking.shrink(x)
    assert tuple(results) == WAYS == (*LOCAL, "global")
    for way, values in results.items():
        assert values.dtype == np.float32 and not values.flags.writeable
        np.testing.assert_allclose(values, by_torch(shrinking, way, x)[0], rtol=1e-5, atol=1e-6)


def test_the_window_is_the_same_for_all_ways():
    shrinking = Shrinking(3, 2, 1, strided_kernel="box")
    window = shrinking.window
    assert (window.kernel_size, window.stride, window.padding, window.dilation) == (3, 2, 1, 1)
    np.testing.assert_allclose(shrinking.weights, np.full((3, 3), 1 / 9))
    sizes = {way: values.shape for way, values in shrinking.shrink(picture(1, 2, 9, 11)).items()}
    assert sizes == dict.fromkeys(LOCAL, (2, 5, 6)) | {"global": (2, 1, 1)}


@settings(max_examples=60)
@given(shrinkings(), st.tuples(st.integers(-9, 9), st.integers(-9, 9)).filter(any), st.integers(0, 2**31))
def test_changes_and_shares_are_measured(shrinking, shift, seed):
    x = picture(1, 2, 10, 11, seed=seed)
    moved = torch.from_numpy(np.roll(x, shift, (2, 3)))
    input_change = (moved - x).abs().mean().item()
    responses = shift_responses(shrinking, x, shift)
    assert tuple(responses) == WAYS
    for way, response in responses.items():
        change = (by_torch(shrinking, way, moved) - by_torch(shrinking, way, x))[0].numpy()
        np.testing.assert_allclose(response.change, change, atol=1e-6)
        assert response.share == pytest.approx(np.abs(change).mean() / input_change, rel=1e-5, abs=1e-6)
        assert not response.change.flags.writeable


@settings(max_examples=40)
@given(
    shrinkings(), st.tuples(st.integers(-9, 9), st.integers(-9, 9)).filter(lambda s: s[0] % 10 or s[1] % 11)
)
def test_global_average_pooling_is_invariant_and_the_others_are_not(shrinking, shift):
    responses = shift_responses(shrinking, picture(1, 2, 10, 11), shift)
    assert responses["global"].share <= 1e-6
    assert all(responses[way].share > 1e-3 for way in LOCAL)


@settings(max_examples=60)
@given(st.integers(1, 4), st.tuples(st.integers(-3, 3), st.integers(-3, 3)), st.integers(0, 2**31))
def test_a_shift_by_whole_steps_shifts_the_output(stride, steps, seed):
    # Windows side by side: none reaches round the border.
    shrinking = Shrinking(stride, stride)
    x = picture(1, 2, 4 * stride, 5 * stride, seed=seed)
    responses = shift_responses(shrinking, x, (steps[0] * stride, steps[1] * stride))
    for way in LOCAL:
        y = by_torch(shrinking, way, x)[0].numpy()
        np.testing.assert_allclose(responses[way].change, np.roll(y, steps, (1, 2)) - y, atol=1e-6)


def test_a_shift_by_half_a_step_makes_another_output():
    x = picture(1, 1, 8, 8)
    responses = shift_responses(Shrinking(2, 2), x, (0, 1))
    for way in LOCAL:
        y = by_torch(Shrinking(2, 2), way, x)[0].numpy()
        moved = y + responses[way].change
        assert min(np.abs(moved - np.roll(y, steps, 2)).max() for steps in range(4)) > 0.05


@pytest.mark.parametrize("shift", [(0, 0), (3, 2)])
def test_an_even_picture_does_not_divide_by_0(shift):
    # Without padding: padding would darken the border, wherever the picture moves.
    responses = shift_responses(Shrinking(3, 2), torch.full((1, 2, 9, 9), 0.5), shift)
    assert all(response.share == 0 for response in responses.values())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kernel_size": 3, "padding": 2}, "at most half its window: 1"),
        ({"kernel_size": 1, "padding": 1}, "at most half its window: 0"),
        ({"kernel_size": 0}, "kernel_size must be .* at least 1"),
        ({"stride": 0}, "stride must be .* at least 1"),
        ({"padding": -1}, "padding must be .* at least 0"),
    ],
)
def test_a_value_out_of_range_is_named(arguments, message):
    with pytest.raises(CnnvizError, match=message):
        Shrinking(**arguments)


def test_a_kernel_that_does_not_exist_or_does_not_fit_is_named():
    with pytest.raises(CnnvizError, match="no kernel named 'gauss'"):
        Shrinking(strided_kernel="gauss").apply("strided", picture(1, 1, 4, 4))
    with pytest.raises(CnnvizError, match="kernel spans 5"):
        Shrinking(5).shrink(picture(1, 1, 4, 4))


@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(0, 1),
    st.booleans(),
    st.integers(-2, 2),
    st.integers(0, 99),
)
def test_nothing_but_rounding_is_left_of_a_shift_by_whole_steps(
    size, stride, padding, ceil_mode, steps, seed
):
    # Any window and padding: what reaches the border is left aside.
    shrinking = Shrinking(size, stride, min(padding, size // 2), ceil_mode)
    responses = shift_responses(shrinking, picture(1, 2, 12, 24, seed=seed), (0, steps * stride))
    for way in LOCAL:
        assert responses[way].misfit == pytest.approx(0, abs=1e-6)


@given(st.integers(1, 4), st.integers(2, 4), st.integers(1, 7), st.integers(0, 99))
def test_what_is_left_of_any_shift_is_the_least_that_a_move_leaves(size, stride, pixels, seed):
    # No padding: the outputs that the border cannot reach start `pixels` later.
    shrinking = Shrinking(size, stride)
    x = picture(1, 1, 8, 30, seed=seed)
    moved = torch.from_numpy(np.roll(x, pixels, 3))
    responses = shift_responses(shrinking, x, (0, pixels))
    for way in LOCAL:
        before, after = (by_torch(shrinking, way, image)[0, 0] for image in (x, moved))
        left = []
        for steps in (pixels // stride, -(-pixels // stride)):
            kept = [j for j in range(after.shape[1]) if j * stride >= pixels and j >= steps]
            left.append(max(float((after[:, j] - before[:, j - steps]).abs().max()) for j in kept))
        assert responses[way].misfit == pytest.approx(min(left), abs=1e-6)


def test_where_every_window_reaches_the_border_nothing_is_said_of_the_inside():
    responses = shift_responses(Shrinking(5, 1, 2), picture(1, 1, 5, 5), (0, 1))
    assert all(responses[way].misfit is None for way in LOCAL)
    assert responses["global"].misfit == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_only_the_strided_convolution_has_parameters(channels):
    layer = torch.nn.Conv2d(channels, channels, 4, groups=channels, bias=False)
    counts = {way: Shrinking(4, 2).parameters(way, channels) for way in WAYS}
    expected = sum(parameter.numel() for parameter in layer.parameters())
    assert counts == dict.fromkeys(WAYS, 0) | {"strided": expected}
