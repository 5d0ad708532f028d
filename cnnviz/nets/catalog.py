"""Every network by name, built with the weights that were asked for."""

import difflib
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from cnnviz.errors import CnnvizError
from cnnviz.nets.classifiers import IMAGENET, Outline, about, build_classifier, classifier_names
from cnnviz.nets.lenet import LeNet5
from cnnviz.nets.mini_resnet import MiniResNet
from cnnviz.nets.simple_cnn import SimpleCNN
from cnnviz.nets.weights import is_weights_path, load_weights, read_provenance


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A network: its name on screen, a sentence about it, how to build it, and an input that it takes."""

    label: str
    summary: str
    build: Callable[..., nn.Module]
    input_shape: tuple[int, int, int, int] = (1, 3, 224, 224)


_REFERENCE = {
    "simple_cnn": CatalogEntry(
        "SimpleCNN", "six 3×3 convolutions in three blocks, batch norm, max pooling", SimpleCNN
    ),
    "mini_resnet": CatalogEntry(
        "MiniResNet", "a 7×7 stem and four stages of two residual blocks", MiniResNet
    ),
}
SHAPES = "shapes"
_SHIPPED = Path(__file__).parents[2] / "assets" / "weights"
_OURS = {
    **_REFERENCE,
    "lenet5": CatalogEntry(
        "LeNet-5", "three 5×5 convolutions for 32×32 pictures with one channel, 1998", LeNet5, (1, 1, 32, 32)
    ),
}


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """Which network with which weights; the arguments of `model`."""

    name: str
    weights: str | None = None
    seed: int = 0

    @property
    def label(self) -> str:
        """The network's name on screen."""
        return catalog_entry(self.name).label

    @property
    def weights_label(self) -> str:
        """Where the weights come from, in words.

        Raises:
            CnnvizError: if they are in a file that cannot be read.
        """
        if self.weights is None:
            return f"random (seed {self.seed})"
        path = weights_file(self.name, self.weights)
        return "trained on ImageNet" if path is None else read_provenance(path).label

    def build(self) -> nn.Module:
        """The network, in eval mode."""
        return model(self.name, self.weights, seed=self.seed)


def weights_names(name: str) -> tuple[str, ...]:
    """The trained weights that `model` knows for a network, best first; none for some."""
    if name not in _OURS:
        return (IMAGENET,)
    shipped = weights_file(name, SHAPES)
    return (SHAPES,) if shipped is not None and shipped.is_file() else ()


def weights_file(name: str, weights: str) -> Path | None:
    """The file that `weights` means for a network; None for weights that torchvision looks after."""
    if weights == SHAPES and name in _REFERENCE:
        return _SHIPPED / f"{name}_shapes.safetensors"
    return Path(weights) if is_weights_path(weights) else None


def reference_names() -> tuple[str, ...]:
    """The two networks that the lessons are about."""
    return tuple(_REFERENCE)


def model_names() -> tuple[str, ...]:
    """Every name that `model` takes: ours, then torchvision's classifiers."""
    return (*_OURS, *classifier_names())


def catalog_entry(name: str) -> CatalogEntry:
    """What the catalog knows of a network.

    Raises:
        CnnvizError: if there is none of that name; the message names the nearest.
    """
    if name in _OURS:
        return _OURS[name]
    if name not in classifier_names():
        near = difflib.get_close_matches(name.lower(), model_names(), n=1, cutoff=0.3)
        every = f"There are: {', '.join(_OURS)} and torchvision's {len(classifier_names())} classifiers."
        hint = f"Did you mean {near[0]!r}?" if near else every
        raise CnnvizError(f"There is no model named {name!r}. {hint}")
    return CatalogEntry(name, about(name), functools.partial(build_classifier, name))


def model(
    name: str,
    weights: str | Path | None = None,
    *,
    seed: int = 0,
    num_classes: int | None = None,
    progress: bool = True,
) -> nn.Module:
    """Build a network in eval mode.

    Args:
        name: one of `model_names()`.
        weights: None for weights drawn at random; "shapes" for our two networks' weights, trained on
            cnnviz shapes; for torchvision's classifiers "imagenet" for its default weights, or
            torchvision's name of others, such as "IMAGENET1K_V1"; or the path of a .safetensors file.
        seed: of the random weights; the same seed gives the same weights, and the process's own
            random state stays as it was.
        num_classes: of our networks, 10 if None; a file of weights brings its own.
        progress: whether a download of weights shows a bar on the terminal.

    Raises:
        CnnvizError: if there is no such model, or no such weights for it, or they cannot be had.
    """
    entry = catalog_entry(name)
    if weights is None:
        return _seeded(name, seed, num_classes)
    path = weights if isinstance(weights, Path) else weights_file(name, weights)
    if path is not None:
        if name in _OURS:
            num_classes = len(read_provenance(path).classes) or None
        network = _seeded(name, seed, num_classes)
        load_weights(network, path, entry.label)
        return network
    if name in _OURS:
        known = ", ".join(repr(n) for n in weights_names(name))
        raise CnnvizError(
            f"{entry.label} has no weights named {weights!r}: only {known + ', ' if known else ''}"
            "a path of a .safetensors file, or random ones (weights=None)."
        )
    return build_classifier(name, str(weights), progress).eval()


def _seeded(name: str, seed: int, num_classes: int | None) -> nn.Module:
    arguments = {"num_classes": num_classes} if num_classes and name in _OURS else {}
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would reseed the GPUs too
        network = catalog_entry(name).build(**arguments)
        if name in _OURS:
            initialise(network)
    return network.eval()


def model_outline(name: str) -> nn.Module:
    """The network without weights, on PyTorch's meta device: for shapes, at no cost.

    Raises:
        CnnvizError: if there is no such model.
    """
    with Outline():
        return catalog_entry(name).build().to("meta").eval()


def initialise(network: nn.Module) -> None:
    """He's normal initialisation for ReLU networks: variance 2 / fan_in (He et al. 2015), bias 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
