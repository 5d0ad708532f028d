"""The numbers in the formulas are those of the arithmetic."""

import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cnnviz.ops.filtering import CHANNEL_MODES, PictureFilter
from cnnviz.ops.geometry import Window
from cnnviz.ui.components.equations import as_text, result
from cnnviz.ui.sliding.size_formulas import cost_formula, output_size_formula

axes = st.builds(Window, st.integers(1, 15), st.integers(1, 8), st.integers(0, 15), st.integers(1, 8))
sizes = st.integers(1, 336)


def text_of(equations):
    return [as_text(right) for _, right in equations]


def evaluated(line):
    """⌊(a) / (b)⌋ + 1 = result, worked out, beside the result that the line states."""
    pattern = r"⌊\((\d+) \+ 2·(\d+) − (\d+)·\((\d+) − 1\) − 1\) / \((\d+)\)⌋ \+ 1 = (\d+)"
    n, p, d, k, s, result = map(int, re.fullmatch(pattern, line).groups())
    return (n + 2 * p - d * (k - 1) - 1) // s + 1, result


@given(axes, axes, sizes, sizes)
def test_the_output_sizes_are_those_of_the_window(rows, columns, height, width):
    assume(rows.padded_size(height) >= rows.effective_kernel_size)
    assume(columns.padded_size(width) >= columns.effective_kernel_size)
    _, *lines = text_of(output_size_formula(rows, columns, height, width))
    assert evaluated(lines[0]) == (rows.output_size(height),) * 2
    assert evaluated(lines[1]) == (columns.output_size(width),) * 2


def test_the_output_size_stands_in_symbols_first():
    window = Window(3)
    assert text_of(output_size_formula(window, window, 9, 9))[0] == "⌊(n + 2p − d(k − 1) − 1) / (s)⌋ + 1"


@given(axes, axes, st.sampled_from(CHANNEL_MODES), st.sampled_from([0.0, 0.5]))
def test_the_costs_are_those_of_the_layer(rows, columns, channels, bias):
    layer = PictureFilter(
        np.ones((rows.kernel_size, columns.kernel_size)), channels, rows, columns, bias=bias
    )
    symbols, parameters, _, macs = text_of(cost_formula(layer, 336, 300))
    assert worked_out(parameters) == (layer.parameters,) * 2
    assert worked_out(macs) == (layer.macs(336, 300),) * 2
    assert symbols.endswith("+ out") == bool(bias)


def worked_out(line):
    """a·b + c = result, worked out, beside the result that the line states."""
    left, result = line.replace(",", "").split(" = ")
    products = [
        np.prod([int(factor) for factor in term.split("·")], dtype=np.int64) for term in left.split(" + ")
    ]
    return int(sum(products)), int(result)


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (999, "999"), (1000, "1,000"), (483_385_147_392, "483,385,147,392")]
)
def test_thousands_are_separated(value, text):
    assert as_text([result(value)]) == text
