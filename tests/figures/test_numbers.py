"""Numbers as texts."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.figures.numbers import percent, power_of_ten, significant
from tests.number_cases import CASES


@pytest.mark.parametrize(("value", "text"), CASES)
def test_a_value_has_four_significant_digits(value, text):
    assert significant(value) == text


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float32_is_written_as_the_float_that_it_is(value):
    assert significant(np.float32(value)) == significant(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1.9e-6, "1.9·10⁻⁶"),
        (-1.9e-6, "−1.9·10⁻⁶"),
        (1e-7, "1.0·10⁻⁷"),
        (2.5, "2.5·10⁰"),
        (9.96e-7, "1.0·10⁻⁶"),
        (4.2e-12, "4.2·10⁻¹²"),
    ],
)
def test_rounding_errors_are_powers_of_ten(value, text):
    assert power_of_ten(value) == text


@given(st.floats(1e-12, 1e3))
def test_a_power_of_ten_has_one_digit_before_the_point(value):
    mantissa, _, exponent = power_of_ten(value).partition("·10")
    assert re.fullmatch(r"[1-9]\.\d", mantissa)
    digits = exponent.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    assert float(f"{mantissa}e{digits}") == pytest.approx(value, rel=0.051)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.9712, "97.1 %"),
        (1e-5, "below 0.01 %"),
        (0.99999, "over 99.99 %"),
        (2, "200 %"),
    ],
)
def test_a_share_is_in_percent(share, text):
    assert percent(share) == text
