import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from cnnviz.errors import CnnvizError
from cnnviz.ops.equivariance import blur_pool2d, circular_shift, measure_equivariance

SCIPY_MODES = {"zeros": "constant", "reflect": "mirror", "replicate": "nearest", "circular": "wrap"}
TORCH_MODES = {"zeros": "constant", "replicate": "replicate", "circular": "circular"}

shifts = st.tuples(st.integers(-12, 12), st.integers(-12, 12))


def picture(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def convolution(mode, side=3, stride=1):
    """Two channels to three, by PyTorch, padded so that stride 1 keeps the size."""
    weight = picture(3, 2, side, side, seed=1) - 0.4

    def f(x):
        reach = (side // 2,) * 4
        return F.conv2d(F.pad(x, reach, mode=TORCH_MODES[mode]), weight, stride=stride)

    return f


@given(st.integers(1, 6), st.integers(1, 6), shifts)
def test_a_circular_shift_moves_down_and_right_and_round(height, width, shift):
    x = picture(1, 2, height, width)
    shifted = circular_shift(x, *shift)
    for i in range(height):
        for j in range(width):
            source = x[..., (i - shift[0]) % height, (j - shift[1]) % width]
            assert torch.equal(shifted[..., i, j], source)


@settings(max_examples=60)
@given(st.sampled_from([1, 3, 5]), shifts, st.integers(0, 2**31))
def test_circular_padding_at_stride_1_is_equivariant(side, shift, seed):
    f, x = convolution("circular", side), picture(1, 2, 11, 14, seed=seed)
    result = measure_equivariance(f, x, shift)
    assert result.exact
    assert result.output_shift == result.shift == shift
    assert result.relative <= 1e-6
    np.testing.assert_allclose(result.shifted_mapped, np.roll(f(x)[0], shift, (1, 2)))


@settings(max_examples=60)
@given(st.sampled_from(list(TORCH_MODES)), shifts, st.integers(1, 3), st.integers(0, 2**31))
def test_every_number_is_measured(mode, shift, stride, seed):
    f, x = convolution(mode, stride=stride), picture(1, 2, 12, 18, seed=seed)
    result = measure_equivariance(f, x, shift, stride)
    mapped = f(torch.from_numpy(np.roll(x, shift, (2, 3))))[0].numpy()
    plain = f(x)[0].numpy()
    shifted = np.roll(plain, result.output_shift, (1, 2))
    gap, scale = np.abs(mapped - shifted), np.abs(plain).max()
    np.testing.assert_allclose(result.mapped_shifted, mapped)
    np.testing.assert_allclose(result.shifted_mapped, shifted)
    np.testing.assert_allclose(result.difference, gap.max(0), atol=1e-7)
    assert result.largest == pytest.approx(gap.max(), abs=1e-7)
    assert result.relative == pytest.approx(gap.max() / scale, abs=1e-6)
    assert result.invariance == pytest.approx(np.abs(mapped - plain).max() / scale, abs=1e-6)
    assert result.exact == (shift[0] % stride == shift[1] % stride == 0)
    for steps, pixels in zip(result.output_shift, shift, strict=True):
        assert abs(steps * stride - pixels) <= stride / 2


def near_border(size, reach, shift):
    """Which places lie within reach of the border, before the output is shifted or after."""
    border = (np.arange(size) < reach) | (np.arange(size) >= size - reach)
    return border | np.roll(border, shift)


@settings(max_examples=60)
@given(st.sampled_from(["zeros", "replicate"]), st.sampled_from([3, 5]), shifts, st.integers(0, 2**31))
def test_other_padding_breaks_it_within_reach_of_the_border_only(mode, side, shift, seed):
    height, width = 24, 29
    x = picture(1, 2, height, width, seed=seed)
    result = measure_equivariance(convolution(mode, side), x, shift)
    rows = near_border(height, side // 2, shift[0]) & (shift[0] != 0)
    columns = near_border(width, side // 2, shift[1]) & (shift[1] != 0)
    broken = result.difference > 1e-6
    assert not (broken & ~(rows[:, None] | columns)).any()
    # And there it does break: along the whole of both borders.
    assert broken[rows].any(1).all() and broken[:, columns].any(0).all()
    assert (result.relative > 0.01) == (shift != (0, 0))


@settings(max_examples=60)
@given(st.integers(2, 4), shifts, st.integers(0, 2**31))
def test_a_stride_keeps_it_for_multiples_of_itself_only(stride, shift, seed):
    x = picture(1, 2, 4 * stride, 5 * stride, seed=seed)
    result = measure_equivariance(convolution("circular", stride=stride), x, shift, stride)
    multiple = shift[0] % stride == 0 and shift[1] % stride == 0
    assert result.exact == multiple
    assert (result.relative <= 1e-6) == multiple
    if multiple:
        assert result.output_shift == (shift[0] // stride, shift[1] // stride)


@settings(max_examples=40)
@given(shifts, st.integers(0, 2**31))
def test_max_pooling_likewise(shift, seed):
    result = measure_equivariance(lambda x: F.max_pool2d(x, 2), picture(1, 2, 10, 12, seed=seed), shift, 2)
    even = shift[0] % 2 == 0 and shift[1] % 2 == 0
    assert (result.relative == 0) == result.exact == even


def test_what_depends_on_the_place_is_found_out_by_exactly_how_much():
    ramp = torch.arange(8.0).expand(1, 1, 8, 8)
    result = measure_equivariance(lambda x: x + ramp, torch.zeros(1, 1, 8, 8), (0, 3))
    # Columns 3 to 7 differ by 3, those that went round by 8 − 3.
    assert result.difference.tolist() == [[5, 5, 5, 3, 3, 3, 3, 3]] * 8
    assert (result.largest, result.relative, result.invariance) == (5, 5 / 7, 0)


def test_equivariant_is_not_invariant_and_the_reverse():
    x = picture(1, 3, 9, 9)
    identity = measure_equivariance(lambda x: x, x, (2, 3))
    moved = np.abs(np.roll(x, (2, 3), (2, 3)) - x.numpy()).max() / x.max().item()
    assert identity.relative == 0
    assert identity.invariance == pytest.approx(moved) and moved > 0.5
    pooled = measure_equivariance(lambda x: F.adaptive_avg_pool2d(x, 1), x, (2, 3), 9)
    assert pooled.invariance <= 1e-6 and not pooled.exact


def test_a_map_that_is_0_everywhere_does_not_divide_by_0():
    result = measure_equivariance(torch.zeros_like, picture(1, 1, 4, 4), (1, 1))
    assert (result.largest, result.relative, result.invariance) == (0, 0, 0)


def test_results_are_float32_without_gradients_and_cannot_be_changed():
    weight = torch.rand(2, 3, 1, 1, requires_grad=True)
    result = measure_equivariance(lambda x: F.conv2d(x, weight), picture(1, 3, 5, 6), (1, 0))
    arrays = result.mapped_shifted, result.shifted_mapped, result.difference
    assert [a.shape for a in arrays] == [(2, 5, 6), (2, 5, 6), (5, 6)]
    for array in arrays:
        assert array.dtype == np.float32
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_jump_below_1_and_vectors_are_refused():
    with pytest.raises(CnnvizError, match="jump must be at least 1, not 0"):
        measure_equivariance(lambda x: x, picture(1, 1, 4, 4), (1, 1), 0)
    with pytest.raises(CnnvizError, match=r"feature maps \(1, C, H, W\), not \(1, 16\)"):
        measure_equivariance(lambda x: x.flatten(1), picture(1, 1, 4, 4), (1, 1))


@pytest.mark.parametrize("mode", SCIPY_MODES)
@given(st.integers(2, 9), st.integers(2, 9), st.integers(1, 4), st.integers(0, 2**31))
def test_blur_pooling_is_a_binomial_blur_and_every_nth_pixel(mode, height, width, stride, seed):
    x = picture(2, 3, height, width, seed=seed).double()
    binomial = np.array([1, 2, 1]) / 4
    blurred = x.numpy()
    for axis in (2, 3):
        blurred = ndimage.correlate1d(blurred, binomial, axis, mode=SCIPY_MODES[mode])
    np.testing.assert_allclose(blur_pool2d(x, stride, mode), blurred[:, :, ::stride, ::stride], rtol=1e-12)


def test_blur_pooling_reflects_unless_asked_otherwise():
    x = picture(1, 1, 5, 5)
    assert torch.equal(blur_pool2d(x, 2), blur_pool2d(x, 2, "reflect"))
    assert not torch.allclose(blur_pool2d(x, 2), blur_pool2d(x, 2, "zeros"))


def test_the_blur_removes_what_sub_sampling_cannot_represent():
    checkerboard = (torch.arange(8)[:, None] + torch.arange(8)).remainder(2).float()[None, None]
    assert torch.equal(blur_pool2d(checkerboard, 2, "circular"), torch.full((1, 1, 4, 4), 0.5))


def test_blur_pooling_names_what_it_cannot_do():
    with pytest.raises(CnnvizError, match=r"stride must be .* at least 1"):
        blur_pool2d(picture(1, 1, 4, 4), 0)
    with pytest.raises(CnnvizError, match=r"reflect padding of 1 .* at most 0"):
        blur_pool2d(picture(1, 1, 1, 4), 2)
    with pytest.raises(CnnvizError, match="padding_mode must be one of"):
        blur_pool2d(picture(1, 1, 4, 4), 2, "mirror")
