import inspect

import pytest
import torch
import torch.nn.functional as F
from conv_cases import conv_cases, numbers
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import convolve2d
from torch import nn

from cnnviz.errors import CnnvizError
from cnnviz.ops.convolution import Conv2dFromScratch, conv2d

# Even kernels under odd dilation make PyTorch warn that it copies; the numbers are what counts here.
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same'")

MODES = ["zeros", "reflect", "replicate", "circular"]

LAYERS = {
    "plain": {"args": (3, 4, 3)},
    "rectangular": {"args": (2, 3, (2, 5)), "stride": (2, 1), "padding": (1, 2)},
    "dilated": {"args": (3, 4, 3), "dilation": (2, 3), "padding": 3},
    "grouped": {"args": (4, 6, 3), "groups": 2, "bias": False},
    "depthwise": {"args": (4, 4, 3), "groups": 4, "padding": 1},
    "same": {"args": (2, 2, (4, 3)), "padding": "same"},
    "valid": {"args": (2, 2, 3), "padding": "valid", "stride": 2},
    "reflect": {"args": (2, 2, 5), "padding": 2, "padding_mode": "reflect"},
    "circular same": {"args": (2, 2, 4), "padding": "same", "padding_mode": "circular"},
}


def layers(name, seed=0):
    """The same layer twice, ours and PyTorch's, each drawn from the same seed."""
    spec = dict(LAYERS[name])
    args = spec.pop("args")
    made = []
    for kind in (Conv2dFromScratch, nn.Conv2d):
        torch.manual_seed(seed)
        made.append(kind(*args, **spec))
    return made


@settings(max_examples=400)
@given(conv_cases())
def test_conv2d_is_torch_conv2d(case):
    expected = F.conv2d(case.x, case.weight, case.bias, **case.geometry)
    actual = conv2d(case.x, case.weight, case.bias, **case.geometry)
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("mode", MODES)
@given(data=st.data())
def test_padding_modes_are_those_of_torch(mode, data):
    padding = st.one_of(numbers(0, 4), st.just("same"))
    # "same" with a big dilated kernel may ask for more padding than a small picture can give.
    case = data.draw(conv_cases(padding=padding))
    out_channels, _, *kernel = case.weight.shape
    layer = nn.Conv2d(case.x.shape[1], out_channels, kernel, padding_mode=mode, **case.geometry).double()
    layer.load_state_dict({"weight": case.weight, "bias": torch.zeros(out_channels)})
    try:
        expected = layer(case.x)
    except RuntimeError:
        with pytest.raises(CnnvizError, match=f"{mode} padding"):
            conv2d(case.x, case.weight, padding_mode=mode, **case.geometry)
    else:
        actual = conv2d(case.x, case.weight, padding_mode=mode, **case.geometry)
        torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("mode", MODES)
def test_padding_mode_changes_the_border_only(mode):
    torch.manual_seed(0)
    x, weight = torch.rand(1, 1, 6, 7, dtype=torch.float64), torch.rand(1, 1, 3, 3, dtype=torch.float64)
    inside = F.conv2d(x, weight)
    y = conv2d(x, weight, padding=1, padding_mode=mode)
    torch.testing.assert_close(y[..., 1:-1, 1:-1], inside)
    zero_border = F.conv2d(x, weight, padding=1)[0, 0, 0]
    assert torch.allclose(y[0, 0, 0], zero_border) == (mode == "zeros")


@pytest.mark.parametrize("mode", MODES)
def test_gradients_are_right(mode):
    torch.manual_seed(0)
    x = torch.rand(1, 4, 5, 6, dtype=torch.float64, requires_grad=True)
    weight = torch.rand(2, 2, 2, 3, dtype=torch.float64, requires_grad=True)
    bias = torch.rand(2, dtype=torch.float64, requires_grad=True)

    def convolve(x, weight, bias):
        return conv2d(
            x, weight, bias, stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2, padding_mode=mode
        )

    assert torch.autograd.gradcheck(convolve, (x, weight, bias))


@given(st.integers(1, 5), st.integers(1, 5), st.integers(5, 9), st.integers(5, 9), st.integers(0, 2**31))
def test_true_convolution_is_this_with_the_kernel_flipped(kernel_height, kernel_width, height, width, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(height, width, generator=generator, dtype=torch.float64)
    kernel = torch.randn(kernel_height, kernel_width, generator=generator, dtype=torch.float64)
    expected = torch.from_numpy(convolve2d(x.numpy(), kernel.numpy(), mode="full"))
    padding = (kernel_height - 1, kernel_width - 1)
    actual = conv2d(x[None, None], kernel.flip(0, 1)[None, None], padding=padding)
    torch.testing.assert_close(actual[0, 0], expected)


def test_an_asymmetric_kernel_is_not_flipped():
    x = torch.zeros(1, 1, 1, 3)
    x[..., 2] = 1
    weight = torch.tensor([[[[1.0, 2.0, 3.0]]]])
    assert conv2d(x, weight).item() == 3


def test_an_empty_batch_stays_empty():
    x, weight = torch.zeros(0, 2, 5, 6), torch.zeros(4, 1, 3, 3)
    assert conv2d(x, weight, padding=1, groups=2).shape == F.conv2d(x, weight, padding=1, groups=2).shape


def test_float32_stays_float32():
    x, weight = torch.rand(1, 1, 4, 4), torch.rand(1, 1, 3, 3)
    torch.testing.assert_close(conv2d(x, weight), F.conv2d(x, weight))


def test_the_inputs_are_left_as_they_were():
    torch.manual_seed(0)
    tensors = torch.rand(1, 2, 4, 4), torch.rand(3, 2, 3, 3), torch.rand(3)
    before = [t.clone() for t in tensors]
    conv2d(*tensors, padding=1)
    for tensor, old in zip(tensors, before, strict=True):
        assert torch.equal(tensor, old)


@pytest.mark.parametrize(
    ("x", "weight", "arguments", "message"),
    [
        ((1, 3, 5, 5), (2, 4, 3, 3), {}, "input has 3 channels, but the weight reads 4"),
        ((1, 4, 5, 5), (2, 4, 3, 3), {"groups": 2}, "input has 4 channels, but the weight reads 8"),
        ((1, 3, 5, 5), (2, 1, 3, 3), {"groups": 2}, "groups=2 must divide the 3 input and the 2 output"),
        ((1, 4, 5, 5), (3, 2, 3, 3), {"groups": 2}, "groups=2 must divide the 4 input and the 3 output"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"groups": 0}, "groups=0 must divide"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"groups": -1}, "groups=-1 must divide"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"groups": 1.0}, "groups=1.0 must divide"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"groups": "a"}, "groups=a must divide"),
        ((1, 1, 2, 5), (1, 1, 3, 3), {}, "kernel spans 3 but the padded input only 2"),
        ((1, 1, 5, 2), (1, 1, 3, 3), {}, "kernel spans 3 but the padded input only 2"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"dilation": 3, "padding": (0, 1)}, "spans 7 but the padded input"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"stride": 0}, "stride must be .* at least 1"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"stride": (1, -2)}, "stride must be .* at least 1"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"stride": 1.5}, "stride must be one whole number or two"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"stride": True}, "stride must be one whole number or two"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"dilation": 0}, "dilation must be .* at least 1"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"dilation": "2"}, "dilation must be one whole number or two"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"padding": -1}, "padding must be .* at least 0"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"padding": (1, 2, 3)}, "padding must be one whole number or two"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"padding": "full"}, 'padding must be .* "same" or "valid"'),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"padding": "same", "stride": 2}, "stride 1 only"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"padding_mode": "mirror"}, "padding_mode must be one of zeros"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"padding": 5, "padding_mode": "reflect"}, "reflect .* at most 4"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"padding": 6, "padding_mode": "circular"}, "circular .* at most 5"),
        ((1, 5, 5), (1, 1, 3, 3), {}, r"needs an input \(N, C, H, W\)"),
        ((1, 1, 5, 5), (1, 3, 3), {}, r"weight \(O, C/groups, kh, kw\)"),
        ((1, 0, 5, 5), (1, 0, 3, 3), {}, "at least one value along each axis"),
        ((1, 1, 0, 5), (1, 1, 1, 1), {"padding": 2}, "at least one value along each axis"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"bias": torch.zeros(2)}, r"bias must have shape \(1,\), not \(2,\)"),
    ],
)
def test_a_misfit_is_named(x, weight, arguments, message):
    with pytest.raises(CnnvizError, match=message):
        conv2d(torch.zeros(x), torch.zeros(weight), **arguments)


@pytest.mark.parametrize("name", LAYERS)
def test_the_same_seed_gives_the_weights_of_torch(name):
    ours, theirs = layers(name)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    for key, value in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[key], value), key


@pytest.mark.parametrize("name", LAYERS)
def test_the_layer_gives_the_numbers_of_torch(name):
    ours, theirs = (layer.double() for layer in layers(name))
    x = torch.rand(2, ours.in_channels, 9, 10, dtype=torch.float64)
    torch.testing.assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("name", LAYERS)
def test_state_dicts_load_into_each_other(name):
    ours, _ = layers(name, seed=1)
    _, theirs = layers(name, seed=2)
    x = torch.rand(1, ours.in_channels, 9, 10)
    assert not torch.allclose(ours(x), theirs(x))
    expected = ours(x)
    theirs.load_state_dict(ours.state_dict())
    torch.testing.assert_close(theirs(x), expected)
    again, theirs = layers(name, seed=3)
    again.load_state_dict(theirs.state_dict())
    torch.testing.assert_close(again(x), theirs(x))


def test_the_layer_learns_as_torch_does():
    ours, theirs = layers("rectangular")
    x = torch.rand(2, 2, 6, 7)
    for layer in (ours, theirs):
        layer(x).square().sum().backward()
    for name, parameter in theirs.named_parameters():
        torch.testing.assert_close(dict(ours.named_parameters())[name].grad, parameter.grad)


def test_the_layer_prints_its_arguments():
    text = repr(Conv2dFromScratch(3, 4, (3, 5), stride=2, padding="valid", bias=False))
    assert "3, 4, kernel_size=(3, 5), stride=2, padding=valid" in text
    assert "bias=False" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, 4, 0), "kernel_size must be"),
        ((3, 4, 2.5), "kernel_size must be"),
        ((3, 4, 3, 0), "stride must be"),
        ((3, 4, 3, 1, -1), "padding must be"),
        ((3, 4, 3, 1, 0, 0), "dilation must be"),
        ((3, 4, 3, 1, 0, 1, 2), "groups=2 must divide in_channels=3 and out_channels=4"),
        ((4, 3, 3, 1, 0, 1, 2), "groups=2 must divide in_channels=4 and out_channels=3"),
        ((4, 4, 3, 1, 0, 1, 0), "groups=0 must divide"),
        ((4, 4, 3, 1, 0, 1, 2.0), "groups=2.0 must divide"),
        ((4, 4, 3, 2, "same"), "stride 1 only"),
    ],
)
def test_a_layer_that_cannot_work_is_not_built(arguments, message):
    with pytest.raises(CnnvizError, match=message):
        Conv2dFromScratch(*arguments)


def test_the_arguments_are_those_of_torch():
    theirs = list(inspect.signature(nn.Conv2d).parameters)
    assert list(inspect.signature(Conv2dFromScratch).parameters) == [
        name for name in theirs if name not in ("device", "dtype")
    ]
