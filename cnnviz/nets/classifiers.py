"""torchvision's image classifiers: lazily imported, built, loaded; their published figures."""

import functools
import importlib
import re
import sys
import urllib.error
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cnnviz.errors import CnnvizError
from cnnviz.seeding import seeded

IMAGENET = "imagenet"
_SCHEMAS = ("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
            "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # fmt: skip
_declared: list[
    torch.library.Library
] = []  # operators are unregistered when their library is garbage-collected


@functools.cache
def torchvision_models() -> ModuleType:
    """The module `torchvision.models`.

    A torchvision built for another torch (with CUDA against without) cannot load its compiled
    operators, and its import then fails with "operator torchvision::nms does not exist". Classifiers do
    not use them, so their schemas are then declared and the import is retried.
    """
    try:
        return importlib.import_module("torchvision.models")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for schema in _SCHEMAS:
        library.define(schema)  # type: ignore[no-untyped-call]
    _declared.append(library)
    return importlib.import_module("torchvision.models")


@functools.cache
def classifier_names() -> tuple[str, ...]:
    """The names of all classifiers, from `torchvision.models.list_models`."""
    models = torchvision_models()
    return tuple(models.list_models(module=models))


def bare_classifier(name: str, weights: str | None = None) -> nn.Module:
    """The architecture that certain weights fit, without weights; call it within `SkipInit`."""
    sized = {}
    if weights is not None and name.startswith("vit_"):  # a ViT takes one size, which depends on its weights
        sized["image_size"] = trained_size(name, weights)
    network: nn.Module = torchvision_models().get_model(name, weights=None, **sized, **_plain(name))
    return network


def _plain(name: str) -> dict[str, bool]:
    """Arguments that skip slow initialisation: GoogLeNet's and Inception's take seconds and warn."""
    return {"init_weights": False} if name in ("googlenet", "inception_v3") else {}


def build_classifier(name: str, weights: str | None = None, progress: bool = True) -> nn.Module:
    """Build a classifier with torchvision's builder and loader.

    Args:
        name: one of `classifier_names()`.
        weights: None for torchvision's random initialisation; "imagenet" for its default weights, or
            the name of others, such as "IMAGENET1K_V1".
        progress: whether a download shows a bar on the terminal.

    Raises:
        CnnvizError: if there are no such weights, or they cannot be downloaded or read.
    """
    models = torchvision_models()
    if weights is None:
        network: nn.Module = models.get_model(name, weights=None, **_plain(name))
        return network
    chosen = _weights(name, weights)
    try:
        if not _file(chosen).exists():
            chosen.get_state_dict(progress=progress, check_hash=True)  # outside the lock of `seeded`
        with seeded(0):  # the builder draws weights before it loads them
            network = models.get_model(name, weights=chosen, progress=progress)
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise CnnvizError(_not_downloaded(name, chosen, error)) from error
    except Exception as error:
        said = (str(error) or type(error).__name__).splitlines()[0]
        raise CnnvizError(
            f"{_file(chosen)} is not what torchvision published as weights of {name} ({said}). "
            "Delete it, and it is downloaded again."
        ) from error
    return network


def class_names(name: str, weights: str) -> tuple[str, ...]:
    """The classes of trained weights, in the order of the scores."""
    return tuple(_weights(name, weights).meta["categories"])


@dataclass(frozen=True, slots=True)
class Normalisation:
    """Input normalisation per colour channel: (x − mean) / std."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


def normalisation(name: str, weights: str) -> Normalisation:
    """The normalisation of the weights' published transforms."""
    transforms = _weights(name, weights).transforms()
    return Normalisation(tuple(transforms.mean), tuple(transforms.std))


def trained_size(name: str, weights: str = IMAGENET) -> int:
    """Side in pixels of the square crop at which weights were evaluated."""
    return int(_weights(name, weights).transforms.keywords["crop_size"])


def weights_file(name: str, weights: str) -> Path:
    """Where torchvision stores the weights; the file may not exist yet."""
    return _file(_weights(name, weights))


def weights_bytes(name: str, weights: str) -> int:
    """Published size of the weights' file in bytes."""
    return round(float(_weights(name, weights).meta["_file_size"]) * 1e6)


def download_weights(name: str, weights: str) -> None:
    """Download the weights' file to torchvision's folder, unless it exists.

    torch downloads to a "….partial" file first, so that a broken download leaves no file.

    Raises:
        CnnvizError: if it cannot be downloaded.
    """
    chosen, file = _weights(name, weights), weights_file(name, weights)
    if file.exists():
        return
    digest = torch.hub.HASH_REGEX.search(file.name)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(
            chosen.url, str(file), digest.group(1) if digest else None, progress=False
        )
    except (OSError, RuntimeError) as error:
        raise CnnvizError(_not_downloaded(name, chosen, error)) from error


def _weights(name: str, weights: str) -> Any:
    if name not in classifier_names():
        raise CnnvizError(f"torchvision has no weights for {name}.")
    offered = torchvision_models().get_model_weights(name)
    wanted = "DEFAULT" if weights == IMAGENET else weights
    if wanted not in offered.__members__:
        names = ", ".join(repr(n) for n in (IMAGENET, *(w.name for w in offered)))
        raise CnnvizError(
            f"{name} has no weights named {weights!r}. There are: {names}, or None for random ones."
        )
    return offered[wanted]


def _file(weights: Any) -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints" / str(weights.url).rpartition("/")[2]


def _not_downloaded(name: str, weights: Any, error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return (
        f"The ImageNet weights of {name} ({weights.meta['_file_size']:.0f} MB) could not be downloaded: "
        f"{reason}. "
        f"Connect to the internet, or save {weights.url} as {_file(weights)}."
    )


class SkipInit(TorchFunctionMode):
    """Within it, modules are built on the meta device and their random initialisation is skipped.

    Unlike `torch.device("meta")` it leaves `arange` and `linspace` real, from whose values some networks
    compute their widths. Initialising a meta tensor has no effect, but costs torch a millisecond.
    """

    _MAKE = (torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn)
    _DRAW = (nn.init.uniform_, nn.init.normal_, nn.init.kaiming_uniform_,
             Tensor.uniform_, Tensor.normal_, Tensor.erfinv_)  # fmt: skip

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Create tensors on the meta device; skip random initialisation of meta tensors."""
        given = dict(kwargs or {})
        if func in self._DRAW:
            drawn: Tensor = args[0] if args else given["tensor"]
            if drawn.is_meta:
                return drawn
        if func in self._MAKE and given.get("device") is None:
            given["device"] = "meta"
        return func(*args, **given)


@dataclass(frozen=True, slots=True)
class PublishedFigures:
    """torchvision's published figures for a classifier's weights: one crop, ImageNet-1K validation.

    Attributes:
        name: of the classifier.
        weights: of the weights.
        accuracy_top1, accuracy_top5: in per cent.
        parameters: number of parameters.
        macs: multiply-accumulates for one picture of `input_size`.
        file_bytes: size of the file.
        input_size: height and width of the crop, in pixels.
    """

    name: str
    weights: str
    accuracy_top1: float
    accuracy_top5: float
    parameters: int
    macs: int
    file_bytes: int
    input_size: int


@functools.cache
def published_figures(name: str, weights_name: str = "DEFAULT") -> PublishedFigures:
    """The figures in torchvision's weight metadata; nothing is downloaded.

    torchvision rounds to 10⁶ MACs and to 10³ bytes.
    """
    weights = torchvision_models().get_model_weights(name)[weights_name]
    meta, metrics = weights.meta, weights.meta["_metrics"]["ImageNet-1K"]
    return PublishedFigures(
        name,
        weights.name,
        metrics["acc@1"],
        metrics["acc@5"],
        meta["num_params"],
        round(meta["_ops"] * 1e9),
        round(meta["_file_size"] * 1e6),
        weights.transforms.keywords["crop_size"],
    )


def rated_weights(name: str) -> tuple[str, ...]:
    """The weights of a classifier whose accuracy is published, in torchvision's order."""
    offered = torchvision_models().get_model_weights(name)
    rated = (
        w for w in offered if w.meta["_metrics"]["ImageNet-1K"]["acc@1"] > 0
    )  # VGG-16's features have NaN
    return tuple(w.name for w in rated)


def family_of(name: str) -> str:
    """The torchvision module that defines a classifier, such as "resnet"."""
    return str(torchvision_models().get_model_builder(name).__module__).rpartition(".")[2]


def about(name: str) -> str:
    """The first sentence of torchvision's documentation of a classifier, as plain text."""
    text = torchvision_models().get_model_builder(name).__doc__ or name
    sentence = re.split(r"\n\s*\n|\.\s", text.strip())[0]
    return re.sub(r"\s+", " ", re.sub(r"`([^`<]*?)\s*<[^>]*>`_*", r"\1", sentence)).rstrip(".")
