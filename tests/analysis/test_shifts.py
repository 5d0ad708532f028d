import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from torch import nn

from cnnviz.analysis.shifts import (
    POOLS,
    PaddedPool,
    ShiftedLayer,
    network_equivariance,
    padding_on_the_way,
    with_padding_mode,
)
from cnnviz.errors import CnnvizError
from cnnviz.nets.mini_resnet import MiniResNet
from cnnviz.nets.simple_cnn import SimpleCNN
from cnnviz.ops.convolution import Conv2dFromScratch
from cnnviz.ops.equivariance import measure_equivariance
from tests.analysis.small_networks import Fails, Unpacks, UsedTwice, hooks

TORCH_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}
ROUNDING = 1e-6


def picture(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def random_kernel(side, seed=0):
    return np.random.default_rng(seed).normal(size=(side, side))


def by_hand(layer, x):
    """The layer from PyTorch's operations; max and blur of "blur" pooling from SciPy's."""
    side = len(layer.kernel)
    padded = F.pad(x, (side // 2,) * 4, mode=TORCH_MODES[layer.padding_mode])
    weight = torch.from_numpy(layer.kernel)[None, None].to(x)
    channels = [F.conv2d(padded[:, c : c + 1], weight, stride=layer.stride) for c in range(x.shape[1])]
    y = F.relu(torch.cat(channels, 1))
    if layer.pool == "max":
        return F.max_pool2d(y, 2)
    if layer.pool == "average":
        return F.avg_pool2d(y, 2)
    if layer.pool == "blur":
        return torch.from_numpy(max_blur_pool(y.numpy(), layer.padding_mode))
    return y


def max_blur_pool(y, padding_mode):
    """Zhang 2019: the largest of each 2×2 at every pixel, a binomial blur, then every other pixel."""
    beyond = "wrap" if padding_mode == "circular" else "nearest"
    # An even filter covers a pixel and the one before it; the origin turns that to the one behind it.
    y = ndimage.maximum_filter(y, size=(1, 1, 2, 2), mode=beyond, origin=(0, 0, -1, -1))
    for axis in (2, 3):
        y = ndimage.correlate1d(y, [0.25, 0.5, 0.25], axis, mode=beyond)
    return y[:, :, ::2, ::2]


def layers(**fixed):
    choices = {
        "kernel": st.builds(random_kernel, st.sampled_from([1, 3, 5]), st.integers(0, 99)),
        "stride": st.integers(1, 4),
        "padding_mode": st.sampled_from(list(TORCH_MODES)),
        "pool": st.sampled_from(POOLS),
    }
    return st.builds(ShiftedLayer, **(choices | fixed))


@settings(max_examples=200)
@given(layers(), st.integers(8, 17), st.integers(8, 17), st.integers(0, 2**31))
def test_a_layer_is_the_composition_of_its_operations(layer, height, width, seed):
    x = picture(1, 3, height, width, seed=seed).double()
    torch.testing.assert_close(layer(x), by_hand(layer, x))


def test_a_layer_has_a_relu():
    y = ShiftedLayer(-np.ones((1, 1)))(torch.tensor([[[[-2.0, 3.0]]]]))
    assert y.tolist() == [[[[2, 0]]]]


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("pool", POOLS)
def test_the_jump_is_input_pixels_for_each_output(pool, stride):
    layer = ShiftedLayer(random_kernel(3), stride, pool=pool)
    assert layer.jump == stride * (1 if pool == "none" else 2)
    assert layer(picture(1, 2, 24, 48)).shape == (1, 2, 24 // layer.jump, 48 // layer.jump)


@settings(max_examples=150)
@given(
    layers(padding_mode=st.just("circular")),
    st.tuples(st.integers(-9, 9), st.integers(-9, 9)),
    st.integers(0, 2**31),
)
def test_a_circular_layer_follows_whole_steps_and_no_others(layer, shift, seed):
    x = picture(1, 2, 24, 48, seed=seed)
    result = measure_equivariance(layer, x, shift, layer.jump)
    whole = shift[0] % layer.jump == shift[1] % layer.jump == 0
    assert result.exact == whole
    many = (layer(x) > 0).float().mean() > 0.1  # a few lone outputs may stay the largest of their windows
    assert not whole or result.relative <= ROUNDING
    assert whole or not many or result.relative > ROUNDING


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate"])
@pytest.mark.parametrize("pool", POOLS)
def test_other_padding_breaks_whole_steps_too(pool, mode):
    layer = ShiftedLayer(np.ones((3, 3)), 1, mode, pool)
    result = measure_equivariance(layer, picture(1, 1, 24, 24), (4, 8), layer.jump)
    assert result.exact and result.relative > 0.01


@pytest.mark.parametrize("seed", range(5))
def test_blurring_loses_less_than_max_pooling_to_a_shift_by_one_pixel(seed):
    x = picture(1, 1, 32, 32, seed=seed)
    kernel = np.ones((3, 3)) / 9
    lost = {
        pool: measure_equivariance(ShiftedLayer(kernel, pool=pool), x, (0, 1), 2).relative
        for pool in ("max", "blur")
    }
    assert 0 < lost["blur"] < lost["max"]


def slim_resnet(seed=0):
    torch.manual_seed(seed)
    return MiniResNet(channels=(4, 5, 6, 7)).eval()


@pytest.fixture(scope="module")
def simple_cnn():
    torch.manual_seed(0)
    return SimpleCNN().eval()


@pytest.mark.parametrize("mode", TORCH_MODES)
def test_convolutions_pad_as_if_they_had_been_made_so(mode):
    torch.manual_seed(0)

    def network(kind, padding_mode):
        spec = {"padding": "same", "padding_mode": padding_mode}
        return nn.Sequential(kind(3, 4, 3, **spec), nn.ReLU(), kind(4, 2, (3, 5), **spec))

    x = picture(1, 3, 9, 10)
    for kind in (nn.Conv2d, Conv2dFromScratch):
        plain, wanted = network(kind, "zeros"), network(kind, mode)
        wanted.load_state_dict(plain.state_dict())
        torch.testing.assert_close(with_padding_mode(plain, mode)(x), wanted(x))


def test_the_original_stays_and_the_copy_shares_its_weights():
    original = slim_resnet()
    original.train()
    x = picture(1, 3, 32, 32)
    state = {name: tensor.clone() for name, tensor in original.state_dict().items()}
    changed = with_padding_mode(original, "circular")
    pairs = [*zip(original.parameters(), changed.parameters(), strict=True)]
    pairs += zip(original.buffers(), changed.buffers(), strict=True)
    assert len(pairs) > 100 and all(ours is theirs for ours, theirs in pairs)

    convolutions = [[m for m in net.modules() if isinstance(m, nn.Conv2d)] for net in (original, changed)]
    assert {m.padding_mode for m in convolutions[0]} == {"zeros"}
    assert {m.padding_mode for m in convolutions[1]} == {"circular"}
    assert not set(original.modules()) & set(changed.modules())

    network_equivariance(original, "layer2", x, (8, 8), "circular")
    assert all(module.training for module in original.modules())
    assert all(torch.equal(tensor, state[name]) for name, tensor in original.state_dict().items())
    original.eval()
    assert not torch.allclose(original(x), with_padding_mode(original, "circular")(x))


def run_to(network, layer, x, mode):
    """What a layer answers when every convolution pads as asked, by a hook of our own."""
    kept = []
    before = {module: module.padding_mode for module in network.modules() if isinstance(module, nn.Conv2d)}
    handle = network.get_submodule(layer).register_forward_hook(lambda *args: kept.append(args[2].clone()))
    try:
        for module in before:
            module.padding_mode = mode
        with torch.inference_mode():
            network(x)
    finally:
        handle.remove()
        for module, old in before.items():
            module.padding_mode = old
    return kept[0][0].numpy()


@pytest.mark.parametrize("mode", ["zeros", "circular"])
@pytest.mark.parametrize(("layer", "jump"), [("bn1", 2), ("layer1", 4), ("layer3.0.conv1", 16)])
def test_a_network_is_measured_up_to_the_layer(layer, jump, mode):
    network, x, shift = slim_resnet(), picture(1, 3, 64, 96), (16, -32)
    result = network_equivariance(network, layer, x, shift, mode)
    plain = run_to(network, layer, x, mode)
    mapped = run_to(network, layer, torch.from_numpy(np.roll(x, shift, (2, 3))), mode)
    steps = (16 // jump, -32 // jump)
    shifted = np.roll(plain, steps, (1, 2))
    assert result.exact and result.output_shift == steps
    np.testing.assert_allclose(result.mapped_shifted, mapped, atol=1e-6)
    np.testing.assert_allclose(result.shifted_mapped, shifted, atol=1e-6)
    assert result.relative == pytest.approx(np.abs(mapped - shifted).max() / np.abs(plain).max(), abs=1e-6)


SIMPLE_LAYERS = {"block1.conv1": 1, "block1.relu2": 1, "block1": 2, "block2.conv2": 2, "block3.relu2": 4}


@pytest.mark.parametrize("layer", SIMPLE_LAYERS)
def test_simple_cnn_with_circular_padding_follows_whole_steps_exactly(simple_cnn, layer):
    jump, x = SIMPLE_LAYERS[layer], picture(1, 3, 16, 24)
    result = network_equivariance(simple_cnn, layer, x, (3 * jump, -jump), "circular")
    assert result.exact and result.output_shift == (3, -1)
    assert result.relative <= ROUNDING
    assert result.invariance > 0.01
    assert network_equivariance(simple_cnn, layer, x, (3 * jump, -jump)).relative > 0.01
    if jump > 1:
        between = network_equivariance(simple_cnn, layer, x, (jump, 1), "circular")
        assert not between.exact and between.relative > 0.01


def test_simple_cnn_s_global_average_is_invariant_to_whole_steps(simple_cnn):
    result = network_equivariance(simple_cnn, "block3.pool", picture(1, 3, 16, 16), (4, 8), "circular")
    assert result.invariance <= ROUNDING


@pytest.mark.parametrize("layer", ["conv1", "bn1", "relu"])
def test_mini_resnet_s_stem_with_circular_padding_follows_whole_steps(layer):
    network, x = slim_resnet(), picture(1, 3, 32, 32)
    assert network_equivariance(network, layer, x, (6, -4), "circular").relative <= ROUNDING
    assert network_equivariance(network, layer, x, (6, -3), "circular").relative > 0.01


def test_mini_resnet_s_max_pooling_pads_and_so_breaks_it_at_two_edges():
    network, x = slim_resnet(), picture(1, 3, 64, 64)
    result = network_equivariance(network, "maxpool", x, (12, -20), "circular")
    # Its windows of 3 reach beyond the first row and column, where −∞ lies and not the other side.
    rows, columns = np.zeros(16, dtype=bool), np.zeros(16, dtype=bool)
    rows[[0, 3]] = columns[[0, -5]] = True
    broken = result.difference > 1e-6
    assert result.exact and broken.any()
    assert not (broken & ~(rows[:, None] | columns)).any()
    assert broken[rows].any(1).all() and broken[:, columns].any(0).all()
    assert network_equivariance(network, "layer4", x, (32, 32), "circular").relative > ROUNDING


def test_what_pads_on_the_way_is_found():
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding="same"),
        nn.Conv2d(4, 4, 3, padding="valid"),
        nn.Conv2d(4, 4, 1),
        nn.AvgPool2d(3, 1, padding=(0, 1)),
        nn.MaxPool2d(2),
        nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(4, 4, (1, 3), padding=(0, 1))),
    )
    average = PaddedPool("3", "AvgPool2d 3×3", "0", "2")
    largest = PaddedPool("5.0", "MaxPool2d 3×3", "−∞", "4")
    expected = {"0": (1, ()), "2": (1, ()), "3": (1, (average,)), "4": (1, (average,))}
    expected |= {"5.0": (1, (average, largest)), "5": (2, (average, largest))}
    for layer, (convolutions, pools) in expected.items():
        way = padding_on_the_way(network, layer, (1, 3, 16, 16))
        assert (way.convolutions, way.pools) == (convolutions, pools)
    assert hooks(network) == 0
    first = nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(3, 1, 1))
    assert padding_on_the_way(first, "1", (1, 3, 8, 8)).pools[0].before is None


class TestNoHookIsLeftOver:
    def test_after_a_measurement(self):
        network = slim_resnet()
        network_equivariance(network, "layer1", picture(1, 3, 32, 32), (4, 4), "circular")
        assert hooks(network) == 0

    def test_after_an_error_inside_the_model(self):
        network = Fails(RuntimeError("boom"))
        with pytest.raises(CnnvizError, match="boom"):
            network_equivariance(network, "conv", picture(1, 3, 8, 8), (1, 1))
        assert hooks(network) == 0

    def test_after_an_unknown_layer(self):
        network = slim_resnet()
        with pytest.raises(CnnvizError, match=r"no layer 'layer5'\. Near it: .*layer\d"):
            network_equivariance(network, "layer5", picture(1, 3, 32, 32), (1, 1))
        assert hooks(network) == 0


def test_a_layer_that_runs_twice_is_measured_where_it_runs_first():
    network, x = UsedTwice().eval(), picture(1, 3, 8, 8)
    result = network_equivariance(network, "conv", x, (2, 1), "circular")
    np.testing.assert_allclose(
        result.mapped_shifted, run_to(network, "conv", x.roll((2, 1), (2, 3)), "circular")
    )
    assert result.relative <= ROUNDING


@pytest.mark.parametrize("layer", ["fc", "flatten"])
def test_a_layer_of_vectors_is_refused(layer):
    with pytest.raises(CnnvizError, match=f"{layer} gives no feature maps"):
        network_equivariance(slim_resnet(), layer, picture(1, 3, 32, 32), (1, 1))


def test_a_layer_whose_output_is_no_single_tensor_is_refused():
    with pytest.raises(CnnvizError, match="branches gives no feature maps"):
        network_equivariance(Unpacks(lambda x: (x, x)).eval(), "branches", picture(1, 3, 8, 8), (1, 1))


@pytest.mark.parametrize(
    ("layer", "size", "message"),
    [
        ("layer4", (36, 32), "layer4 gives 2×1 for 36×32"),
        ("layer2", (36, 36), "layer2 gives 5×5 for 36×36: no whole step"),
        ("avgpool", (32, 64), "avgpool gives 1×1 for 32×64: no whole step"),
    ],
)
def test_sizes_without_a_whole_step_are_refused(layer, size, message):
    with pytest.raises(CnnvizError, match=message):
        network_equivariance(slim_resnet(), layer, picture(1, 3, *size), (1, 1))


def test_an_unfit_picture_and_an_unknown_padding_mode_are_named():
    with pytest.raises(CnnvizError, match=r"cannot take an input of \(1, 4, 32, 32\)"):
        network_equivariance(slim_resnet(), "conv1", picture(1, 4, 32, 32), (1, 1))
    with pytest.raises(CnnvizError):
        network_equivariance(slim_resnet(), "conv1", picture(1, 3, 32, 32), (1, 1), "mirror")
