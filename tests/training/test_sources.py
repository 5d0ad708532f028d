import types
import urllib.error

import numpy as np
import pytest
import torch
from PIL import Image

from cnnviz.errors import CnnvizError
from cnnviz.training import sources
from cnnviz.training.pictures import TEST_SEED
from cnnviz.training.sources import downloaded_source, folder_source, shapes_source


def fill(folder, **counts):
    """A folder for each class with so many pictures of a grey of its own."""
    for k, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            Image.new("RGB", (80, 70), (20 * i, 50 * k, 7)).save(folder / name / f"{i}.png")
    return folder


def test_shapes_are_tested_on_a_seed_that_no_recipe_takes():
    source = shapes_source(30, 20, seed=5)
    assert (len(source.train), len(source.test), source.test.seed) == (30, 20, TEST_SEED)
    assert TEST_SEED >= 2**32 and source.train.endless


def test_a_folder_gives_its_middle_squares_and_holds_a_fifth_of_each_class_out(tmp_path):
    source = folder_source(fill(tmp_path / "greys", dark=5, light=10), seed=1)
    assert source.train.name == "greys" and source.train.classes == ("dark", "light")
    assert (len(source.train), len(source.test)) == (12, 3)
    assert torch.bincount(source.test.labels).tolist() == [1, 2]
    assert source.train.pixels.shape == (12, 3, 64, 64) and not source.train.endless
    colours = [
        tuple(x[:, 0, 0].tolist())
        for part in (source.train, source.test)
        for x in part.batch(range(len(part)))[0]
    ]
    labels = [*source.train.labels.tolist(), *source.test.labels.tolist()]
    assert sorted(zip(labels, colours, strict=True)) == [
        *((0, (20 * i, 0, 7)) for i in range(5)), *((1, (20 * i, 50, 7)) for i in range(10))
    ]  # fmt: skip


def test_few_pictures_leave_none_to_test_on(tmp_path):
    assert folder_source(fill(tmp_path, a=1, b=2)).test is None


def test_pictures_that_cannot_be_read_are_left_out_with_a_note(tmp_path):
    fill(tmp_path, a=3, b=3)
    (tmp_path / "a" / "1.png").write_bytes(b"no picture")
    (tmp_path / "b" / "2.png").write_bytes((tmp_path / "b" / "2.png").read_bytes()[:60])
    (tmp_path / "b" / "readme.txt").write_text("not looked at")
    source = folder_source(tmp_path)
    assert len(source.train) == 4
    first, second = source.notes
    assert "1.png" in first and "not a picture" in first and "2.png" in second and "damaged" in second


def empty(folder):
    folder.mkdir()
    return folder


def broken(folder):
    fill(folder, a=1, b=1)
    (folder / "b" / "0.png").write_bytes(b"x")
    return folder


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: folder, "There is no folder"),
        (empty, "has no folders in it"),
        (lambda folder: fill(folder, a=0, b=0), "No folder in .* has a picture"),
        (lambda folder: fill(folder, a=2, b=0), "no pictures in .*b: add some, or remove"),
        (lambda folder: fill(folder, a=2), "has one class only, a"),
        (broken, "Not one picture in .*b can be read. Left out .*0.png: .*not a picture"),
    ],
)
def test_a_folder_that_will_not_do_is_reported_in_one_sentence_or_two(tmp_path, make, said):
    with pytest.raises(CnnvizError, match=said) as error:
        folder_source(make(tmp_path / "data"))
    assert "\n" not in str(error.value)


def test_too_many_pictures_are_refused_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "_MOST", 3)
    monkeypatch.setattr(sources, "load_image", pytest.fail)
    with pytest.raises(CnnvizError, match="4 pictures; at most 3"):
        folder_source(fill(tmp_path, a=2, b=2))


def published(monkeypatch, make):
    """torchvision's data sets, replaced by what `make(root, train, download)` gives."""
    from cnnviz.nets.classifiers import torchvision_models

    torchvision_models()
    import torchvision.datasets

    for name in ("CIFAR10", "FashionMNIST"):
        monkeypatch.setattr(torchvision.datasets, name, make)


def test_cifar_10_has_its_channels_first(monkeypatch, tmp_path):
    data = np.arange(2 * 32 * 32 * 3, dtype=np.uint64).astype(np.uint8).reshape(2, 32, 32, 3)
    made = types.SimpleNamespace(data=data, targets=[1, 0], classes=["cat", "dog"])
    published(monkeypatch, lambda root, train, download: made)
    pictures, labels = downloaded_source("cifar10", tmp_path).train.batch([1, 0])
    assert np.array_equal(pictures.numpy(), data[[1, 0]].transpose(0, 3, 1, 2))
    assert labels.tolist() == [0, 1]


def test_fashion_mnist_is_framed_and_has_three_equal_channels(monkeypatch, tmp_path):
    data = torch.randint(0, 256, (3, 28, 28), dtype=torch.uint8)
    made = types.SimpleNamespace(data=data, targets=torch.tensor([0, 1, 1]), classes=["shirt", "shoe"])
    published(monkeypatch, lambda root, train, download: made)
    source = downloaded_source("fashion_mnist", tmp_path)
    pictures, _ = source.test.batch(range(3))
    assert pictures.shape == (3, 3, 32, 32)
    assert torch.equal(pictures[:, 2, 2:30, 2:30], data) and pictures.sum() == 3 * data.sum()


@pytest.mark.parametrize(
    "error",
    [
        urllib.error.URLError("no route to host"), RuntimeError("Error downloading x:\nno route to host"),
        ConnectionResetError("no route to host"),
    ],
)  # fmt: skip
def test_what_cannot_be_downloaded_is_reported(monkeypatch, tmp_path, error):
    def fail(*_, **__):
        raise error

    published(monkeypatch, fail)
    with pytest.raises(CnnvizError, match=r"CIFAR10 could not be had: .*no route to host\. Connect"):
        downloaded_source("cifar10", tmp_path)
