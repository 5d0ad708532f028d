import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cnnviz.data.images import Picture
from cnnviz.errors import CnnvizError
from cnnviz.ops import filtering
from cnnviz.ops.filtering import CHANNEL_MODES, PictureFilter, compare_with_pytorch, filter_picture
from cnnviz.ops.geometry import PADDING_MODES, Window
from cnnviz.ops.kernels import kernel

PIXELS = np.random.default_rng(0).integers(0, 256, (17, 23, 3), dtype=np.uint8)
PICTURE = Picture(PIXELS, "noise")
KERNEL = np.random.default_rng(1).normal(size=(3, 4))
ROWS, COLUMNS = Window(3, stride=2, padding=3), Window(4, padding=2, dilation=2)


def layer(channels="summed", mode="zeros", bias=0.0):
    return PictureFilter(KERNEL, channels, ROWS, COLUMNS, mode, bias)


def torch_layer(channels, mode, bias):
    """The layer of PyTorch that the page says this is."""
    in_channels, out_channels, groups = {
        "summed": (3, 1, 1), "depthwise": (3, 3, 3), "grey": (1, 1, 1),
    }[channels]  # fmt: skip
    conv = nn.Conv2d(
        in_channels, out_channels, KERNEL.shape, stride=(2, 1), padding=(3, 2), dilation=(1, 2),
        groups=groups, bias=bool(bias), padding_mode=mode,
    )  # fmt: skip
    with torch.no_grad():
        conv.weight[:] = torch.from_numpy(KERNEL)
        if bias:
            conv.bias[:] = bias
    return conv


def torch_input(channels):
    colours = torch.from_numpy(PIXELS.transpose(2, 0, 1) / 255).float()[None]
    if channels != "grey":
        return colours
    red, green, blue = colours[0]
    return (0.299 * red + 0.587 * green + 0.114 * blue)[None, None]


@pytest.mark.parametrize("bias", [0.0, -0.75])
@pytest.mark.parametrize("mode", PADDING_MODES)
@pytest.mark.parametrize("channels", CHANNEL_MODES)
def test_a_filtered_picture_is_what_a_layer_of_torch_makes_of_it(channels, mode, bias):
    with torch.inference_mode():
        expected = torch_layer(channels, mode, bias)(torch_input(channels))[0]
    filtered = filter_picture(PICTURE, layer(channels, mode, bias))
    np.testing.assert_allclose(filtered.output, expected, atol=1e-5)
    assert filtered.output.dtype == np.float32
    assert filtered.limit == pytest.approx(expected.abs().max().item(), abs=1e-5)
    assert (filtered.rows, filtered.columns) == (ROWS, COLUMNS)


@pytest.mark.parametrize("bias", [0.0, 1.0])
@pytest.mark.parametrize("channels", CHANNEL_MODES)
def test_parameters_and_macs_are_those_of_torch(channels, bias):
    conv = torch_layer(channels, "zeros", bias)
    assert layer(channels, bias=bias).parameters == sum(p.numel() for p in conv.parameters())
    with FlopCounterMode(display=False) as counter:
        conv(torch_input(channels))
    assert layer(channels, bias=bias).macs(*PIXELS.shape[:2]) == counter.get_total_flops() / 2


@pytest.mark.parametrize("channels", CHANNEL_MODES)
def test_the_identity_shows_the_picture_itself(channels):
    identity = PictureFilter(kernel("identity"), channels, Window(3, padding=1), Window(3, padding=1))
    filtered = filter_picture(PICTURE, identity)
    expected = torch_input(channels)[0]
    expected = expected.sum(0, keepdim=True) if channels == "summed" else expected
    np.testing.assert_allclose(filtered.output, expected, atol=1e-6)


@pytest.mark.parametrize("channels", ["summed", "depthwise"])
def test_the_pixels_shown_are_those_that_were_read(channels):
    np.testing.assert_array_equal(filter_picture(PICTURE, layer(channels)).pixels, PIXELS)


def test_grey_pixels_are_those_of_pillow():
    shown = filter_picture(PICTURE, layer("grey")).pixels
    expected = np.asarray(Image.fromarray(PIXELS).convert("L"))
    assert np.abs(shown.astype(int) - expected[..., None]).max() <= 1


def test_the_output_is_locked():
    with pytest.raises(ValueError, match="read-only"):
        filter_picture(PICTURE, layer()).output[0] = 0


@pytest.mark.parametrize("mode", PADDING_MODES)
@pytest.mark.parametrize("channels", CHANNEL_MODES)
def test_ours_and_torch_agree(channels, mode):
    comparison = compare_with_pytorch(PICTURE, layer(channels, mode, bias=0.5))
    assert 0 <= comparison.largest_difference < 1e-5
    assert 0 <= comparison.relative_difference < 1e-5
    assert comparison.ours_ms > 0 and comparison.pytorch_ms > 0


def test_a_difference_would_be_seen(monkeypatch):
    honest = filtering.conv2d
    monkeypatch.setattr(filtering, "conv2d", lambda *args, **options: honest(*args, **options) * 1.5)
    comparison = compare_with_pytorch(PICTURE, layer())
    limit = torch_layer("summed", "zeros", 0)(torch_input("summed")).abs().max().item()
    assert comparison.largest_difference == pytest.approx(0.5 * limit, rel=1e-4)
    assert comparison.relative_difference == pytest.approx(0.5, rel=1e-4)


def test_a_black_picture_has_no_relative_difference():
    black = Picture(np.zeros((8, 8, 3), np.uint8), "black")
    comparison = compare_with_pytorch(black, layer())
    assert (comparison.largest_difference, comparison.relative_difference) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((KERNEL, "summed", Window(4), Window(3)), r"The kernel is \(3, 4\)"),
        ((KERNEL, "rgb", ROWS, COLUMNS), "channels must be one of summed, depthwise, grey, not 'rgb'"),
        ((KERNEL, "summed", ROWS, Window.same(4)), "alike at both ends"),
    ],
)
def test_a_layer_that_cannot_work_is_not_built(arguments, message):
    with pytest.raises(CnnvizError, match=message):
        PictureFilter(*arguments)


@pytest.mark.parametrize(
    ("height", "width", "mode", "message"),
    [
        (2, 2, "zeros", "padded input"),
        (3, 9, "reflect", "reflect padding of 3"),
        (2, 9, "circular", "circular padding of 3"),
    ],
)
def test_a_picture_too_small_is_refused(height, width, mode, message):
    small = Picture(np.zeros((height, width, 3), np.uint8), "small")
    with pytest.raises(CnnvizError, match=message):
        filter_picture(small, layer(mode=mode))


axes = st.builds(Window, st.integers(1, 5), st.integers(1, 4), st.integers(0, 6), st.integers(1, 3))


@given(axes, axes, st.sampled_from(CHANNEL_MODES), st.sampled_from(PADDING_MODES), st.integers(0, 99))
def test_any_geometry_gives_what_torch_gives_channel_by_channel(rows, columns, channels, mode, seed):
    weights = np.random.default_rng(seed).normal(size=(rows.kernel_size, columns.kernel_size))
    pad = (columns.padding, columns.padding, rows.padding, rows.padding)
    x = F.pad(torch_input(channels).double(), pad, mode="constant" if mode == "zeros" else mode)
    options = {"stride": (rows.stride, columns.stride), "dilation": (rows.dilation, columns.dilation)}
    maps = [F.conv2d(c[None, None], torch.from_numpy(weights)[None, None], **options)[0] for c in x[0]]
    expected = torch.cat(maps) if channels == "depthwise" else torch.stack(maps).sum(0)
    filtered = filter_picture(PICTURE, PictureFilter(weights, channels, rows, columns, mode))
    np.testing.assert_allclose(filtered.output, expected, rtol=1e-4, atol=1e-5)
    assert filtered.padding_mode == mode


def test_a_whole_number_is_a_bias_as_well():
    filtered = filter_picture(PICTURE, PictureFilter(KERNEL * 0, "depthwise", ROWS, COLUMNS, bias=1))
    assert (filtered.output == 1).all()
