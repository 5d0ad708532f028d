import dataclasses

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.errors import CnnvizError
from cnnviz.ops.geometry import (
    PADDING_MODES,
    Window,
    largest_padding,
    output_size,
    pair,
    source_indices,
)

TORCH_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}
NOT_WHOLE = (True, False, 2.0, 2.5, "3", None, (3,), float("nan"))

windows = st.builds(
    Window,
    kernel_size=st.integers(1, 6),
    stride=st.integers(1, 5),
    padding=st.integers(0, 5),
    dilation=st.integers(1, 4),
)


@st.composite
def fitting_windows(draw):
    window = draw(windows)
    span = window.dilation * (window.kernel_size - 1) + 1
    size = draw(st.integers(max(1, span - 2 * window.padding), span + 20))
    return window, size


def torch_fits(window, input_size):
    try:
        torch_output(window, input_size)
    except RuntimeError:
        return False
    return True


def torch_output(window, input_size):
    x, weight = torch.zeros(1, 1, 1, input_size), torch.zeros(1, 1, 1, window.kernel_size)
    geometry = {
        "stride": (1, window.stride),
        "padding": (0, window.padding),
        "dilation": (1, window.dilation),
    }
    return F.conv2d(x, weight, **geometry)


def taps_read_by_torch(window, input_size, output_index=None):
    """Positions of the padded axis on which one output, or all of them, depend."""
    padded = torch.zeros(1, 1, 1, input_size + 2 * window.padding, requires_grad=True)
    weight = torch.ones(1, 1, 1, window.kernel_size)
    y = F.conv2d(padded, weight, stride=(1, window.stride), dilation=(1, window.dilation))
    (y.sum() if output_index is None else y[0, 0, 0, output_index]).backward()
    return padded.grad[0, 0, 0].nonzero()[:, 0].tolist()


@pytest.mark.parametrize(
    ("input_size", "geometry", "expected"),
    [
        (224, {"kernel_size": 7, "stride": 2, "padding": 3, "dilation": 1}, 112),  # ResNet's stem
        (112, {"kernel_size": 3, "stride": 2, "padding": 1}, 56),  # and its pooling
        (224, {"kernel_size": 11, "stride": 4, "padding": 2}, 55),  # AlexNet
        (55, {"kernel_size": 3, "stride": 2}, 27),
        (299, {"kernel_size": 3, "stride": 2}, 149),  # Inception v3
        (224, {"kernel_size": 3, "padding": 1}, 224),  # VGG
        (32, {"kernel_size": 5}, 28),  # LeNet-5
        (32, {"kernel_size": 3, "padding": 2, "dilation": 2}, 32),
        (7, {"kernel_size": 7}, 1),
        (1, {"kernel_size": 1}, 1),
    ],
)
def test_output_size_of_well_known_layers(input_size, geometry, expected):
    assert output_size(input_size, **geometry) == expected


@given(fitting_windows())
def test_output_size_is_that_of_a_real_convolution(case):
    window, size = case
    expected = torch_output(window, size).shape[-1]
    assert window.output_size(size) == expected
    assert output_size(size, window.kernel_size, window.stride, window.padding, window.dilation) == expected


@given(windows, st.integers(1, 30))
def test_a_window_is_refused_exactly_when_torch_refuses_it(window, size):
    if torch_fits(window, size):
        window.require_fit(size)
    else:
        for ask in (window.require_fit, window.output_size, window.left_over):
            with pytest.raises(CnnvizError, match="spans"):
                ask(size)


@given(fitting_windows(), st.integers(0, 3))
def test_sizes_with_one_longer_end(case, extra_end):
    window, size = case
    longer = dataclasses.replace(window, extra_end=extra_end)
    padded = F.pad(torch.zeros(1, 1, 1, size), (window.padding, window.padding + extra_end))
    assert longer.padded_size(size) == padded.shape[-1]
    unpadded = dataclasses.replace(window, padding=0)
    assert longer.output_size(size) == torch_output(unpadded, padded.shape[-1]).shape[-1]


@given(fitting_windows())
def test_left_over_samples_have_no_gradient_and_the_one_before_has(case):
    window, size = case
    last_read = max(taps_read_by_torch(window, size))
    assert window.left_over(size) == window.padded_size(size) - 1 - last_read


@pytest.mark.parametrize(
    ("input_size", "window", "expected"),
    [
        (7, Window(2, stride=2), 1),
        (8, Window(2, stride=2), 0),
        (224, Window(7, stride=2, padding=3), 1),
        (10, Window(3, stride=4), 3),
        (5, Window(3, stride=1), 0),
    ],
)
def test_left_over_by_hand(input_size, window, expected):
    assert window.left_over(input_size) == expected


@given(fitting_windows(), st.data())
def test_taps_are_the_samples_that_one_output_depends_on(case, data):
    window, size = case
    index = data.draw(st.integers(0, torch_output(window, size).shape[-1] - 1))
    read = [position - window.padding for position in taps_read_by_torch(window, size, index)]
    assert list(window.taps(index)) == read


@given(fitting_windows())
def test_effective_kernel_size_is_the_span_of_the_taps(case):
    window, size = case
    read = taps_read_by_torch(window, size, 0)
    assert window.effective_kernel_size == read[-1] - read[0] + 1


@given(windows, st.integers(1, 30))
def test_largest_kernel_size_is_tight(window, size):
    largest = window.largest_kernel_size(size)
    assert torch_fits(dataclasses.replace(window, kernel_size=largest), size)
    too_large = dataclasses.replace(window, kernel_size=largest + 1)
    assert not torch_fits(too_large, size)
    with pytest.raises(CnnvizError):
        too_large.output_size(size)


@given(windows.filter(lambda w: w.kernel_size > 1), st.integers(1, 30))
def test_largest_dilation_is_tight(window, size):
    largest = window.largest_dilation(size)
    assert largest == 0 or torch_fits(dataclasses.replace(window, dilation=largest), size)
    too_large = dataclasses.replace(window, dilation=largest + 1)
    assert not torch_fits(too_large, size)
    with pytest.raises(CnnvizError):
        too_large.output_size(size)


def test_a_single_tap_takes_any_dilation():
    assert Window(1).largest_dilation(5) is None
    assert output_size(5, kernel_size=1, dilation=1_000_000) == 5


@given(windows, st.integers(1, 30))
def test_smallest_padding_is_tight(window, size):
    smallest = window.smallest_padding(size)
    assert torch_fits(dataclasses.replace(window, padding=smallest), size)
    if smallest > 0:
        assert not torch_fits(dataclasses.replace(window, padding=smallest - 1), size)


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@given(st.integers(1, 6), st.integers(1, 4), st.integers(1, 20))
def test_same_pads_where_torch_pads(kernel_size, dilation, size):
    window = Window.same(kernel_size, dilation=dilation)
    torch.manual_seed(0)
    x, weight = torch.rand(1, 1, size).double(), torch.rand(1, 1, kernel_size).double()
    expected = F.conv1d(x, weight, padding="same", dilation=dilation)
    assert window.output_size(size) == size
    padded = F.pad(x, (window.padding, window.padding_end))
    torch.testing.assert_close(F.conv1d(padded, weight, dilation=dilation), expected)


def test_same_is_refused_with_a_stride():
    with pytest.raises(CnnvizError, match="stride 1"):
        Window.same(3, stride=2)


@given(st.integers(1, 8), st.integers(0, 10), st.integers(0, 10), st.sampled_from(PADDING_MODES))
def test_source_indices_are_those_of_torch_pad(size, padding, padding_end, mode):
    x = torch.arange(size, dtype=torch.float32)[None, None]
    value = {"value": -1.0} if mode == "zeros" else {}
    try:
        expected = F.pad(x, (padding, padding_end), mode=TORCH_MODES[mode], **value)
    except RuntimeError:
        with pytest.raises(CnnvizError, match=f"{mode} padding of {max(padding, padding_end)}"):
            source_indices(size, padding, padding_end, mode)
    else:
        np.testing.assert_array_equal(source_indices(size, padding, padding_end, mode), expected[0, 0])


@given(st.integers(1, 12), st.sampled_from(PADDING_MODES))
def test_largest_padding_is_where_torch_stops(size, mode):
    x = torch.zeros(1, 1, size)
    limit = largest_padding(size, mode)
    if limit is None:
        assert F.pad(x, (50, 50), mode=TORCH_MODES[mode]).shape[-1] == size + 100
    else:
        F.pad(x, (limit, limit), mode=TORCH_MODES[mode])
        with pytest.raises(RuntimeError):
            F.pad(x, (limit + 1, limit + 1), mode=TORCH_MODES[mode])


@pytest.mark.parametrize("mode", ["zero", "same", "", None, 0])
def test_an_unknown_padding_mode_is_answered_with_the_modes_there_are(mode):
    with pytest.raises(CnnvizError, match="zeros, reflect, replicate, circular"):
        source_indices(5, 1, 1, mode)


@pytest.mark.parametrize("name", ["kernel_size", "stride", "padding", "dilation", "extra_end"])
@pytest.mark.parametrize("value", [*NOT_WHOLE, -1])
def test_a_window_refuses_what_is_no_whole_number(name, value):
    with pytest.raises(CnnvizError, match=f"^{name} must be a whole number"):
        Window(**({"kernel_size": 3} | {name: value}))


@pytest.mark.parametrize("name", ["kernel_size", "stride", "dilation"])
def test_a_window_refuses_zero_where_it_makes_no_sense(name):
    with pytest.raises(CnnvizError, match=f"^{name} must be a whole number of at least 1, not 0"):
        Window(**({"kernel_size": 3} | {name: 0}))


@pytest.mark.parametrize("input_size", [*NOT_WHOLE, 0, -3])
def test_an_input_size_must_be_a_positive_whole_number(input_size):
    with pytest.raises(CnnvizError, match=r"^input_size must be a whole number of at least 1"):
        output_size(input_size, kernel_size=1, padding=4)


def test_the_refusal_says_how_long_kernel_and_input_are():
    with pytest.raises(CnnvizError, match="spans 9 but the padded input only 7"):
        output_size(5, kernel_size=5, padding=1, dilation=2)


def test_whole_numbers_of_numpy_are_whole():
    assert output_size(np.int64(224), np.int32(7), np.int64(2), np.uint8(3)) == 112
    assert pair(np.int64(3), "stride") == (3, 3)


@pytest.mark.parametrize(
    ("value", "expected"), [(3, (3, 3)), ((2, 5), (2, 5)), ([2, 5], (2, 5)), (torch.Size([4, 1]), (4, 1))]
)
def test_pair_is_height_and_width(value, expected):
    assert pair(value, "kernel_size") == expected


@pytest.mark.parametrize("value", [*NOT_WHOLE, "ab", (1, 2, 3), (), (1.0, 2), (True, 2), (1, None), [[1, 2]]])
def test_pair_refuses_anything_else(value):
    with pytest.raises(CnnvizError, match=r"^kernel_size must be one whole number or two"):
        pair(value, "kernel_size")


def test_a_window_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Window(3).stride = 2
