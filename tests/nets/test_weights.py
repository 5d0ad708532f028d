import json
import pickle
import struct

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from cnnviz.errors import CnnvizError
from cnnviz.nets import trained as trained_weights
from cnnviz.nets.catalog import ModelSpec, model
from cnnviz.nets.trained import weights_names
from cnnviz.nets.weights import Provenance, load_weights, read_provenance, save_weights

MADE = Provenance("tiny", "shapes", ("a", "b"), 3, 4, 500, 0.9871, 5000, "python -m cnnviz train")


def tiny():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.LazyLinear(2)).eval()


@pytest.fixture
def network():
    network = tiny()
    network(torch.zeros(1, 3, 8, 8))
    return network


@pytest.fixture
def saved(network, tmp_path):
    save_weights(network, tmp_path / "w.safetensors", MADE)
    return tmp_path / "w.safetensors"


def changed(saved, **changes):
    """The saved tensors with some replaced, in a file of their own; None takes one away."""
    tensors = load_file(saved)
    for name, tensor in changes.items():
        tensors.pop(name) if tensor is None else tensors.update({name: tensor})
    path = saved.with_name("changed.safetensors")
    save_file(tensors, path, {"network": json.dumps("tiny")})
    return path


def refused(network, path, said):
    """The file is refused by one sentence with these words, and the network stays as it was."""
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(CnnvizError) as error:
        load_weights(network, path, "Tiny")
    text = str(error.value)
    assert said in text and path.name in text and "\n" not in text and len(text) < 500
    after = network.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    return text


def test_what_was_saved_is_what_safetensors_reads(network, saved):
    state, tensors = network.state_dict(), load_file(saved)
    assert tensors.keys() == state.keys()
    for name, tensor in tensors.items():
        half = state[name].is_floating_point() and state[name].dim() > 1
        assert tensor.dtype == (torch.float16 if half else state[name].dtype), name
        torch.testing.assert_close(tensor, state[name].to(tensor.dtype), rtol=0, atol=0)


def test_loading_gives_the_rounded_weights_in_single_precision(network, saved):
    x, other = torch.rand(2, 3, 8, 8), tiny()
    other(x)
    load_weights(other, saved, "Tiny")
    assert {p.dtype for p in other.parameters()} == {torch.float32}
    assert torch.equal(other[0].weight, network[0].weight.half().float())
    torch.testing.assert_close(other(x), network(x), rtol=0.01, atol=0.01)


def test_the_file_tells_where_it_comes_from(saved):
    assert read_provenance(saved) == MADE
    assert read_provenance(saved).label == "trained on cnnviz shapes, 98.7 % test accuracy"


@pytest.mark.parametrize(
    ("made", "label"),
    [
        (Provenance(data="cifar10", test_accuracy=0.5), "trained on CIFAR-10, 50.0 % test accuracy"),
        (Provenance(data="leaves"), "trained on leaves"),
        (Provenance(), "from a file that does not say how they were made"),
    ],
)
def test_labels(made, label):
    assert made.label == label
    assert Provenance.from_metadata(made.to_metadata()) == made


@pytest.mark.parametrize(
    "metadata",
    [
        {"test_accuracy": "NaN"}, {"test_accuracy": "7"}, {"test_accuracy": '"x"'}, {"classes": "[1]"},
        {"classes": json.dumps(["x"] * 5000)}, {"epochs": "true"}, {"epochs": "-1"}, {"data": "[" * 99999},
        {"data": "{"}, {"network": "5"}, {"unknown": "1"}, {"seed": "1.5"},
    ],
)  # fmt: skip
def test_what_a_file_says_without_sense_is_left_out(metadata):
    assert Provenance.from_metadata(metadata) == Provenance()


def test_a_long_story_is_cut_and_kept_on_one_line():
    stated = Provenance.from_metadata({"data": json.dumps("a\nb" + "c" * 5000)})
    assert stated.data.startswith("a b") and len(stated.data) == 200


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"0.weight": torch.zeros(2, 3, 3, 3)}, "0.weight is 4×3×3×3, the file has 2×3×3×3"),
        ({"0.weight": None}, "0.weight is missing"),
        ({"0.wieght": torch.zeros(1)}, "the file has 0.wieght, which Tiny has not"),
        ({"0.bias": torch.zeros(4, dtype=torch.int8)}, "0.bias is float32, the file has int8"),
        (
            {"1.num_batches_tracked": torch.tensor(1.5)},
            "1.num_batches_tracked is int64, the file has float32",
        ),
        ({"1.num_batches_tracked": torch.zeros(2, dtype=torch.int64)}, "is a single number, the file has 2"),
        ({"0.bias": torch.tensor([0, 1, float("nan"), 2])}, "1 value in 0.bias that is no finite number"),
        ({"0.bias": torch.full((4,), float("inf"))}, "4 values in 0.bias that are no finite numbers"),
        ({"0.bias": torch.full((4,), 1e300, dtype=torch.float64)}, "4 values in 0.bias"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(network, saved, changes, said):
    refused(network, changed(saved, **changes), said)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_other_precisions_fit(network, saved, dtype):
    load_weights(network, changed(saved, **{"0.bias": torch.ones(4, dtype=dtype)}), "Tiny")
    assert torch.equal(network[0].bias, torch.ones(4))


def test_a_file_for_another_network_says_so_and_does_not_list_everything(saved):
    text = refused(model("simple_cnn"), saved, "does not fit Tiny (it says that it is for tiny)")
    assert "block1.conv1.weight is missing" in text and "more differences" in text


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
def test_a_pickle_is_refused_unread(network, tmp_path, protocol, name):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("the pickle was read",))

    path = tmp_path / name
    path.write_bytes(pickle.dumps(Bomb(), protocol))
    refused(network, path, "is a pickle")


@pytest.mark.parametrize("zipped", [True, False])
def test_what_torch_saves_is_refused_with_the_reason(network, tmp_path, zipped):
    path = tmp_path / "w.pth"
    torch.save(network.state_dict(), path, _use_new_zipfile_serialization=zipped)
    assert "runs whatever code is in it" in refused(network, path, "is a pickle")


def test_a_header_of_640_bytes_is_not_taken_for_a_pickle(network, saved):
    data = saved.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    target = 0x0280 + 0x10000 * (length > 0x0280)  # begins with 80 02, as pickles of protocol 2 do
    padded = data[8 : 8 + length] + b" " * (target - length)
    saved.write_bytes(struct.pack("<Q", target) + padded + data[8 + length :])
    assert saved.read_bytes()[:2] == b"\x80\x02"
    load_weights(network, saved, "Tiny")


@pytest.mark.parametrize("keep", [0, 5, 8, 9, 100, -1])
def test_a_file_cut_short_is_refused(network, saved, keep):
    saved.write_bytes(saved.read_bytes()[:keep])
    refused(network, saved, "cut short")


@pytest.mark.parametrize("noise", [b"GIF89a" * 20, b"{}" * 50, struct.pack("<Q", 20) + b"{" * 30])
def test_other_files_are_refused(network, tmp_path, noise):
    (tmp_path / "w.safetensors").write_bytes(noise)
    refused(network, tmp_path / "w.safetensors", "w.safetensors")


def test_a_missing_file_and_a_folder_are_reported(network, tmp_path):
    refused(network, tmp_path / "none.safetensors", "cannot be read: No such file")
    refused(network, tmp_path, "cannot be read")


def with_header(path, header, size):
    """A file with this header and `size` bytes of data that take no room on the disk."""
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + size)
    return path


def test_a_file_of_two_gigabytes_is_refused_by_its_header(network, tmp_path):
    size = 2 * 2**30
    entry = {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}
    path = with_header(tmp_path / "big.safetensors", {"0.weight": entry}, size)
    refused(network, path, "0.weight is 4×3×3×3, the file has 536870912")
    refused(network, with_header(tmp_path / "tail.safetensors", {}, size), "damaged or cut short")


@pytest.mark.parametrize(("count", "said"), [(25_000, "25,000 tensors"), (100_000, "more tensors than any")])
def test_a_file_of_very_many_tensors_is_refused(network, tmp_path, count, said):
    header = {
        f"layer.{i}.weight.of.one": {"dtype": "U8", "shape": [1], "data_offsets": [i, i + 1]}
        for i in range(count)
    }
    refused(network, with_header(tmp_path / "many.safetensors", header, count), said)


def test_a_weight_that_is_no_number_is_not_saved_and_the_old_file_stays(network, saved):
    before = saved.read_bytes()
    with torch.no_grad():
        network[0].weight[0, 0, 0, 0] = 1e6  # infinite in half precision
    with pytest.raises(CnnvizError, match=r"The network has 1 value in 0.weight"):
        save_weights(network, saved, MADE)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_a_place_that_cannot_be_written_is_reported(network, tmp_path):
    with pytest.raises(CnnvizError, match="cannot be written"):
        save_weights(network, tmp_path / "none" / "w.safetensors", MADE)


@pytest.mark.parametrize("name", ["simple_cnn", "lenet5", "squeezenet1_1"])
def test_a_model_takes_the_path_of_a_file(name, tmp_path):
    path = tmp_path / "w.safetensors"
    trained = model(name, seed=7)
    save_weights(trained, path, Provenance(name, "leaves"))
    loaded = model(name, str(path))
    assert all(map(torch.equal, model(name, path).parameters(), loaded.parameters()))
    assert not any(module.training for module in loaded.modules())
    for key, tensor in loaded.state_dict().items():
        expected = trained.state_dict()[key]
        assert torch.equal(tensor, expected.half().float() if tensor.dim() > 1 else expected)
    assert ModelSpec(name, str(path)).weights_label == "trained on leaves"


def test_a_file_brings_its_number_of_classes(tmp_path):
    path = tmp_path / "w.safetensors"
    save_weights(model("simple_cnn", num_classes=3), path, Provenance("simple_cnn", "x", ("a", "b", "c")))
    assert model("simple_cnn", str(path)).fc.out_features == 3


def test_a_pickle_is_refused_by_the_catalog_too(tmp_path):
    torch.save(model("simple_cnn").state_dict(), tmp_path / "w.pt")
    with pytest.raises(CnnvizError, match="is a pickle"):
        model("simple_cnn", str(tmp_path / "w.pt"))


def test_shapes_are_offered_where_their_file_is(monkeypatch, tmp_path):
    monkeypatch.setattr(trained_weights, "_SHIPPED", tmp_path)
    assert weights_names("simple_cnn") == ()
    with pytest.raises(CnnvizError, match="simple_cnn has no weights named 'shapes'"):
        model("simple_cnn", "shapes")
    save_weights(model("simple_cnn", seed=5), tmp_path / "simple_cnn_shapes.safetensors", MADE)
    assert weights_names("simple_cnn") == ("shapes",)
    assert weights_names("lenet5") == () and weights_names("resnet18") == ("imagenet",)


@pytest.mark.parametrize("name", ["lenet5", "resnet18"])
def test_networks_without_weights_of_a_name_say_so(name):
    with pytest.raises(CnnvizError, match="has no weights named 'shapes'"):
        model(name, "shapes")


def test_the_file_is_read_by_safetensors_with_its_metadata(saved):
    with safe_open(saved, "pt") as file:
        assert json.loads(file.metadata()["test_accuracy"]) == 0.9871


def test_class_names_stay_short_and_on_one_line():
    stated = Provenance.from_metadata({"classes": json.dumps(["a\n\n# b", "c" * 5000])})
    assert stated.classes == ("a # b", "c" * 200)


def test_a_negative_variance_is_refused(network, saved):
    path = changed(saved, **{"1.running_var": torch.tensor([1.0, 1.0, -0.5, 1.0])})
    refused(network, path, "a value below 0 in 1.running_var")
