import dataclasses

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conv_cases import conv_cases, numbers, per_axis
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cnnviz.errors import CnnvizError
from cnnviz.ops.convolution import conv2d_step

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same'")

TORCH_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


@st.composite
def steps(draw, **constraints):
    """A random convolution and one of its outputs."""
    case = draw(conv_cases(max_batch=1, **constraints))
    shape = F.conv2d(case.x, case.weight, **case.geometry).shape
    names = ("out_channel", "row", "column")
    return case, {name: draw(st.integers(0, n - 1)) for name, n in zip(names, shape[1:], strict=True)}


@settings(max_examples=200)
@given(steps())
def test_the_value_is_that_of_torch(drawn):
    case, unit = drawn
    expected = F.conv2d(case.x, case.weight, case.bias, **case.geometry)[0, *unit.values()]
    step = conv2d_step(case.x, case.weight, case.bias, **case.geometry, **unit)
    assert step.value == pytest.approx(expected.item(), rel=1e-10, abs=1e-10)
    assert (step.out_channel, step.row, step.column) == tuple(unit.values())


@settings(max_examples=200)
@given(steps())
def test_the_terms_add_up(drawn):
    case, unit = drawn
    step = conv2d_step(case.x, case.weight, case.bias, **case.geometry, **unit)
    np.testing.assert_array_equal(step.weights, case.weight[unit["out_channel"]])
    np.testing.assert_allclose(step.products, step.inputs * step.weights)
    np.testing.assert_allclose(step.channel_sums, step.products.sum(axis=(1, 2)))
    assert step.bias == (0 if case.bias is None else case.bias[unit["out_channel"]].item())
    assert step.value == pytest.approx(step.products.sum() + step.bias, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("mode", TORCH_MODES)
@given(data=st.data())
def test_the_inputs_are_the_padded_picture_under_the_taps(mode, data):
    case, unit = data.draw(steps(padding=numbers(0, 4)))
    step = conv2d_step(case.x, case.weight, **case.geometry, padding_mode=mode, **unit)

    (top, left), strides, dilations = (
        per_axis(case.geometry[name]) for name in ("padding", "stride", "dilation")
    )
    amounts = (left, left, top, top)
    padded = F.pad(case.x, amounts, mode=TORCH_MODES[mode])[0]
    outside = F.pad(torch.zeros(case.x.shape[2:]), amounts, value=1)
    kernel_height, kernel_width = case.weight.shape[2:]
    rows = [unit["row"] * strides[0] + tap * dilations[0] for tap in range(kernel_height)]
    columns = [unit["column"] * strides[1] + tap * dilations[1] for tap in range(kernel_width)]
    groups, share = case.geometry["groups"], case.weight.shape[1]
    group = unit["out_channel"] * groups // case.weight.shape[0]
    channels = [group * share + channel for channel in range(share)]

    assert list(step.in_channels) == channels
    assert list(step.input_rows) == [row - top for row in rows]
    assert list(step.input_columns) == [column - left for column in columns]
    np.testing.assert_array_equal(step.inputs, padded[np.ix_(channels, rows, columns)])
    np.testing.assert_array_equal(step.is_padding, outside[np.ix_(rows, columns)] == 1)


def test_a_corner_by_hand():
    x = torch.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    weight = torch.tensor([[[[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]]])
    step = conv2d_step(x, weight, torch.tensor([0.5]), padding=1, row=0, column=0)
    np.testing.assert_array_equal(step.inputs[0], [[0, 0, 0], [0, 1, 2], [0, 4, 5]])
    np.testing.assert_array_equal(step.is_padding, [[1, 1, 1], [1, 0, 0], [1, 0, 0]])
    np.testing.assert_array_equal(step.products[0], [[0, 0, 0], [0, 0, -4], [0, 0, -5]])
    assert (step.input_rows, step.input_columns) == (range(-1, 2), range(-1, 2))
    assert step.value == -8.5


def test_nothing_in_a_step_can_be_changed():
    step = conv2d_step(torch.rand(1, 2, 5, 5), torch.rand(3, 2, 3, 3), torch.rand(3), padding=1)
    arrays = 0
    for field in dataclasses.fields(step):
        value = getattr(step, field.name)
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(step, field.name, value)
        if isinstance(value, np.ndarray):
            arrays += 1
            with pytest.raises(ValueError, match="read-only"):
                value[...] = 0
    assert arrays == 5


def test_a_step_keeps_its_values_when_picture_and_weights_change():
    x, weight = torch.ones(1, 1, 3, 3), torch.ones(1, 1, 3, 3)
    step = conv2d_step(x, weight)
    x.zero_()
    weight.zero_()
    assert step.inputs.sum() == step.weights.sum() == step.products.sum() == 9


def test_the_parameters_of_a_layer_can_be_passed_as_they_are():
    torch.manual_seed(0)
    layer = nn.Conv2d(2, 3, 3)
    x = torch.rand(1, 2, 4, 4, requires_grad=True)
    step = conv2d_step(x, layer.weight, layer.bias, out_channel=2, row=1, column=0)
    assert step.value == pytest.approx(layer(x)[0, 2, 1, 0].detach().item(), abs=1e-6)


@pytest.mark.parametrize(
    "unit",
    [{"row": 3}, {"row": -1}, {"column": 4}, {"column": -1}, {"out_channel": 2}, {"out_channel": -1}],
)
def test_there_is_no_such_output(unit):
    with pytest.raises(CnnvizError, match=r"There is no output .* are \(2, 3, 4\)"):
        conv2d_step(torch.zeros(1, 1, 5, 6), torch.zeros(2, 1, 3, 3), **unit)


def test_a_batch_is_refused_rather_than_cut():
    with pytest.raises(CnnvizError, match="single picture"):
        conv2d_step(torch.zeros(2, 1, 5, 5), torch.zeros(1, 1, 3, 3))


def test_a_misfit_is_named_as_conv2d_names_it():
    with pytest.raises(CnnvizError, match="input has 3 channels, but the weight reads 4"):
        conv2d_step(torch.zeros(1, 3, 5, 5), torch.zeros(2, 4, 3, 3))
    with pytest.raises(CnnvizError, match="kernel spans 3 but the padded input only 2"):
        conv2d_step(torch.zeros(1, 1, 2, 5), torch.zeros(1, 1, 3, 3))
