import contextlib
import math
import threading

import pytest
import torch
from torch import nn

from cnnviz.errors import CnnvizError
from cnnviz.nets.catalog import catalog_entry, initialise, meta_model, model, model_names
from cnnviz.nets.mini_resnet import MiniResNet
from cnnviz.nets.residual_variants import BlockDesign
from cnnviz.nets.simple_cnn import SimpleCNN


def same_weights(a, b):
    return all(
        torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    )


def test_the_names_stand_for_our_networks():
    assert isinstance(model("simple_cnn"), SimpleCNN)
    assert isinstance(model("mini_resnet"), MiniResNet)
    assert set(model_names()) >= {"simple_cnn", "mini_resnet"}


@pytest.mark.parametrize("name", ["simple_cnn", "mini_resnet"])
def test_the_same_seed_gives_the_same_weights(name):
    assert same_weights(model(name, seed=3), model(name, seed=3))
    assert not same_weights(model(name, seed=3), model(name, seed=4))


def test_the_random_state_around_neither_matters_nor_moves():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = model("simple_cnn")
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert same_weights(first, model("simple_cnn"))


def test_the_random_state_of_the_gpus_does_not_move(monkeypatch):
    reseeded = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", reseeded.append)
    torch.manual_seed(0)
    assert reseeded == [0]
    model("simple_cnn", seed=5)
    assert reseeded == [0]


def drawn_at_once(*jobs):
    """What the jobs give, each in a thread of its own."""
    found = [None] * len(jobs)

    def keep(place):
        found[place] = jobs[place]()

    threads = [threading.Thread(target=keep, args=(place,)) for place in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def meeting(monkeypatch, owner, name):
    """A function that waits a moment for another thread to come as far."""
    both, function = threading.Barrier(2), getattr(owner, name)

    def waiting(*args, **kwargs):
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.2)
        return function(*args, **kwargs)

    monkeypatch.setattr(owner, name, waiting)


def test_two_threads_at_once_get_the_weights_of_their_seeds(monkeypatch):
    alone = [model("simple_cnn", seed=seed, channels=(4, 8, 16)) for seed in (0, 1)]
    state = torch.get_rng_state()
    meeting(monkeypatch, nn.init, "kaiming_normal_")
    at_once = drawn_at_once(
        *(lambda seed=seed: model("simple_cnn", seed=seed, channels=(4, 8, 16)) for seed in (0, 1))
    )
    assert all(same_weights(*pair) for pair in zip(alone, at_once, strict=True))
    assert torch.equal(torch.get_rng_state(), state)


def test_a_residual_block_that_is_built_meanwhile_takes_no_number_of_another_seed(monkeypatch):
    design = BlockDesign("basic", "post", 4, 4)
    alone = model("simple_cnn", channels=(4, 8, 16)), design.build(3)
    meeting(monkeypatch, nn.init, "kaiming_uniform_")
    at_once = drawn_at_once(lambda: model("simple_cnn", channels=(4, 8, 16)), lambda: design.build(3))
    assert all(same_weights(*pair) for pair in zip(alone, at_once, strict=True))


@pytest.mark.parametrize("name", ["simple_cnn", "mini_resnet"])
def test_every_module_is_in_eval_mode(name):
    for network in (model(name), meta_model(name)):
        assert not any(module.training for module in network.modules())


@pytest.mark.parametrize("name", ["simple_cnn", "mini_resnet"])
def test_weights_have_the_variance_of_he(name):
    measured = 0
    for path, module in model(name).named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            weight = module.weight.detach().double()
            fan_in = weight[0].numel()
            # The variance of n normal draws scatters by √(2/n) of itself: five of those are allowed.
            tolerance = 5 * math.sqrt(2 / weight.numel())
            assert weight.var().item() * fan_in == pytest.approx(2, rel=tolerance), path
            assert abs(weight.mean().item()) < 5 * math.sqrt(2 / fan_in / weight.numel()), path
            measured += 1
    assert measured == {"simple_cnn": 7, "mini_resnet": 21}[name]


def test_biases_start_at_zero_and_norms_as_the_identity():
    for module in model("simple_cnn").modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            assert not module.bias.any()
        if isinstance(module, nn.BatchNorm2d):
            assert (module.weight == 1).all() and not module.bias.any()


def test_initialise_uses_fan_in_of_a_group():
    torch.manual_seed(0)
    layer = nn.Conv2d(64, 256, 5, groups=8, bias=False)
    initialise(layer)
    assert layer.weight.var().item() * (64 // 8 * 25) == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("mini_resnt", "mini_resnet"),
        ("mini-resnet", "mini_resnet"),
        ("miniresnet", "mini_resnet"),
        ("simplecnn", "simple_cnn"),
        ("simple_cn", "simple_cnn"),
    ],
)
@pytest.mark.parametrize("build", [model, meta_model, catalog_entry])
def test_an_unknown_name_is_answered_with_the_nearest(name, nearest, build):
    with pytest.raises(CnnvizError, match=f"no model named '{name}'. Did you mean '{nearest}'"):
        build(name)


def test_a_name_like_no_other_is_answered_with_them_all():
    with pytest.raises(CnnvizError, match="There are: simple_cnn, mini_resnet"):
        model("zzz")


def test_unknown_weights_are_refused():
    with pytest.raises(CnnvizError, match="no weights named 'no such weights'"):
        model("simple_cnn", weights="no such weights")


@pytest.mark.parametrize("name", ["simple_cnn", "mini_resnet"])
def test_an_outline_has_every_shape_and_no_values(name):
    outline = meta_model(name)
    tensors = {**dict(outline.named_parameters()), **dict(outline.named_buffers())}
    assert all(tensor.device.type == "meta" for tensor in tensors.values())
    shapes = {key: value.shape for key, value in outline.state_dict().items()}
    assert shapes == {key: value.shape for key, value in model(name).state_dict().items()}


@pytest.mark.parametrize("name", ["simple_cnn", "mini_resnet"])
def test_every_entry_says_what_it_is(name):
    entry = catalog_entry(name)
    assert entry.label and entry.summary
