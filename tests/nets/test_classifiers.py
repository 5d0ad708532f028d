import subprocess
import sys
import urllib.error
from pathlib import Path

import pytest
import torch

from cnnviz.analysis.layers.summaries import layer_summaries
from cnnviz.errors import CnnvizError
from cnnviz.nets import classifiers
from cnnviz.nets.catalog import catalog_entry, meta_model, model, model_names, reference_names
from cnnviz.nets.classifiers import classifier_names, published_figures

ROOT = Path(__file__).parents[2]
SMALL = "shufflenet_v2_x0_5"


def file_name(name):
    return classifiers.torchvision_models().get_model_weights(name).DEFAULT.url.rpartition("/")[2]


def test_every_name_of_torchvision_is_there():
    models = classifiers.torchvision_models()
    assert model_names() == ("simple_cnn", "mini_resnet", "lenet5", *models.list_models(module=models))
    assert len(classifier_names()) >= 80
    assert reference_names() == ("simple_cnn", "mini_resnet")


@pytest.mark.parametrize("name", classifier_names())
def test_every_name_has_an_entry(name):
    entry = catalog_entry(name)
    assert entry.label == name and len(entry.summary) > 10
    assert not set("`<>\n") & set(entry.summary)


def test_an_outline_of_a_network_that_computes_its_widths():
    outline = meta_model("regnet_y_128gf")
    assert {t.device.type for t in (*outline.parameters(), *outline.buffers())} == {"meta"}
    assert sum(p.numel() for p in outline.parameters()) == published_figures("regnet_y_128gf").parameters


def test_random_weights_are_seeded():
    first, second, other = model(SMALL, seed=1), model(SMALL, seed=1), model(SMALL, seed=2)
    assert torch.equal(first.fc.weight, second.fc.weight)
    assert not torch.equal(first.fc.weight, other.fc.weight)
    assert not first.training


def test_the_nearest_name_is_suggested():
    with pytest.raises(CnnvizError, match="Did you mean 'resnet50'"):
        model("restnet50")
    with pytest.raises(CnnvizError, match="Did you mean 'vgg16_bn'"):
        model("VGG16-BN")


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("weights", ["imagenet", "IMAGENET1K_V1"])
def test_weights_come_from_torchvisions_own_folder(hub, weights):
    trained = model(SMALL, seed=7)
    torch.save(trained.state_dict(), hub / file_name(SMALL))
    loaded = model(SMALL, weights=weights)
    assert all(
        torch.equal(a, b)
        for a, b in zip(trained.state_dict().values(), loaded.state_dict().values(), strict=True)
    )
    assert not loaded.training


@pytest.mark.usefixtures("offline")
def test_offline_there_is_a_sentence(hub):
    with pytest.raises(CnnvizError, match=r"\(5 MB\) could not be downloaded: no route to host") as caught:
        model(SMALL, weights="imagenet")
    assert str(hub / file_name(SMALL)) in str(caught.value)


@pytest.mark.usefixtures("offline")
def test_a_broken_file_is_named(hub):
    (hub / file_name(SMALL)).write_bytes(b"not weights")
    with pytest.raises(CnnvizError, match="is not what torchvision published"):
        model(SMALL, weights="imagenet")


def test_the_download_shows_its_progress_if_it_may(hub, monkeypatch):
    asked = []

    def download(_url, file, _hash, progress):
        asked.append(progress)
        torch.save(model(SMALL).state_dict(), file)

    monkeypatch.setattr("torch.hub.download_url_to_file", download)
    model(SMALL, weights="imagenet")
    (hub / file_name(SMALL)).unlink()
    model(SMALL, weights="imagenet", progress=False)
    assert asked == [True, False]


@pytest.mark.parametrize("name", ["vit_h_14", "resnet18"])
def test_an_outline_is_of_the_size_that_its_weights_are_for(name):
    best = classifiers.torchvision_models().get_model_weights(name).DEFAULT
    outline = meta_model(name, "imagenet")
    assert sum(p.numel() for p in outline.parameters()) == best.meta["num_params"]
    assert layer_summaries(outline, (1, 3, *best.meta["min_size"]))


def test_weights_are_downloaded_once_and_failures_leave_nothing(hub, monkeypatch):
    asked = []

    def download(url, file, digest, progress):
        asked.append((url.rpartition("/")[2], digest, progress))
        if len(asked) == 1:
            raise urllib.error.URLError("no route to host")
        Path(file).write_bytes(b"weights")

    monkeypatch.setattr("torch.hub.download_url_to_file", download)
    with pytest.raises(CnnvizError, match="could not be downloaded: no route to host"):
        classifiers.download_weights("resnet18", "imagenet")
    assert list(hub.iterdir()) == []
    classifiers.download_weights("resnet18", "imagenet")
    classifiers.download_weights("resnet18", "imagenet")
    assert asked == [("resnet18-f37072fd.pth", "f37072fd", False)] * 2
    assert classifiers.weights_file("resnet18", "imagenet") == hub / "resnet18-f37072fd.pth"


def test_classes_have_the_names_that_the_weights_publish():
    names = classifiers.class_names("squeezenet1_1", "imagenet")
    assert (len(names), names[0], names[281]) == (1000, "tench", "tabby")


def test_unknown_weights_are_answered_with_those_there_are():
    with pytest.raises(
        CnnvizError, match=r"no weights named 'coco'. There are: 'imagenet', 'IMAGENET1K_V1', 'IMA"
    ):
        model("resnet50", weights="coco")


def test_published_figures_are_torchvisions():
    found = published_figures("resnet50")
    assert (found.accuracy_top1, found.accuracy_top5) == (80.858, 95.434)
    assert (found.parameters, found.macs, found.input_size) == (25_557_032, 4_089_000_000, 224)
    assert (found.weights, found.file_bytes) == ("IMAGENET1K_V2", 97_790_000)


def test_the_names_are_there_where_torchvisions_operators_are_not():
    """A fresh process: once as it comes, once with the operators' library taken away."""
    code = (
        "import sys, torch\n"
        "real = torch.ops.load_library\n"
        "def broken(path):\n"
        "    raise OSError('another torch')\n"
        "if sys.argv[1] == 'broken': torch.ops.load_library = broken\n"
        "import cnnviz\n"
        "assert not [m for m in sys.modules if m.startswith('torchvision')]\n"
        "print(len(cnnviz.model_names()))\n"
        "cnnviz.model('squeezenet1_1')"
    )
    for case in ("as it is", "broken"):
        command = [sys.executable, "-W", "error", "-c", code, case]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (int(ran.stdout or 0), ran.stderr) == (len(model_names()), "")
