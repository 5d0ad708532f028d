import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cnnviz.errors import CnnvizError
from cnnviz.ops.geometry import Window
from cnnviz.ops.upsampling import stamp, upsample

NAMES = ("ones", "bilinear", "random")


def picture(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@st.composite
def layers(draw):
    """A stamp and its window."""
    size, stride = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    dilation = draw(st.integers(1, 2))
    padding = draw(st.integers(0, (size - 1) // 2))
    weights = stamp(draw(st.sampled_from(NAMES)), size, stride, draw(st.integers(0, 99)))
    return weights, Window(size, stride, padding, dilation)


def each_channel(layer, x, kernel):
    """Apply a layer of PyTorch to each channel by itself, as a batch of pictures of one channel."""
    y = layer(x.reshape(-1, 1, *x.shape[2:]), kernel[None, None])
    return y.reshape(*x.shape[:2], *y.shape[2:])[0]


@settings(max_examples=150)
@given(layers(), st.integers(2, 6), st.integers(2, 6), st.integers(0, 2**31))
def test_transposed_is_the_transposed_convolution_of_torch(layer, height, width, seed):
    weights, window = layer
    x = picture(1, 3, height, width, seed=seed)

    def enlarge(x, kernel):
        return F.conv_transpose2d(
            x, kernel, stride=window.stride, padding=window.padding, dilation=window.dilation
        )

    result = upsample(x, weights, window)
    expected = each_channel(enlarge, x, torch.from_numpy(weights.copy()).float())
    np.testing.assert_allclose(result.transposed, expected, rtol=1e-5, atol=1e-6)
    counts = enlarge(torch.ones(1, 1, height, width), torch.ones(1, 1, *weights.shape))[0, 0]
    np.testing.assert_array_equal(result.counts, counts.round())


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
@given(layers(), st.integers(2, 6), st.integers(2, 6), st.integers(0, 2**31))
def test_resized_is_interpolation_and_a_convolution_that_keeps_the_size(mode, layer, height, width, seed):
    weights, window = layer
    x = picture(1, 3, height, width, seed=seed)
    size = height * window.stride, width * window.stride
    reach = window.dilation * (window.kernel_size - 1)
    before, after = reach // 2, reach - reach // 2

    def enlarge(x, kernel):
        options = {} if mode == "nearest" else {"align_corners": False}
        larger = F.interpolate(x, size=size, mode=mode, **options)
        larger = F.pad(larger, (before, after, before, after), mode="replicate")
        return F.conv2d(larger, kernel, dilation=window.dilation)

    kernel = torch.from_numpy(weights / weights.sum()).float()
    result = upsample(x, weights, window, mode)
    assert result.resized.shape == (3, *size)
    np.testing.assert_allclose(result.resized, each_channel(enlarge, x, kernel), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("stride", range(1, 7))
def test_the_bilinear_stamp_interpolates_as_torch_does(stride):
    size = 2 * stride - stride % 2
    x = picture(1, 2, 6, 7)
    result = upsample(x, stamp("bilinear", size, stride), Window(size, stride, (size - stride) // 2))
    expected = F.interpolate(x, scale_factor=stride, mode="bilinear", align_corners=False)[0]
    assert result.transposed.shape == expected.shape
    inner = (slice(None), slice(stride, -stride), slice(stride, -stride))
    np.testing.assert_allclose(result.transposed[inner], expected[inner], atol=1e-6)


def brute_force_ripple(weights, window):
    """One period from the middle of what PyTorch makes of many ones."""
    n, stride = 24, window.stride
    ones = torch.ones(1, 1, n, n, dtype=torch.float64)
    kernel = torch.from_numpy(np.array(weights, dtype=float))[None, None]
    flat = F.conv_transpose2d(ones, kernel, stride=stride, dilation=window.dilation)[0, 0]
    start = n // 2 * stride
    period = flat[start : start + stride, start : start + stride]
    return ((period.max() - period.min()) / period.mean()).item()


def phase_sums(weights, window):
    """The weights that meet in one output pixel: their places agree modulo the stride."""
    stride = window.stride
    sums = np.zeros((stride, stride))
    for (m, n), weight in np.ndenumerate(weights):
        sums[m * window.dilation % stride, n * window.dilation % stride] += weight
    return sums


@settings(max_examples=200)
@given(layers())
@example((stamp("bilinear", 3, 2), Window(3, 2)))
@example((stamp("ones", 3, 2), Window(3, 2)))
@example((stamp("ones", 12, 1), Window(12, 1)))
@example((np.ones((15, 15)), Window(15, 2)))
def test_ripple_is_that_of_ones_away_from_the_border(layer):
    weights, window = layer
    ripple = upsample(picture(1, 1, 12, 12), weights, window).ripple
    assert ripple == pytest.approx(brute_force_ripple(weights, window), rel=1e-9, abs=1e-12)
    sums = phase_sums(weights, window)
    assert (ripple < 1e-12) == (np.ptp(sums) < 1e-12 * sums.max())


def test_ripple_by_hand():
    # Of 2×2 phases of nine ones, one gets 4 and one gets 1; the mean is 9 / 4.
    assert upsample(picture(1, 1, 3, 3), np.ones((3, 3)), Window(3, 2)).ripple == pytest.approx(3 / 2.25)
    # A stamp smaller than its stride leaves gaps: 1 of 9 pixels is 1.
    assert upsample(picture(1, 1, 3, 3), np.ones((1, 1)), Window(1, 3)).ripple == pytest.approx(9)


@pytest.mark.parametrize("stride", range(1, 5))
@pytest.mark.parametrize("size", range(1, 7))
def test_ones_ripple_unless_the_kernel_is_a_multiple_of_the_stride(size, stride):
    ripple = upsample(picture(1, 1, 3, 3), stamp("ones", size, stride), Window(size, stride)).ripple
    assert (ripple == 0) == (size % stride == 0)


@given(st.integers(2, 4), st.integers(2, 7), st.integers(0, 2**31))
def test_weights_can_make_up_for_uneven_overlaps(stride, size, seed):
    if size < stride:
        size += stride
    window = Window(size, stride)
    weights = np.random.default_rng(seed).uniform(0.5, 1.5, (size, size))
    sums = phase_sums(weights, window)
    place = np.arange(size) % stride
    even = weights / sums[place[:, None], place]
    x = picture(1, 1, 3, 3)
    assert upsample(x, even, window).ripple < 1e-12 < upsample(x, weights, window).ripple


@given(st.sampled_from(["bilinear", "random"]), st.integers(1, 9), st.integers(1, 5), st.integers(0, 99))
def test_a_stamp_keeps_the_brightness(name, size, stride, seed):
    weights = stamp(name, size, stride, seed)
    assert weights.shape == (size, size) and (weights >= 0).all()
    assert weights.sum() == pytest.approx(stride**2)
    n = size + 2
    ones, kernel = torch.ones(1, 1, n, n).double(), torch.from_numpy(weights.copy())[None, None]
    flat = F.conv_transpose2d(ones, kernel, stride=stride)[0, 0]
    assert flat[size : size + stride, size : size + stride].mean().item() == pytest.approx(1)


def test_stamps_by_hand():
    assert stamp("ones", 2, 3).tolist() == [[1, 1], [1, 1]]
    np.testing.assert_allclose(stamp("bilinear", 4, 2)[1], 0.75 * np.array([0.25, 0.75, 0.75, 0.25]))
    np.testing.assert_allclose(stamp("bilinear", 3, 2), np.outer([0.5, 1, 0.5], [0.5, 1, 0.5]))


def test_a_random_stamp_depends_on_its_seed_alone():
    assert np.array_equal(stamp("random", 3, 2, 5), stamp("random", 3, 2, 5))
    assert not np.allclose(stamp("random", 3, 2, 5), stamp("random", 3, 2, 6))


def test_an_even_picture_stays_even_where_every_pixel_is_made_alike():
    x = torch.full((1, 2, 4, 5), 0.25)
    result = upsample(x, stamp("random", 3, 2), Window(3, 2))
    np.testing.assert_allclose(result.resized, 0.25, atol=1e-6)
    assert np.ptp(result.transposed[:, 3:-3, 3:-3]) > 0.01


def test_results_are_float32_and_cannot_be_changed():
    x, weights = picture(1, 2, 4, 4), stamp("bilinear", 4, 2)
    before = x.clone()
    result = upsample(x, weights, Window(4, 2, 1))
    assert result.transposed.dtype == result.resized.dtype == np.float32
    for array in (weights, result.transposed, result.resized, result.counts):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    assert torch.equal(x, before)


def test_padding_that_leaves_nothing_is_named():
    with pytest.raises(CnnvizError, match="Padding of 2 cuts the whole output away"):
        upsample(picture(1, 1, 2, 2), np.ones((2, 2)), Window(2, 1, 2))
