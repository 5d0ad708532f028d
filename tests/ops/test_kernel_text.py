import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from cnnviz.errors import CnnvizError
from cnnviz.ops.kernel_text import MAX_SIZE, format_kernel, parse_kernel, resized_kernel

SOBEL = [[1, 0, -1], [2, 0, -2], [1, 0, -1]]

kernels = npst.arrays(
    np.float64,
    st.tuples(st.integers(1, MAX_SIZE), st.integers(1, MAX_SIZE)),
    elements=st.floats(-1000, 1000),
)


@given(kernels)
def test_what_is_written_is_read_back_to_six_digits_or_a_millionth(weights):
    np.testing.assert_allclose(parse_kernel(format_kernel(weights)), weights, rtol=5e-6, atol=1e-6)


@given(kernels)
def test_reading_back_once_is_enough(weights):
    once = parse_kernel(format_kernel(weights))
    np.testing.assert_array_equal(parse_kernel(format_kernel(once)), once)


def test_a_kernel_as_it_stands_in_a_link():
    assert format_kernel(np.array(SOBEL)) == "1 0 -1; 2 0 -2; 1 0 -1"
    assert format_kernel(np.array([[1 / 3, 1e-7, -0.0, 2.5]])) == "0.333333 0 0 2.5"


@pytest.mark.parametrize(
    "text",
    [
        "1 0 -1; 2 0 -2; 1 0 -1",
        "1 0 -1;2 0 -2;1 0 -1;",
        "1, 0, -1\n2, 0, -2\n1, 0, -1\n",
        "1 0 -1\r\n2 0 -2\r\n1 0 -1\r\n",
        "1\t0\t-1\n2\t0\t-2\n1\t0\t-1",
        "[[1, 0, -1], [2, 0, -2], [1, 0, -1]]",
        "[[1,0,-1],[2,0,-2],[1,0,-1]]",
        "[[ 1.  0. -1.]\n [ 2.  0. -2.]\n [ 1.  0. -1.]]",
        "((1, 0, -1);\n(2, 0, -2);\n(1, 0, -1))",
        "  1 0 −1 ; 2e0 0.0 −2 ;\n\n +1 -0 −1.000 ",
    ],
)
def test_all_the_ways_to_paste_a_kernel(text):
    np.testing.assert_array_equal(parse_kernel(text), SOBEL)


def test_what_is_read_is_locked_float64():
    weights = parse_kernel("1 2")
    assert (weights.dtype, weights.shape) == (np.float64, (1, 2))
    with pytest.raises(ValueError, match="read-only"):
        weights[0, 0] = 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "rows of equal length"),
        (" ;\n; ", "rows of equal length"),
        ("[]", "rows of equal length"),
        ("1 2; 3", "rows of equal length"),
        ("1 a", "'a' is not a number from"),
        ("1 nan", "'nan' is not a number from"),
        ("inf", "'inf' is not a number from"),
        ("1001", "'1001' is not a number from −1000 to 1000"),
        ("-1000.5", "is not a number from"),
        ("1+2j", "is not a number from"),
        ("x" * 500, f"'{'x' * 20}' is not a number from"),
        (" ".join(["1"] * (MAX_SIZE + 1)), f"at most {MAX_SIZE} rows and {MAX_SIZE} columns"),
        (";".join(["1"] * (MAX_SIZE + 1)), f"at most {MAX_SIZE} rows and {MAX_SIZE} columns"),
    ],
)
def test_what_is_no_kernel_is_refused(text, message):
    with pytest.raises(CnnvizError, match=message):
        parse_kernel(text)


@given(st.text(max_size=60))
def test_any_text_is_a_kernel_or_a_sentence(text):
    try:
        weights = parse_kernel(text)
    except CnnvizError as error:
        assert str(error).endswith(".")
    else:
        assert weights.ndim == 2 and np.isfinite(weights).all()


@given(kernels, st.integers(1, MAX_SIZE), st.integers(1, MAX_SIZE))
def test_resizing_crops_or_surrounds_with_zeros(weights, height, width):
    resized = resized_kernel(weights, height, width)
    assert resized.shape == (height, width)
    assert not resized.flags.writeable
    if height >= weights.shape[0] and width >= weights.shape[1]:
        assert np.abs(resized).sum() == pytest.approx(np.abs(weights).sum())
        np.testing.assert_array_equal(resized_kernel(resized, *weights.shape), weights)
    if height <= weights.shape[0] and width <= weights.shape[1]:
        top, left = (weights.shape[0] - height) // 2, (weights.shape[1] - width) // 2
        np.testing.assert_array_equal(resized, weights[top : top + height, left : left + width])


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (3, 3, SOBEL),
        (1, 1, [[0]]),
        (1, 3, [[2, 0, -2]]),
        (3, 5, [[0, 1, 0, -1, 0], [0, 2, 0, -2, 0], [0, 1, 0, -1, 0]]),
        (5, 1, [[0], [0], [0], [0], [0]]),
        (2, 2, [[1, 0], [2, 0]]),
        (4, 3, [*SOBEL, [0, 0, 0]]),
    ],
)
def test_resizing_by_hand(height, width, expected):
    np.testing.assert_array_equal(resized_kernel(np.array(SOBEL), height, width), expected)
