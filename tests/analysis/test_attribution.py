import copy
import subprocess
import sys

import numpy as np
import pytest
import torch
from captum import attr
from torch import nn

import cnnviz
from cnnviz.analysis.attribution import (
    ATTRIBUTION_METHODS,
    Attribution,
    Passes,
    attribute,
    grad_cam_layers,
    last_map_module,
)
from cnnviz.errors import CancelledError, CnnvizError
from tests.analysis.small_networks import hooks

SETTINGS = {"steps": 7, "window": 8, "stride": 5, "batch": 3}
EVERY = [Attribution(method, **SETTINGS) for method in ATTRIBUTION_METHODS]
NAMES = list(ATTRIBUTION_METHODS)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return cnnviz.SimpleCNN()


@pytest.fixture
def x():
    return torch.randn(1, 3, 32, 30)


def by_hand(model, x, class_index):
    """What Captum itself gives, method by method."""
    grad_cam = attr.LayerGradCam(model, model.block3.relu2).attribute(x, class_index, relu_attributions=True)
    window, stride = (3, 8, 8), (3, 5, 5)
    return {
        "saliency": attr.Saliency(model).attribute(x, class_index).amax(1)[0],
        "integrated_gradients": attr.IntegratedGradients(model)
        .attribute(x, 0, class_index, n_steps=7)
        .sum(1)[0],
        "occlusion": attr.Occlusion(model).attribute(x, window, stride, 0, class_index)[0, 1],
        "grad_cam": nn.functional.interpolate(grad_cam, (32, 30), mode="bilinear")[0, 0],
    }


def test_every_method_is_captums(network, x):
    expected = by_hand(copy.deepcopy(network).eval(), x.clone().requires_grad_(), 4)
    for how in EVERY:
        found = attribute(network, x, 4, how)
        assert (found.shape, found.dtype) == ((32, 30), np.float32)
        assert not found.flags.writeable
        assert np.abs(found).max() > 0
        np.testing.assert_allclose(
            found, expected[how.method].detach().numpy(), rtol=1e-3, atol=1e-5 * np.abs(found).max()
        )


def test_integrated_gradients_add_up_to_the_gain_in_score(network, x):
    model = copy.deepcopy(network).eval()
    with torch.no_grad():
        gain = float((model(x) - model(torch.zeros_like(x)))[0, 4])
    found = attribute(network, x, 4, Attribution("integrated_gradients", steps=60, batch=20))
    assert found.sum() == pytest.approx(gain, rel=0.02)


def test_occlusion_is_the_score_that_is_lost(network, x):
    model = copy.deepcopy(network).eval()
    covered = x.clone()
    covered[..., :8, :8] = 0
    with torch.no_grad():
        lost = float((model(x) - model(covered))[0, 4])
    found = attribute(network, x, 4, Attribution("occlusion", window=8, stride=8))
    assert found[0, 0] == pytest.approx(lost, rel=1e-3)
    assert found[7, 7] == found[0, 0] != found[8, 8]


@pytest.mark.parametrize("how", EVERY, ids=NAMES)
@pytest.mark.parametrize("batch", [1, 3])
def test_the_cost_is_known_before(network, x, how, batch):
    how = Attribution(how.method, **{**SETTINGS, "batch": batch})
    forwards, backwards = [], []
    model = copy.deepcopy(network)
    model.fc.register_forward_hook(lambda _, inputs, __: forwards.append(len(inputs[0])))
    model.fc.register_full_backward_hook(lambda _, __, grads: backwards.append(len(grads[0])))
    attribute(model, x, 4, how)
    assert Passes(sum(forwards), sum(backwards)) == how.passes(32, 30)


@pytest.mark.parametrize("how", EVERY, ids=NAMES)
def test_progress_rises_to_one(network, x, how):
    shares = []
    attribute(network, x, 4, how, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize("how", EVERY, ids=NAMES)
def test_a_model_lent_for_each_pass_gives_the_same(network, x, how):
    how, lent = Attribution(how.method, **{**SETTINGS, "batch": 1}), []

    def lend(one):
        lent.append(1)
        return one(copy.deepcopy(network))

    outline = cnnviz.SimpleCNN().to("meta")
    found = attribute(outline, x, 4, how, run=lend)
    np.testing.assert_allclose(found, attribute(network, x, 4, how), rtol=1e-4, atol=1e-7)
    assert len(lent) == how.passes(32, 30).forward


@pytest.mark.parametrize("layer", ["bn1", "layer2.0.bn1", "layer3.1.conv1"])
def test_grad_cam_weighs_a_layer_before_the_next_one_writes_over_it(layer):
    model, x = cnnviz.model("resnet18"), torch.randn(1, 3, 64, 64)
    apart = copy.deepcopy(model)
    for module in apart.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    kept = {}
    apart.get_submodule(layer).register_forward_hook(lambda _, __, y: kept.update(y=y) or y.retain_grad())
    apart(x.requires_grad_())[0, 3].backward()
    weighed = (kept["y"].grad.mean((2, 3), keepdim=True) * kept["y"]).sum(1, keepdim=True).relu()
    expected = nn.functional.interpolate(weighed, (64, 64), mode="bilinear")[0, 0].detach().numpy()
    found = attribute(model, x, 3, Attribution("grad_cam", layer=layer))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * expected.max())


@pytest.mark.parametrize("name", ["mini_resnet", "squeezenet1_1"])
def test_every_layer_that_grad_cam_is_offered_for_works(name):
    model, x = cnnviz.model(name), torch.randn(1, 3, 32, 32)
    layers = grad_cam_layers(model, cnnviz.trace(model, x.shape))
    assert last_map_module(model, cnnviz.trace(model, x.shape)) in layers
    for layer in layers[:: max(1, len(layers) // 8)]:
        assert attribute(model, x, 3, Attribution("grad_cam", layer=layer)).shape == (32, 32)


@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion"])
def test_work_stops_between_passes(network, x, method):
    shares = []
    with pytest.raises(CancelledError):
        attribute(
            network, x, 4, Attribution(method, **{**SETTINGS, "batch": 1}),
            progress=shares.append, cancelled=lambda: len(shares) == 2,
        )  # fmt: skip
    assert len(shares) == 2


@pytest.mark.parametrize("how", EVERY, ids=NAMES)
def test_the_model_is_left_as_it_is(network, x, how):
    before, kept = copy.deepcopy(network.state_dict()), x.clone()
    with torch.inference_mode():
        attribute(network, x, 4, how)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(module.training for module in network.modules())
    assert all(parameter.grad is None for parameter in network.parameters())
    assert hooks(network) == 0
    assert torch.equal(x, kept)
    assert not x.requires_grad


@pytest.mark.parametrize("how", EVERY, ids=NAMES)
def test_nothing_stays_behind_when_work_is_called_off(network, x, how):
    with pytest.raises(CancelledError):
        attribute(network, x, 4, how, cancelled=lambda: True)
    assert hooks(network) == 0
    assert all(module.training for module in network.modules())


@pytest.mark.parametrize("name", ["resnet18", "mini_resnet"])
def test_grad_cam_takes_the_last_map_where_none_is_named(name):
    model, x = cnnviz.model(name), torch.randn(1, 3, 64, 64)
    found = attribute(model, x, 3, Attribution("grad_cam"))
    np.testing.assert_array_equal(found, attribute(model, x, 3, Attribution("grad_cam", layer="layer4.1")))
    assert (found >= 0).all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"method": "lime"}, "methods are saliency"),
        ({"method": "occlusion", "window": 4, "stride": 5}, "leaves pixels out"),
        ({"method": "integrated_gradients", "steps": 1}, "steps must be"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, words):
    with pytest.raises(CnnvizError, match=words):
        Attribution(**settings)


@pytest.mark.parametrize(
    ("class_index", "how", "words"),
    [
        (10, Attribution("saliency"), "classes are 0 to 9"),
        (-1, Attribution("saliency"), "whole number from 0"),
        (0, Attribution("occlusion", window=31), "larger than the picture, 32×30"),
        (0, Attribution("grad_cam", layer="block9"), "no layer 'block9'"),
        (0, Attribution("grad_cam", layer="fc"), "no feature maps"),
    ],
)
def test_what_cannot_be_attributed_says_why(network, x, class_index, how, words):
    with pytest.raises(CnnvizError, match=words):
        attribute(network, x, class_index, how)


def test_grad_cam_takes_a_modules_map_where_a_function_gives_the_last_one():
    class EndsInFunction(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4, 2)

        def forward(self, x):
            return self.fc(torch.relu_(self.conv(x)).mean((2, 3)))

    model, x = EndsInFunction(), torch.randn(1, 3, 16, 16)
    found = attribute(model, x, 1, Attribution("grad_cam"))
    maps = attr.LayerGradCam(model, model.conv).attribute(x, 1, relu_attributions=True)
    expected = nn.functional.interpolate(maps, (16, 16), mode="bilinear")[0, 0]
    np.testing.assert_allclose(found, expected.detach().numpy(), rtol=1e-4, atol=1e-7)


def test_grad_cam_refuses_a_layer_that_runs_twice():
    with pytest.raises(CnnvizError, match="runs more than once"):
        attribute(
            cnnviz.model("resnet18"),
            torch.randn(1, 3, 64, 64),
            0,
            Attribution("grad_cam", layer="layer4.1.relu"),
        )


def test_captum_waits_until_it_is_needed():
    code = "import sys, cnnviz.analysis.attribution; print('captum' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
