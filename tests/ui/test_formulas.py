"""The numbers in the formulas are those of the arithmetic."""

import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cnnviz.ops.filtering import CHANNEL_MODES, PictureFilter
from cnnviz.ops.geometry import Window
from cnnviz.ui.formulas import cost_formula, number, output_size_formula, power_of_ten

axes = st.builds(Window, st.integers(1, 15), st.integers(1, 8), st.integers(0, 15), st.integers(1, 8))
sizes = st.integers(1, 336)


def evaluated(latex):
    """Each \\lfloor a / b \\rfloor + 1 = result in the LaTeX, worked out, beside the result it states."""
    fraction = r"\\frac\{(\d+) \+ 2\\cdot(\d+) - (\d+)\((\d+) - 1\) - 1\}\{(\d+)\}"
    pattern = rf"\\lfloor {fraction} \\right\\rfloor \+ 1 = \\mathbf\{{(\d+)\}}"
    for groups in re.findall(pattern, latex):
        n, p, d, k, s, result = map(int, groups)
        yield (n + 2 * p - d * (k - 1) - 1) // s + 1, result


@given(axes, axes, sizes, sizes)
def test_the_output_sizes_are_those_of_the_window(rows, columns, height, width):
    assume(rows.padded_size(height) >= rows.effective_kernel_size)
    assume(columns.padded_size(width) >= columns.effective_kernel_size)
    found = list(evaluated(output_size_formula(rows, columns, height, width)))
    assert found == [(rows.output_size(height),) * 2, (columns.output_size(width),) * 2]


@given(axes, axes, st.sampled_from(CHANNEL_MODES), st.sampled_from([0.0, 0.5]))
def test_the_costs_are_those_of_the_layer(rows, columns, channels, bias):
    layer = PictureFilter(
        np.ones((rows.kernel_size, columns.kernel_size)), channels, rows, columns, bias=bias
    )
    latex = cost_formula(layer, 336, 300)
    parameters, macs = (
        int(text.replace("{,}", "")) for text in re.findall(r"\\mathbf\{((?:\d|\{,\})+)\}", latex)
    )
    assert (parameters, macs) == (layer.parameters, layer.macs(336, 300))
    products = re.findall(r"(\d+(?:\\cdot\d+)+)( \+ \d+)? = ", latex.replace("{,}", ""))
    terms = [
        np.prod([int(f) for f in product.split(r"\cdot")]) + int(plus[3:] or 0) for product, plus in products
    ]
    assert terms == [parameters, macs]
    assert (r"\text{out}" in latex.split("k_h k_w")[1]) == bool(bias)


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (999, "999"), (1000, "1{,}000"), (483_385_147_392, "483{,}385{,}147{,}392")]
)
def test_thousands_are_separated(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1.9e-6, "1.9·10⁻⁶"),
        (1e-7, "1.0·10⁻⁷"),
        (2.5, "2.5·10⁰"),
        (9.96e-7, "1.0·10⁻⁶"),
        (4.2e-12, "4.2·10⁻¹²"),
    ],
)
def test_small_numbers_are_written_as_powers_of_ten(value, text):
    assert power_of_ten(value) == text


@given(st.floats(1e-12, 1e3))
def test_a_power_of_ten_has_one_digit_before_the_point(value):
    mantissa, _, exponent = power_of_ten(value).partition("·10")
    assert re.fullmatch(r"[1-9]\.\d", mantissa)
    digits = exponent.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    assert float(f"{mantissa}e{digits}") == pytest.approx(value, rel=0.051)
