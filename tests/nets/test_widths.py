"""Networks of other widths, and files of weights that bring theirs."""

import pytest
import torch
from safetensors.torch import save_file

import cnnviz
from cnnviz.errors import CnnvizError
from cnnviz.nets.catalog import ModelSpec, meta_model, model_bytes
from cnnviz.nets.weights import Provenance, save_weights
from cnnviz.nets.widths import channels_in, channels_of


@pytest.mark.parametrize("name", ["simple_cnn", "mini_resnet"])
def test_the_own_width_gives_the_lessons_network(name):
    wide, own = cnnviz.model(name, channels=channels_of(name, 64)), cnnviz.model(name)
    for (key, tensor), (other, expected) in zip(
        wide.state_dict().items(), own.state_dict().items(), strict=True
    ):
        assert key == other and torch.equal(tensor, expected)


@pytest.mark.parametrize("name", ["simple_cnn", "mini_resnet"])
def test_a_file_of_another_width_opens_by_itself(name, tmp_path):
    path = tmp_path / "narrow.safetensors"
    network = cnnviz.model(name, seed=3, num_classes=4, channels=channels_of(name, 8))
    save_weights(network, path, Provenance(name, "shapes", tuple("abcd")))
    assert channels_in(name, path) == channels_of(name, 8)
    opened = ModelSpec(name, str(path)).build()
    x = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(opened(x), network(x), rtol=1e-2, atol=1e-2)
    outline = meta_model(name, str(path))
    shapes = {key: tensor.shape for key, tensor in network.state_dict().items()}
    assert {key: tensor.shape for key, tensor in outline.state_dict().items()} == shapes
    assert model_bytes(name, str(path)) == sum(t.nbytes for t in network.state_dict().values())


def test_a_file_that_makes_no_sense_builds_nothing_large(tmp_path):
    path = tmp_path / "odd.safetensors"
    save_file({f"block{i}.conv1.weight": torch.zeros(10**6, 0, 3, 3) for i in (1, 2, 3)}, path)
    assert channels_in("simple_cnn", path) is None
    with pytest.raises(CnnvizError, match="does not fit SimpleCNN"):
        cnnviz.model("simple_cnn", str(path))
    save_file({"other": torch.zeros(1)}, path)
    assert channels_in("simple_cnn", path) is None and channels_in("lenet5", path) is None


def test_other_networks_have_one_width():
    for ask in (lambda: cnnviz.model("lenet5", channels=(4, 8)), lambda: channels_of("resnet18")):
        with pytest.raises(CnnvizError, match="other widths"):
            ask()
    with pytest.raises(CnnvizError, match="at least 1 channel"):
        channels_of("simple_cnn", 0)
    with pytest.raises(CnnvizError, match="three widths"):
        cnnviz.SimpleCNN(channels=(4, 8))
