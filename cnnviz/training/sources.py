"""Training data by name: cnnviz shapes, torchvision's CIFAR-10 and Fashion-MNIST, or a folder of pictures."""

import importlib
import urllib.error
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from cnnviz.arrays import Array
from cnnviz.data.images import load_image
from cnnviz.data.shapes import SIDE
from cnnviz.errors import CnnvizError
from cnnviz.nets.classifiers import torchvision_models
from cnnviz.training.pictures import TEST_SEED, HalfSize, Pictures, SamePictures, ShapesPictures

DOWNLOADED = {"cifar10": "CIFAR10", "fashion_mnist": "FashionMNIST"}
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
Turn: TypeAlias = Callable[[], AbstractContextManager[None]]
_MOST = 50_000  # 64×64 pictures: 600 MB


@dataclass(frozen=True, slots=True, eq=False)
class StoredPictures:
    """Pictures in memory: uint8 (N, 3, H, W) with labels int64 (N,)."""

    name: str
    classes: tuple[str, ...]
    pixels: Tensor
    labels: Tensor
    endless: bool = False

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Pictures, uint8 (N, 3, H, W), and their labels, int64 (N,)."""
        chosen = torch.tensor(list(indices))
        return self.pixels[chosen], self.labels[chosen]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Training pictures, held-out pictures (None if there are too few), and notes on what was skipped."""

    train: Pictures
    test: Pictures | None
    notes: tuple[str, ...] = ()

    def same(self, most: int, seed: int) -> "Source":
        """At most `most` training pictures, the same in every epoch."""
        return Source(SamePictures(self.train, most, seed), self.test, self.notes)

    def halved(self) -> "Source":
        """All pictures at half height and width, held-out ones included."""
        return Source(HalfSize(self.train), self.test and HalfSize(self.test), self.notes)


def stored_bytes(sources: Iterable[Source]) -> int:
    """Bytes of stored pictures; shared ones count once."""
    found = {}
    for pictures in (part for source in sources for part in (source.train, source.test)):
        while isinstance(pictures, HalfSize | SamePictures):
            pictures = pictures.whole
        if isinstance(pictures, StoredPictures):
            memory = pictures.pixels.untyped_storage()
            found[memory.data_ptr()] = memory.nbytes()
    return sum(found.values())


def shapes_source(pictures: int, test_pictures: int, seed: int) -> Source:
    """cnnviz shapes: `pictures` new ones per epoch; held-out ones have a seed that no recipe can have."""
    return Source(ShapesPictures(pictures, seed), ShapesPictures(test_pictures, TEST_SEED))


def downloaded_source(name: str, folder: str | Path) -> Source:
    """CIFAR-10 or Fashion-MNIST by torchvision, downloaded to a folder if missing.

    Fashion-MNIST's 28×28 grey pictures are zero-padded to 32×32 and repeated to three channels.

    Raises:
        CnnvizError: if the download fails.
    """
    parts = []
    for train in (True, False):
        data = _torchvision_data(name, folder, train)
        pixels = torch.as_tensor(data.data)
        pixels = F.pad(pixels, (2, 2, 2, 2))[..., None].expand(-1, -1, -1, 3) if pixels.dim() == 3 else pixels
        labels = torch.as_tensor(data.targets)
        parts.append(StoredPictures(name, tuple(data.classes), pixels.permute(0, 3, 1, 2), labels))
    return Source(parts[0], parts[1])


def _torchvision_data(name: str, folder: str | Path, train: bool) -> Any:
    torchvision_models()  # first: it repairs the import of a torchvision built for another torch
    datasets = importlib.import_module("torchvision.datasets")
    try:
        return getattr(datasets, DOWNLOADED[name])(str(folder), train=train, download=True)
    except (OSError, RuntimeError, ValueError, EOFError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else " ".join(str(error).split())
        raise CnnvizError(
            f"{DOWNLOADED[name]} could not be had: {reason}. Connect to the internet, or put torchvision's "
            f"copy of it into {folder}."
        ) from error


def folder_source(folder: str | Path, seed: int = 0, turn: Turn = nullcontext) -> Source:
    """A folder with one sub-folder of pictures per class; centre crops, 64×64.

    A fifth of each class is held out. Unreadable pictures are skipped, with a note. `turn` is a
    context entered around the decoding of each picture, so that other work can run in between.

    Raises:
        CnnvizError: if the folder is missing, or has fewer than two classes with pictures.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CnnvizError(f"There is no folder {folder}.")
    classes, files = _listed(folder)
    pixels, labels, notes = _read(folder, files, turn)
    counts = Counter(labels)
    for index, name in enumerate(classes):
        if not counts[index]:
            raise CnnvizError(f"Not one picture in {folder / name} can be read. {notes[0]}")
    return _split(folder.resolve().name, classes, np.stack(pixels), np.array(labels), seed, tuple(notes))


def _listed(folder: Path) -> tuple[tuple[str, ...], list[tuple[Path, int]]]:
    torchvision_models()
    datasets = importlib.import_module("torchvision.datasets")
    try:
        found = datasets.ImageFolder(
            str(folder), is_valid_file=lambda path: Path(path).suffix.lower() in SUFFIXES, allow_empty=True
        )
    except FileNotFoundError as error:
        raise CnnvizError(f"{folder} has no folders in it: each class needs one, named after it.") from error
    files = [(Path(path), label) for path, label in found.samples]
    full = {label for _, label in files}
    empty = [name for name, label in found.class_to_idx.items() if label not in full]
    if not files:
        raise CnnvizError(f"No folder in {folder} has a picture (PNG, JPEG, WebP, BMP, GIF, TIFF).")
    if empty:
        raise CnnvizError(f"There are no pictures in {folder / empty[0]}: add some, or remove the folder.")
    if len(found.classes) < 2:
        raise CnnvizError(f"{folder} has one class only, {found.classes[0]}: there is nothing to tell apart.")
    if len(files) > _MOST:
        raise CnnvizError(f"{folder} has {len(files):,} pictures; at most {_MOST:,} fit into memory.")
    return tuple(found.classes), files


def _read(
    folder: Path, files: Sequence[tuple[Path, int]], turn: Turn
) -> tuple[list[Array], list[int], list[str]]:
    pixels, labels, notes = [], [], []
    for path, label in files:
        try:
            with turn():
                pixels.append(load_image(path).centre_square(SIDE).pixels)
            labels.append(label)
        except CnnvizError as error:
            notes.append(f"Left out {path.relative_to(folder)}: {error}")
    return pixels, labels, notes


def _split(
    name: str, classes: tuple[str, ...], pixels: Array, labels: Array, seed: int, notes: tuple[str, ...]
) -> Source:
    order = np.random.default_rng(seed).permutation(len(labels))
    held = np.zeros(len(labels), dtype=bool)
    for label in range(len(classes)):
        mine = order[labels[order] == label]
        held[mine[: len(mine) // 5]] = True
    train, test = (
        StoredPictures(
            name,
            classes,
            torch.from_numpy(np.ascontiguousarray(pixels[chosen].transpose(0, 3, 1, 2))),
            torch.from_numpy(labels[chosen]),
        )
        for chosen in (order[~held[order]], order[held[order]])
    )
    return Source(train, test if len(test) else None, notes)
