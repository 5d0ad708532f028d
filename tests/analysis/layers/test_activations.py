import numpy as np
import pytest
import torch
from torch import nn

from cnnviz.analysis.layers.activations import (
    activation_limit,
    capture,
    convolutions,
    evaluating,
    feature_maps,
    watch,
)
from cnnviz.analysis.layers.summaries import layer_summaries
from cnnviz.errors import CnnvizError
from cnnviz.nets.catalog import model
from cnnviz.ops.convolution import Conv2dFromScratch
from tests.analysis.small_networks import Fails, Unpacks, UsedTwice, hooks, picture, vgg_like


@pytest.fixture(scope="module")
def simple_cnn():
    return model("simple_cnn")


@torch.inference_mode()
def modules_by_hand(network, x):
    """Run a plain nn.Sequential one module after the other, keeping a copy of every output."""
    outputs = {}
    for name, module in network.named_children():
        x = module(x.clone())
        outputs[name] = x.clone()
    return outputs


def test_batch_norm_maps_are_not_overwritten_by_the_relu_behind_them(simple_cnn):
    norms = [path for path, module in simple_cnn.named_modules() if isinstance(module, nn.BatchNorm2d)]
    with torch.inference_mode(), capture(simple_cnn, norms) as maps:
        simple_cnn(picture())
    assert len(norms) == 6
    assert all((maps[path] < 0).any() for path in norms)


def test_convolution_maps_are_not_overwritten_by_the_relu_behind_them():
    network, x = vgg_like(), picture()
    with torch.inference_mode(), capture(network, "0123") as maps:
        network(x)
    expected = modules_by_hand(network, x)
    for path in "0123":
        torch.testing.assert_close(maps[path], expected[path])
    assert (maps["0"] < 0).any() and (maps["2"] < 0).any()
    assert not (maps["1"] < 0).any()


def test_watch_shows_the_live_tensor_which_capture_has_to_copy():
    network, live = vgg_like(), {}
    with torch.inference_mode(), watch(network, ["0"], live.__setitem__):
        network(picture())
    assert not (live["0"] < 0).any()


def test_captured_maps_hold_no_gradients():
    network = vgg_like()
    with capture(network, ["0"]) as maps:
        network(picture())
    assert not maps["0"].requires_grad


@pytest.mark.parametrize(
    "scope", [capture, lambda *args: watch(*args, lambda *_: None)], ids=["capture", "watch"]
)
class TestNoHookIsLeftOver:
    def test_after_a_normal_run(self, scope):
        network = vgg_like()
        with scope(network, ["0", "1", "4"]):
            assert hooks(network) == 3
            network(picture())
        assert hooks(network) == 0

    def test_after_an_error_inside_the_model(self, scope):
        network = Fails(RuntimeError("boom"))
        with pytest.raises(RuntimeError, match="boom"), scope(network, ["conv", "bn"]):
            network(picture())
        assert hooks(network) == 0

    def test_after_an_interruption(self, scope):
        network = vgg_like()
        with pytest.raises(KeyboardInterrupt), scope(network, ["0"]):
            raise KeyboardInterrupt
        assert hooks(network) == 0

    def test_after_an_unknown_layer_behind_a_known_one(self, scope):
        network = vgg_like()
        with pytest.raises(CnnvizError), scope(network, ["0", "1", "nothing"]):
            pytest.fail("the context must not open")
        assert hooks(network) == 0

    def test_and_hooks_of_others_stay(self, scope):
        network = vgg_like()
        network[0].register_forward_hook(lambda *_: None)
        with scope(network, ["0"]):
            assert hooks(network) == 2
        assert hooks(network) == 1


@pytest.mark.parametrize("look", [feature_maps, activation_limit])
def test_no_hook_is_left_over_after_a_failed_look(look):
    network = Fails(RuntimeError("boom"))
    with pytest.raises(CnnvizError, match="boom"):
        look(network, picture(), ["conv", "bn"])
    with pytest.raises(CnnvizError, match="no layer"):
        look(network, picture(), ["conv", "nothing"])
    assert hooks(network) == 0


def test_an_unknown_layer_is_answered_with_its_neighbours(simple_cnn):
    with (
        pytest.raises(CnnvizError, match=r"no layer 'block1.conv3'.*block1.conv\d"),
        capture(simple_cnn, ["block1.conv3"]),
    ):
        pass


def test_a_layer_unlike_any_other_is_answered_with_some_there_are(simple_cnn):
    refused = pytest.raises(CnnvizError, match=r"no layer '%%%'\. Near it: block1, ")
    with refused, capture(simple_cnn, ["%%%"]):
        pass


def test_a_layer_that_runs_twice_gives_two_activations():
    network, x = UsedTwice(), picture()
    with torch.inference_mode(), capture(network, ["conv"]) as maps:
        network(x)
        first = network.conv.forward(x)
        second = network.conv.forward(first + 1)
    assert list(maps) == ["conv", "conv#2"]
    torch.testing.assert_close(maps["conv"], first)
    torch.testing.assert_close(maps["conv#2"], second)


def test_each_scope_counts_its_own_runs():
    network = vgg_like()
    for _ in range(2):
        with capture(network, ["0"]) as maps:
            network(picture())
        assert list(maps) == ["0"]


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        (lambda x: (x, x + 1), {"branches[0]": 0, "branches[1]": 1}),
        (lambda x: [x + 2], {"branches[0]": 2}),
        (lambda x: {"out": x, "aux": x + 3}, {"branches['out']": 0, "branches['aux']": 3}),
        (lambda x: (x, {"deep": [x + 4]}), {"branches[0]": 0, "branches[1]['deep'][0]": 4}),
        (lambda x: (None, x + 5, "words"), {"branches[1]": 5}),
        (lambda _: None, {}),
    ],
    ids=["tuple", "list", "dict", "nested", "with others", "none"],
)
def test_outputs_in_packages_are_unpacked(package, expected):
    x = picture()
    network = Unpacks(package)
    with capture(network, ["branches"]) as maps:
        network(x)
    assert list(maps) == list(expected)
    for path, offset in expected.items():
        torch.testing.assert_close(maps[path], x + offset)


def test_convolutions_are_all_of_them_ours_included(simple_cnn):
    assert convolutions(simple_cnn) == tuple(f"block{b}.conv{c}" for b in (1, 2, 3) for c in (1, 2))
    mixed = nn.Sequential(
        Conv2dFromScratch(3, 2, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(2, 2, 2),
        nn.Linear(2, 2),
        nn.Conv1d(1, 1, 1),
    )
    assert convolutions(mixed) == ("0", "2", "4")


def training_network():
    """In train mode, but for one frozen norm, as in fine-tuning."""
    network = model("simple_cnn").train()
    network.block2.bn1.eval()
    return network


LOOKS = {
    "feature_maps": lambda network: feature_maps(network, picture()),
    "activation_limit": lambda network: activation_limit(network, picture(), ["block1.conv1"]),
    "layer_summaries": lambda network: layer_summaries(network, (1, 3, 16, 16)),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_looking_changes_nothing_in_a_network_in_training(look):
    network = training_network()
    modes = [module.training for module in network.modules()]
    state = {key: value.clone() for key, value in network.state_dict().items()}
    gradients = [parameter.requires_grad for parameter in network.parameters()]
    look(network)
    assert [module.training for module in network.modules()] == modes
    assert modes.count(False) == 1
    assert [parameter.requires_grad for parameter in network.parameters()] == gradients
    for key, value in network.state_dict().items():
        assert torch.equal(value, state[key]), key
    assert hooks(network) == 0


def test_a_network_in_training_answers_as_in_use():
    network = training_network()
    maps = feature_maps(network, picture(), ["block1.bn1", "fc"])
    expected = feature_maps(network.eval(), picture(), ["block1.bn1", "fc"])
    for path, values in expected.items():
        np.testing.assert_array_equal(maps[path], values)


def test_evaluating_restores_every_mode_after_an_error():
    network = training_network()
    modes = [module.training for module in network.modules()]
    with pytest.raises(RuntimeError, match="boom"), evaluating(network):
        assert not any(module.training for module in network.modules())
        raise RuntimeError("boom")
    assert [module.training for module in network.modules()] == modes


def test_activation_limit_is_the_largest_magnitude_of_the_layers():
    network, x = vgg_like(), picture()
    by_hand = {path: output.abs().max().item() for path, output in modules_by_hand(network, x).items()}
    for layers in (["0"], ["1"], ["2"], ["0", "2", "4"]):
        expected = max(by_hand[path] for path in layers)
        assert activation_limit(network, x, layers) == pytest.approx(expected)
    assert activation_limit(network, x, []) == 0


def test_activation_limit_counts_negative_values():
    network = nn.Sequential(nn.Conv2d(3, 1, 1, bias=False))
    nn.init.constant_(network[0].weight, -2)
    assert activation_limit(network, torch.ones(1, 3, 2, 2), ["0"]) == pytest.approx(6)
