import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cnnviz.errors import CnnvizError
from cnnviz.ops.coverage import read_counts, stack_coverage
from cnnviz.ops.geometry import PADDING_MODES, Window

windows = st.builds(
    Window,
    kernel_size=st.integers(1, 4),
    stride=st.integers(1, 4),
    padding=st.integers(0, 3),
    dilation=st.integers(1, 3),
)
stacks = st.lists(windows, min_size=1, max_size=4)


def field_size(layers):
    """r ← r + (k_eff − 1)·j, then j ← j·s."""
    size, jump = 1, 1
    for layer in layers:
        size += layer.dilation * (layer.kernel_size - 1) * jump
        jump *= layer.stride
    return size


def paths_by_gradient(layers, beyond=0):
    """The input gradient of the first unit of a stack of convolutions whose weights are all 1."""
    x = torch.zeros(1, 1, field_size(layers) + beyond, dtype=torch.float64, requires_grad=True)
    y = x
    for layer in layers:
        ones = torch.ones(1, 1, layer.kernel_size, dtype=torch.float64)
        y = F.conv1d(y, ones, stride=layer.stride, dilation=layer.dilation)
    return torch.autograd.grad(y[0, 0, 0], x)[0][0, 0]


def dilated(*dilations, kernel_size=3):
    return [Window(kernel_size, dilation=dilation) for dilation in dilations]


@settings(max_examples=100)
@given(windows, windows, st.integers(4, 12), st.integers(4, 12), st.sampled_from(PADDING_MODES))
def test_copies_in_the_padding_are_reads_of_what_they_copy(rows, columns, height, width, mode):
    x = torch.zeros(1, 1, height, width, dtype=torch.float64, requires_grad=True)
    ones = torch.ones(1, 1, rows.kernel_size, columns.kernel_size, dtype=torch.float64)
    padding = (columns.padding, columns.padding, rows.padding, rows.padding)
    padded = F.pad(x, padding, mode="constant" if mode == "zeros" else mode)
    geometry = [tuple(getattr(w, name) for w in (rows, columns)) for name in ("stride", "dilation")]
    try:
        y = F.conv2d(padded, ones, stride=geometry[0], dilation=geometry[1])
    except RuntimeError:
        return
    expected = torch.autograd.grad(y.sum(), x)[0][0, 0]
    np.testing.assert_array_equal(read_counts(rows, columns, height, width, mode), expected)


@settings(max_examples=250)
@given(windows, windows, st.integers(1, 12), st.integers(1, 12))
@example(Window(2, 3), Window(3, 1, 1), 9, 4)
def test_read_counts_are_the_gradient_of_the_sum_of_the_outputs(rows, columns, height, width):
    x = torch.zeros(1, 1, height, width, dtype=torch.float64, requires_grad=True)
    ones = torch.ones(1, 1, rows.kernel_size, columns.kernel_size, dtype=torch.float64)
    stride, padding, dilation = (
        tuple(getattr(w, name) for w in (rows, columns)) for name in ("stride", "padding", "dilation")
    )
    try:
        y = F.conv2d(x, ones, None, stride, padding, dilation)
    except RuntimeError:
        with pytest.raises(CnnvizError, match="kernel spans"):
            read_counts(rows, columns, height, width)
        return
    counts = read_counts(rows, columns, height, width)
    assert counts.dtype.kind == "i" and counts.shape == (height, width)
    np.testing.assert_array_equal(counts, torch.autograd.grad(y.sum(), x)[0][0, 0])


def test_a_stride_larger_than_the_kernel_skips_pixels_and_the_far_end_is_left_over():
    counts = read_counts(Window(1), Window(2, stride=3), 1, 9)
    assert counts.tolist() == [[1, 1, 0, 1, 1, 0, 1, 1, 0]]


@settings(max_examples=250)
@given(stacks)
def test_paths_are_the_gradient_of_a_stack_of_ones(layers):
    coverage = stack_coverage(layers)
    gradient = paths_by_gradient(layers, beyond=5)
    size = coverage.size
    np.testing.assert_array_equal(coverage.paths, gradient[:size])
    assert not gradient[size:].any() and gradient[0] > 0 and gradient[size - 1] > 0
    assert size == field_size(layers)
    assert coverage.holes == int((gradient[:size] == 0).sum())


@given(stacks)
def test_the_field_lies_evenly_about_its_middle(layers):
    offsets = stack_coverage(layers).offsets
    assert len(offsets) == field_size(layers)
    np.testing.assert_array_equal(offsets, -offsets[::-1])
    np.testing.assert_array_equal(np.diff(offsets), np.ones(len(offsets) - 1))


@settings(max_examples=50)
@given(st.lists(windows, min_size=1, max_size=3))
def test_the_map_is_the_gradient_in_two_dimensions(layers):
    size = field_size(layers)
    x = torch.zeros(1, 1, size, size, dtype=torch.float64, requires_grad=True)
    y = x
    for layer in layers:
        ones = torch.ones(1, 1, layer.kernel_size, layer.kernel_size, dtype=torch.float64)
        y = F.conv2d(y, ones, stride=layer.stride, dilation=layer.dilation)
    assert y.numel() == 1
    np.testing.assert_array_equal(stack_coverage(layers).map(), torch.autograd.grad(y.sum(), x)[0][0, 0])


@pytest.mark.parametrize(
    ("dilations", "size", "holes"),
    [
        ((1,), 3, 0),
        ((1, 1, 1), 7, 0),
        ((2, 2, 2), 13, 6),  # every other sample: gridding
        ((1, 2, 4), 15, 0),
        ((1, 2, 5), 17, 0),
        ((1, 2, 9), 25, 4),  # a last rate too large for what lies below it
        ((2, 4, 8), 29, 14),  # a common factor leaves a grid, however the rates grow
        ((3,), 7, 4),
    ],
)
def test_holes_of_stacks_of_three_taps(dilations, size, holes):
    layers = dilated(*dilations)
    coverage = stack_coverage(layers)
    assert (coverage.size, coverage.holes) == (size, holes)
    assert int((paths_by_gradient(layers) == 0).sum()) == holes


def test_equal_rates_read_one_sample_in_two_and_those_often():
    assert stack_coverage(dilated(2, 2, 2)).paths.tolist() == [1, 0, 3, 0, 6, 0, 7, 0, 6, 0, 3, 0, 1]
    assert stack_coverage(dilated(1, 1, 1)).paths.tolist() == [1, 3, 6, 7, 6, 3, 1]


def test_a_layer_counts_in_the_steps_of_the_layers_below_it():
    # 3×3 with stride 2, then 3×3: taps of the second lie 2 apart.
    assert stack_coverage([Window(3, 2), Window(3)]).paths.tolist() == [1, 1, 2, 1, 2, 1, 1]
    # A 1×1 with stride 2 reads every other sample, whatever comes above it.
    assert stack_coverage([Window(1, 2), Window(3)]).paths.tolist() == [1, 0, 1, 0, 1]


def test_results_cannot_be_changed():
    coverage = stack_coverage(dilated(1, 2))
    arrays = coverage.paths, coverage.offsets, coverage.map(), read_counts(Window(2), Window(2), 4, 4)
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_stack_without_layers_is_refused():
    with pytest.raises(CnnvizError, match="at least one layer"):
        stack_coverage([])
