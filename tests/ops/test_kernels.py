import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from skimage import filters

from cnnviz.errors import CnnvizError
from cnnviz.ops.convolution import conv2d
from cnnviz.ops.kernels import kernel, kernel_names, named_kernel

FIXED = ["sharpen", "scharr_x", "scharr_y", "laplacian", "emboss"]
FREE = ["identity", "box", "gaussian", "sobel_x", "sobel_y", "gabor", "random"]

NOISE = np.random.default_rng(0).random((24, 31))
RISING_RIGHT = np.tile(np.arange(20.0), (18, 1))
RISING_DOWN = RISING_RIGHT.T


def correlate_inside(picture, weights):
    """Valid correlation by SciPy, the border left out."""
    margin = tuple(slice(n, -n) for n in weights.shape)
    return ndimage.correlate(picture, weights)[margin]


@pytest.mark.parametrize(
    ("name", "reference", "factor"),
    [
        ("sobel_x", filters.sobel_v, 4),
        ("sobel_y", filters.sobel_h, 4),
        ("scharr_x", filters.scharr_v, 16),
        ("scharr_y", filters.scharr_h, 16),
        ("laplacian", filters.laplace, -1),
    ],
)
def test_edge_kernels_are_those_of_scikit_image(name, reference, factor):
    weights = kernel(name)
    expected = factor * reference(NOISE)[3:-3, 3:-3]
    np.testing.assert_allclose(correlate_inside(NOISE, weights), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("size", "derivative", "smoothing"),
    [  # as OpenCV's manual lists them for getDerivKernels
        (3, [-1, 0, 1], [1, 2, 1]),
        (5, [-1, -2, 0, 2, 1], [1, 4, 6, 4, 1]),
        (7, [-1, -4, -5, 0, 5, 4, 1], [1, 6, 15, 20, 15, 6, 1]),
    ],
)
def test_larger_sobel_kernels_are_those_of_opencv(size, derivative, smoothing):
    np.testing.assert_array_equal(kernel("sobel_x", size), np.outer(smoothing, derivative))
    np.testing.assert_array_equal(kernel("sobel_y", size), np.outer(derivative, smoothing))


@pytest.mark.parametrize("size", [(2, 2), (3, 3), (4, 4), (5, 5), (2, 5), (7, 4), (1, 2), (1, 3)])
def test_sobel_answers_to_its_own_direction_only(size):
    along_x, along_y = kernel("sobel_x", size), kernel("sobel_y", size[::-1])
    assert (correlate_inside(RISING_RIGHT, along_x) > 0).all()
    assert (correlate_inside(RISING_DOWN, along_y) > 0).all()
    np.testing.assert_allclose(correlate_inside(RISING_DOWN, along_x), 0, atol=1e-9)
    np.testing.assert_allclose(correlate_inside(RISING_RIGHT, along_y), 0, atol=1e-9)


@pytest.mark.parametrize("sigma", [0.3, 0.8, 1.0, 2.5, 5.0])
@pytest.mark.parametrize("radius", [1, 2, 5])
def test_gaussian_is_that_of_scipy(radius, sigma):
    size = 2 * radius + 1
    impulse = np.zeros((size, size))
    impulse[radius, radius] = 1
    expected = ndimage.gaussian_filter(impulse, sigma, radius=radius, mode="constant")
    np.testing.assert_allclose(kernel("gaussian", size, sigma=sigma), expected, atol=1e-15)


@given(st.integers(1, 9), st.integers(1, 9), st.floats(0.3, 5))
def test_gaussian_sums_to_one_and_is_separable(height, width, sigma):
    weights = kernel("gaussian", (height, width), sigma=sigma)
    assert weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(weights, np.outer(weights.sum(axis=1), weights.sum(axis=0)), atol=1e-12)
    np.testing.assert_allclose(weights, weights[::-1, ::-1], atol=1e-15)


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 135, 180])
@pytest.mark.parametrize("wavelength", [2, 4, 7.5, 16])
@pytest.mark.parametrize("size", [(3, 3), (9, 9), (7, 5)])
def test_gabor_is_that_of_scikit_image(size, angle, wavelength):
    sigma = 0.56 * wavelength
    whole = filters.gabor_kernel(
        1 / wavelength, theta=np.radians(angle), sigma_x=sigma, sigma_y=sigma, n_stds=10
    )
    middle = tuple(slice(n // 2 - half, n // 2 + half + 1) for n, half in zip(
        whole.shape, (size[0] // 2, size[1] // 2), strict=True))  # fmt: skip
    reference = whole[middle]
    expected = reference.real / np.abs(reference).sum()
    np.testing.assert_allclose(
        kernel("gabor", size, angle=angle, wavelength=wavelength), expected, atol=1e-12
    )


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 3), (4, 5), (6, 1)])
def test_identity_copies_the_picture(size):
    weight = torch.tensor(kernel("identity", size))[None, None]
    picture = torch.from_numpy(NOISE)[None, None]
    padded = torch.nn.functional.pad(
        picture, ((size[1] - 1) // 2, size[1] // 2, (size[0] - 1) // 2, size[0] // 2)
    )
    assert torch.equal(conv2d(padded, weight), picture)


@pytest.mark.parametrize("size", [1, 2, 3, (2, 5), 7])
def test_box_is_the_mean_of_its_window(size):
    weight = torch.tensor(kernel("box", size))[None, None]
    picture = torch.from_numpy(NOISE)[None, None]
    expected = torch.nn.functional.avg_pool2d(picture, size, stride=1)
    torch.testing.assert_close(conv2d(picture, weight), expected)


def test_sharpen_is_the_picture_less_its_laplacian():
    expected = kernel("identity") - kernel("laplacian")
    np.testing.assert_array_equal(kernel("sharpen"), expected)


def test_emboss_is_lit_from_the_top_left():
    def light(slope):
        return correlate_inside(1.0 + slope, kernel("emboss"))[0, 0] - (1.0 + slope)[3, 3]

    down_right = RISING_DOWN[:18, :18] + RISING_RIGHT[:18, :18]
    assert light(down_right) > 0 > light(-down_right)
    assert light(np.zeros((9, 9))) == pytest.approx(0)


@pytest.mark.parametrize(
    ("name", "total"),
    [
        ("identity", 1), ("box", 1), ("gaussian", 1), ("sharpen", 1), ("emboss", 1),
        ("sobel_x", 0), ("sobel_y", 0), ("scharr_x", 0), ("scharr_y", 0), ("laplacian", 0),
    ],
)  # fmt: skip
def test_what_a_kernel_makes_of_a_flat_picture(name, total):
    assert kernel(name).sum() == pytest.approx(total)


def test_laplacian_is_zero_on_a_slope_and_signs_spots():
    weights = kernel("laplacian")
    slope = RISING_RIGHT[:, :18] + 2 * RISING_DOWN[:18]
    np.testing.assert_allclose(correlate_inside(slope, weights), 0, atol=1e-12)
    bright = np.zeros((9, 9))
    bright[4, 4] = 1
    assert correlate_inside(bright, weights)[1, 1] == -4
    assert correlate_inside(-bright, weights)[1, 1] == 4


def test_random_has_the_variance_of_he():
    weights = kernel("random", (180, 220))
    assert weights.var() * weights.size == pytest.approx(2, rel=0.03)
    assert abs(weights.mean()) < 4 * weights.std() / np.sqrt(weights.size)


def test_random_repeats_with_its_seed():
    np.testing.assert_array_equal(kernel("random", 5, seed=7), kernel("random", 5, seed=7))
    assert not np.array_equal(kernel("random", 5, seed=7), kernel("random", 5, seed=8))


def test_every_kernel_is_either_fixed_or_free():
    assert sorted(kernel_names()) == sorted(FIXED + FREE)
    assert [name for name in kernel_names() if named_kernel(name).fixed] == FIXED


@pytest.mark.parametrize("name", FIXED + FREE)
def test_every_kernel_is_locked_float64(name):
    weights = kernel(name, 3)
    assert (weights.shape, weights.dtype) == ((3, 3), np.float64)
    with pytest.raises(ValueError, match="read-only"):
        weights[0, 0] = 1
    assert np.abs(weights).sum() > 0


@pytest.mark.parametrize("name", FREE)
@pytest.mark.parametrize("size", [(2, 5), (4, 4), (7, 2)])
def test_free_kernels_come_in_any_shape(name, size):
    assert kernel(name, size).shape == size


@pytest.mark.parametrize("name", FIXED)
@pytest.mark.parametrize("size", [1, 2, 4, 5, (3, 5), (5, 3)])
def test_fixed_kernels_refuse_other_sizes(name, size):
    with pytest.raises(CnnvizError, match="exactly 3×3, not"):
        kernel(name, size)


@pytest.mark.parametrize(
    ("name", "size", "smallest"), [("sobel_x", (3, 1), "1×2"), ("sobel_y", (1, 3), "2×1")]
)
def test_a_derivative_needs_two_samples(name, size, smallest):
    with pytest.raises(CnnvizError, match=f"at least {smallest}"):
        kernel(name, size)


@pytest.mark.parametrize("size", [0, -1, (3, 0), 2.5, "a", None, True, (1, 2, 3)])
@pytest.mark.parametrize("name", ["box", "gaussian", "sharpen"])
def test_a_size_must_be_one_or_two_whole_numbers(name, size):
    with pytest.raises(CnnvizError, match=r"kernel_size must be|is defined at"):
        kernel(name, size)


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("gaussian", {"sigma": 0.0}, "sigma of Gaussian blur must lie from 0.3 to 5, not 0"),
        ("gaussian", {"sigma": 5.1}, "from 0.3 to 5, not 5.1"),
        ("gaussian", {"sigma": float("nan")}, "not nan"),
        ("gaussian", {"sigma": float("inf")}, "not inf"),
        ("gabor", {"angle": -1}, "angle of Gabor must lie from 0 to 180"),
        ("gabor", {"angle": 181}, "angle of Gabor must lie from 0 to 180"),
        ("gabor", {"wavelength": 1.9}, "wavelength of Gabor must lie from 2 to 16"),
        ("gabor", {"wavelength": 17}, "wavelength of Gabor must lie from 2 to 16"),
        ("random", {"seed": -1}, "seed of Random must lie from 0 to 99"),
        ("random", {"seed": 100}, "seed of Random must lie from 0 to 99"),
        ("box", {"sigma": 1}, "Box blur has no parameter 'sigma'"),
        ("gaussian", {"sigmas": 1}, "Gaussian blur has no parameter 'sigmas'"),
    ],
)
def test_parameters_out_of_range_are_refused(name, parameters, message):
    with pytest.raises(CnnvizError, match=message):
        kernel(name, 5, **parameters)


@pytest.mark.parametrize("name", FREE)
def test_the_ends_of_every_range_are_allowed_and_the_defaults_lie_within(name):
    for parameter in named_kernel(name).parameters:
        ends = [kernel(name, 5, **{parameter.name: end}) for end in (parameter.minimum, parameter.maximum)]
        assert all(np.isfinite(weights).all() for weights in ends)
        default = kernel(name, 5, **{parameter.name: parameter.default})
        np.testing.assert_array_equal(kernel(name, 5), default)


@pytest.mark.parametrize("name", ["sobel", "", "Box"])
def test_an_unknown_kernel_is_answered_with_the_names_there_are(name):
    with pytest.raises(CnnvizError, match=f"no kernel named '{name}'.*identity, box, gaussian"):
        kernel(name)


def test_every_kernel_says_what_it_does():
    for name in kernel_names():
        named = named_kernel(name)
        assert named.label and named.effect.endswith("."), name
