import dataclasses
from typing import get_args

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnviz.analysis.layers.activations import (
    CHANNEL_ORDERS,
    ChannelOrder,
    FeatureMaps,
    feature_maps,
    forward,
)
from cnnviz.data.images import sample
from cnnviz.errors import CnnvizError
from cnnviz.nets.catalog import model
from tests.analysis.small_networks import Fails, Outputs, Unpacks, UsedTwice, hooks, picture, vgg_like


@pytest.fixture(scope="module")
def simple_cnn():
    network = model("simple_cnn")
    torch.manual_seed(1)
    for name, buffer in network.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(std=0.1)
        if name.endswith("running_var"):
            buffer.uniform_(0.5, 2)
    return network


@torch.inference_mode()
def answers_by_hand(state, x):
    """What each layer of SimpleCNN answers, computed with nothing but functions."""
    answers = {}
    for block in ("block1", "block2", "block3"):
        for half in (1, 2):
            conv, bn, relu = (f"{block}.{part}{half}" for part in ("conv", "bn", "relu"))
            norm = [state[f"{bn}.{n}"] for n in ("running_mean", "running_var", "weight", "bias")]
            answers[conv] = F.conv2d(x, state[f"{conv}.weight"], state[f"{conv}.bias"], padding=1)
            answers[bn] = F.batch_norm(answers[conv], *norm)
            x = answers[relu] = F.relu(answers[bn])
        x = x.mean((2, 3), keepdim=True) if block == "block3" else F.max_pool2d(x, 2)
        answers[f"{block}.pool"] = answers[block] = x
    answers["flatten"] = answers["dropout"] = x.flatten(1)
    answers["fc"] = F.linear(answers["flatten"], state["fc.weight"], state["fc.bias"])
    return answers


def test_every_layer_answers_what_the_arithmetic_says(simple_cnn):
    x = picture(height=12, width=9)
    layers = [path for path, _ in simple_cnn.named_modules() if path]
    maps = feature_maps(simple_cnn, x, layers)
    expected = answers_by_hand(simple_cnn.state_dict(), x)
    assert maps.keys() == expected.keys() == set(layers)
    for path, answer in expected.items():
        channels_first = answer[0] if answer.dim() == 4 else answer[0, :, None, None]
        np.testing.assert_allclose(maps[path], channels_first, rtol=1e-4, atol=1e-4, err_msg=path)


def test_maps_are_locked_float32(simple_cnn):
    maps = feature_maps(simple_cnn, picture(), ["block1.conv1", "block3.pool", "flatten", "fc"])
    for path, values in maps.items():
        assert (values.dtype, values.ndim) == (np.float32, 3), path
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 0


def test_vectors_become_maps_of_one_pixel(simple_cnn):
    maps = feature_maps(simple_cnn, picture(), ["flatten", "fc"])
    assert {path: values.shape for path, values in maps.items()} == {"flatten": (256, 1, 1), "fc": (10, 1, 1)}


def test_without_layers_every_convolution_answers(simple_cnn):
    maps = feature_maps(simple_cnn, picture())
    assert list(maps) == [f"block{b}.conv{c}" for b in (1, 2, 3) for c in (1, 2)]


def test_maps_come_in_the_order_in_which_the_layers_ran(simple_cnn):
    maps = feature_maps(simple_cnn, picture(), ["fc", "block2.relu1", "block1.conv1"])
    assert list(maps) == ["block1.conv1", "block2.relu1", "fc"]


def test_batch_norm_maps_of_every_block_have_negative_values(simple_cnn):
    maps = feature_maps(simple_cnn, picture(), [f"block{b}.bn{n}" for b in (1, 2, 3) for n in (1, 2)])
    assert len(maps) == 6
    assert all(values.min() < 0 for values in maps.values())


def test_convolution_maps_before_an_in_place_relu_have_negative_values():
    maps = feature_maps(vgg_like(), picture())
    assert list(maps) == ["0", "2"]
    assert all(values.min() < 0 for values in maps.values())


def test_a_picture_a_single_tensor_and_a_batch_of_one_are_the_same(simple_cnn):
    photograph = sample("coins").fitted(48)
    x = torch.from_numpy(photograph.pixels.copy()).permute(2, 0, 1).float() / 255
    results = [feature_maps(simple_cnn, given)["block3.conv2"] for given in (photograph, x, x[None])]
    assert results[0].shape == (256, photograph.height // 4, photograph.width // 4)
    for values in results[1:]:
        np.testing.assert_array_equal(values, results[0])


def test_a_layer_that_runs_twice_and_packed_outputs_have_names_of_their_own():
    assert list(feature_maps(UsedTwice(), picture())) == ["conv", "conv#2"]
    maps = feature_maps(Unpacks(lambda x: (x, {"more": x + 1})), picture(), ["branches"])
    assert list(maps) == ["branches[0]", "branches[1]['more']"]
    np.testing.assert_allclose(maps["branches[1]['more']"], picture()[0] + 1)


def test_a_single_number_becomes_one_map_of_one_pixel():
    network = nn.Sequential(nn.Conv2d(3, 1, 1), Outputs(torch.sum))
    maps = feature_maps(network, picture(), ["0", "1"])
    assert maps["1"].shape == (1, 1, 1)
    assert maps["1"].item() == pytest.approx(maps["0"].sum(), rel=1e-4)


def test_half_precision_answers_come_as_float32():
    network = vgg_like().to(torch.bfloat16)
    maps = feature_maps(network, picture().to(torch.bfloat16))
    assert all(values.dtype == np.float32 for values in maps.values())


def test_a_network_without_parameters_can_be_looked_into():
    maps = feature_maps(nn.Sequential(nn.MaxPool2d(2)), picture(), ["0"])
    np.testing.assert_array_equal(maps["0"], F.max_pool2d(picture(), 2)[0])


def test_looking_keeps_no_graph_and_leaves_gradients_switched_on():
    network = vgg_like()
    feature_maps(network, picture())
    assert torch.is_grad_enabled()
    network(picture()).sum().backward()
    assert network[0].weight.grad is not None


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_the_wrong_number_of_channels_is_explained(simple_cnn, channels):
    with pytest.raises(CnnvizError, match=rf"cannot take an input of \(1, {channels}, 8, 10\).*channels"):
        feature_maps(simple_cnn, picture(channels))
    assert hooks(simple_cnn) == 0


def test_a_picture_too_small_for_the_network_is_explained(simple_cnn):
    with pytest.raises(CnnvizError, match=r"cannot take an input of \(1, 3, 2, 2\)"):
        feature_maps(simple_cnn, picture(height=2, width=2))


def test_integers_are_explained(simple_cnn):
    with pytest.raises(CnnvizError, match="cannot take an input"):
        feature_maps(simple_cnn, torch.zeros(1, 3, 8, 8, dtype=torch.uint8))


@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (0, 3, 8, 8), (8, 8), (1, 1, 3, 8, 8), (3,)])
def test_anything_but_one_picture_is_refused(simple_cnn, shape):
    with pytest.raises(CnnvizError, match="One picture is"):
        feature_maps(simple_cnn, torch.zeros(shape))


@pytest.mark.parametrize("error", [RuntimeError("boom\nand the details"), ValueError("boom"), RuntimeError()])
def test_what_a_network_says_becomes_one_line(error):
    with pytest.raises(CnnvizError, match="cannot take an input") as caught:
        feature_maps(Fails(error), picture())
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("boom" if error.args else "RuntimeError")
    assert caught.value.__cause__ is error


def test_a_programming_error_is_not_dressed_up():
    with pytest.raises(KeyError, match="bug"):
        feature_maps(Fails(KeyError("bug")), picture())


def test_running_out_of_memory_is_not_the_fault_of_the_picture():
    with pytest.raises(torch.OutOfMemoryError):
        feature_maps(Fails(torch.OutOfMemoryError("full")), picture())


def test_a_failing_accelerator_is_not_the_fault_of_the_picture():
    with pytest.raises(RuntimeError, match="boom") as caught:
        forward(Fails(RuntimeError("boom")).to("meta"), torch.empty(1, 3, 8, 8, device="meta"))
    assert not isinstance(caught.value, CnnvizError)


# Four channels of 2×2, with statistics that can be checked in the head.
HAND = np.array(
    [
        [[0, 0], [0, 4]],
        [[-2, -2], [-2, -2]],
        [[1, 2], [3, 6]],
        [[0, 0], [0, 0]],
    ],
    dtype=np.float32,
)


def test_statistics_by_hand():
    maps = FeatureMaps.of("layer", HAND)
    assert (maps.layer, maps.channels) == ("layer", 4)
    assert maps.minimum.tolist() == [0, -2, 1, 0]
    assert maps.maximum.tolist() == [4, -2, 6, 0]
    assert maps.mean.tolist() == [1, -2, 3, 0]
    assert maps.variance.tolist() == [3, 0, 3.5, 0]
    assert maps.sparsity.tolist() == [0.75, 0, 0, 1]
    assert maps.dead.tolist() == [False, True, False, True]
    assert maps.limit == 6


def test_limit_counts_negative_values():
    assert FeatureMaps.of("layer", HAND - 5).limit == 7
    assert FeatureMaps.of("layer", HAND * 0).limit == 0


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("index", [0, 1, 2, 3]),
        ("mean", [2, 0, 3, 1]),
        ("max", [2, 0, 3, 1]),
        ("sparsity", [3, 0, 1, 2]),
        ("variance", [2, 0, 1, 3]),
    ],
)
def test_channels_are_ranked_from_most_to_least_and_ties_by_index(order, expected):
    assert FeatureMaps.of("layer", HAND).ranked(order).tolist() == expected


@pytest.mark.parametrize(
    ("order", "statistic"),
    [
        ("mean", lambda v: v.mean((1, 2))),
        ("max", lambda v: v.max((1, 2))),
        ("sparsity", lambda v: (v == 0).mean((1, 2))),
        ("variance", lambda v: v.var((1, 2))),
    ],
)
def test_ranks_are_those_of_numpy(order, statistic):
    generator = np.random.default_rng(0)
    values = np.maximum(0, generator.normal(generator.normal(size=(40, 1, 1)), 1, (40, 11, 13)))
    values = values.astype(np.float32)
    ranked = statistic(values.astype(float))[FeatureMaps.of("layer", values).ranked(order)]
    assert (np.diff(ranked) <= 1e-6).all()
    assert ranked[0] > ranked[-1]


def test_an_unknown_order_is_answered_with_the_orders_there_are():
    with pytest.raises(CnnvizError, match="index, mean, max, sparsity, variance, not 'size'"):
        FeatureMaps.of("layer", HAND).ranked("size")
    assert get_args(ChannelOrder) == CHANNEL_ORDERS


@pytest.mark.parametrize("shape", [(3,), (2, 3), (1, 2, 3, 4), (0, 3, 3), (3, 0, 3)])
def test_only_whole_activations_are_measured(shape):
    with pytest.raises(CnnvizError, match=r"Feature maps are \(C, H, W\)"):
        FeatureMaps.of("layer", np.zeros(shape, np.float32))


def test_nothing_in_feature_maps_can_be_changed():
    maps = FeatureMaps.of("layer", HAND.copy())
    for field in dataclasses.fields(maps):
        value = getattr(maps, field.name)
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(maps, field.name, value)
        if isinstance(value, np.ndarray):
            with pytest.raises(ValueError, match="read-only"):
                value[0] = 0
