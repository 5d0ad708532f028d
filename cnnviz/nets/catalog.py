"""Every network by name, built with the weights that were asked for."""

import difflib
import functools
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from cnnviz.errors import CnnvizError
from cnnviz.nets.classifiers import (
    IMAGENET,
    Outline,
    about,
    build_classifier,
    classifier_names,
    classifier_outline,
    trained_size,
)
from cnnviz.nets.lenet import LeNet5
from cnnviz.nets.mini_resnet import MiniResNet
from cnnviz.nets.simple_cnn import SimpleCNN


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A network: its name on screen, a sentence about it, how to build it, and an input that it takes."""

    label: str
    summary: str
    build: Callable[[], nn.Module]
    input_shape: tuple[int, int, int, int] = (1, 3, 224, 224)


_REFERENCE = {
    "simple_cnn": CatalogEntry(
        "SimpleCNN", "six 3×3 convolutions in three blocks, batch norm, max pooling", SimpleCNN
    ),
    "mini_resnet": CatalogEntry(
        "MiniResNet", "a 7×7 stem and four stages of two residual blocks", MiniResNet
    ),
}
_WEIGHTS_LABELS = {IMAGENET: "trained on ImageNet"}
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
        """Where the weights come from, in words."""
        return f"random (seed {self.seed})" if self.weights is None else weights_label(self.weights)

    def build(self) -> nn.Module:
        """The network, in eval mode."""
        return model(self.name, self.weights, seed=self.seed)


def weights_label(weights: str) -> str:
    """Trained weights in words."""
    return _WEIGHTS_LABELS.get(weights, weights)


def weights_names(name: str) -> tuple[str, ...]:
    """The trained weights that `model` knows for a network, best first; none for some."""
    return () if name in _OURS else (IMAGENET,)


def trained_sizes(name: str) -> tuple[int, ...]:
    """Heights and widths in pixels at which a network's trained weights were tested."""
    return tuple(trained_size(name, weights) for weights in weights_names(name))


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


def model(name: str, weights: str | None = None, *, seed: int = 0, progress: bool = True) -> nn.Module:
    """Build a network in eval mode.

    Args:
        name: one of `model_names()`.
        weights: None for weights drawn at random; for torchvision's classifiers "imagenet" for its
            default weights, or torchvision's name of others, such as "IMAGENET1K_V1".
        seed: of the random weights; the same seed gives the same weights, and the process's own
            random state stays as it was.
        progress: whether a download of weights shows a bar on the terminal.

    Raises:
        CnnvizError: if there is no such model, or no such weights for it, or they cannot be had.
    """
    entry = catalog_entry(name)
    if weights is not None:
        if name in _OURS:
            raise CnnvizError(
                f"{entry.label} has no weights named {weights!r}: only random ones (weights=None)."
            )
        return build_classifier(name, weights, progress).eval()
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would reseed the GPUs too
        network = entry.build()
        if name in _OURS:
            initialise(network)
    return network.eval()


def model_outline(name: str, weights: str | None = None) -> nn.Module:
    """The network without weights, on PyTorch's meta device: for shapes, at no cost.

    Args:
        name: one of `model_names()`.
        weights: those that it is to be like; some vary in the input size that they take.

    Raises:
        CnnvizError: if there is no such model.
    """
    build = catalog_entry(name).build
    if weights is not None and name not in _OURS:
        build = functools.partial(classifier_outline, name, weights)
    with Outline():
        return build().to("meta").eval()


def model_bytes(name: str, weights: str | None = None) -> int:
    """Memory that a network's weights take."""
    outline = model_outline(name, weights)
    return sum(t.numel() * t.element_size() for t in (*outline.parameters(), *outline.buffers()))


def initialise(network: nn.Module) -> None:
    """He's normal initialisation for ReLU networks: variance 2 / fan_in (He et al. 2015), bias 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
