"""All networks by name, with random or trained weights."""

import difflib
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from cnnviz.errors import CnnvizError
from cnnviz.nets.classifiers import (
    SkipInit,
    about,
    bare_classifier,
    build_classifier,
    classifier_names,
)
from cnnviz.nets.lenet import LeNet5
from cnnviz.nets.mini_resnet import MiniResNet
from cnnviz.nets.simple_cnn import SimpleCNN
from cnnviz.nets.trained import WeightsSource, weights_source
from cnnviz.nets.weights import load_weights
from cnnviz.seeding import seeded


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A network: display name, description, builder, and a valid input shape."""

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
_OURS = {
    **_REFERENCE,
    "lenet5": CatalogEntry(
        "LeNet-5", "three 5×5 convolutions for 32×32 pictures with one channel, 1998", LeNet5, (1, 1, 32, 32)
    ),
}


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A network and its weights: the arguments of `model`.

    Attributes:
        name, weights, seed: as for `model`.
        like: for random weights, a weights file from which width and number of classes are taken.
    """

    name: str
    weights: str | None = None
    seed: int = 0
    like: str | None = None

    @property
    def label(self) -> str:
        """The network's name on screen."""
        return catalog_entry(self.name).label

    @property
    def source(self) -> WeightsSource | None:
        """Its trained weights; None for random ones.

        Raises:
            CnnvizError: if there are none of that name.
        """
        return None if self.weights is None else weights_source(self.name, self.weights)

    @property
    def weights_label(self) -> str:
        """Where the weights come from, in words.

        Raises:
            CnnvizError: if they are in a file that cannot be read.
        """
        return self.source.label if self.source else f"random (seed {self.seed})"

    @property
    def shaped_by(self) -> str | None:
        """The weights from which the network's width is taken."""
        return self.weights or self.like

    @property
    def sizes(self) -> dict[str, Any]:
        """Number of classes and channels from `like`, as arguments of `model`."""
        return _sizes_in(weights_source(self.name, self.like)) if self.like else {}

    def build(self) -> nn.Module:
        """The network, in eval mode."""
        return model(self.name, self.weights, seed=self.seed, **self.sizes)


def reference_names() -> tuple[str, ...]:
    """The two networks that the lessons use."""
    return tuple(_REFERENCE)


def model_names() -> tuple[str, ...]:
    """All names that `model` accepts: ours, then torchvision's classifiers."""
    return (*_OURS, *classifier_names())


def catalog_entry(name: str) -> CatalogEntry:
    """The catalog entry of a network.

    Raises:
        CnnvizError: if there is none of that name; the message suggests a similar one.
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
    channels: Sequence[int] | None = None,
    progress: bool = True,
) -> nn.Module:
    """Build a network in eval mode.

    Args:
        name: one of `model_names()`.
        weights: None for random weights; "shapes" for our two networks' weights, trained on
            cnnviz shapes; for torchvision's classifiers "imagenet" for its default weights, or
            torchvision's name of others, such as "IMAGENET1K_V1"; or the path of a .safetensors file.
        seed: of the random weights; the global random state is unchanged.
        num_classes: of our networks, 10 if None; ignored if a weights file determines it.
        channels: of each block of SimpleCNN or stage of MiniResNet, the default if None; ignored if a
            weights file determines it.
        progress: whether a download shows a progress bar on the terminal.

    Raises:
        CnnvizError: if there is no such model, or no such weights for it, or they cannot be loaded.
    """
    entry = catalog_entry(name)
    if channels and name not in _REFERENCE:
        raise CnnvizError(f"Only {' and '.join(_REFERENCE)} come in other widths, not {name}.")
    if weights is None:
        return _seeded(name, seed, _given(num_classes=num_classes, channels=channels))
    weights = str(weights.absolute()) if isinstance(weights, Path) else weights
    source = weights_source(name, weights)
    if source.is_published:
        return build_classifier(name, weights, progress).eval()
    network = _seeded(name, seed, _sizes_in(source))
    load_weights(network, source.path, entry.label)
    return network


def _given(**arguments: Any) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value}


def _sizes_in(source: WeightsSource) -> dict[str, Any]:
    """Number of classes and channels according to a weights file, as arguments of the builder."""
    if source.network not in _OURS:
        return {}
    return _given(num_classes=len(source.class_names), channels=source.channels)


def _seeded(name: str, seed: int, arguments: dict[str, Any]) -> nn.Module:
    with seeded(seed):
        network = catalog_entry(name).build(**(arguments if name in _OURS else {}))
        if name in _OURS:
            initialise(network)
    return network.eval()


def meta_model(
    name: str,
    weights: str | None = None,
    *,
    num_classes: int | None = None,
    channels: Sequence[int] | None = None,
) -> nn.Module:
    """The network on PyTorch's meta device: shapes without values, built quickly.

    Args:
        name: one of `model_names()`.
        weights: whose architecture to build; input size and widths may depend on them.
        num_classes, channels: as for `model`; ignored if `weights` is given.

    Raises:
        CnnvizError: if there is no such model.
    """
    build = catalog_entry(name).build
    source = None if weights is None else weights_source(name, weights)
    if source and source.is_published:
        build = functools.partial(bare_classifier, name, source.name)
    elif source:
        build = functools.partial(build, **_sizes_in(source))
    else:
        build = functools.partial(build, **_given(num_classes=num_classes, channels=channels))
    with SkipInit():
        return build().to("meta").eval()


def model_bytes(name: str, weights: str | None = None) -> int:
    """Bytes of a network's parameters and buffers."""
    network = meta_model(name, weights)
    return sum(t.numel() * t.element_size() for t in (*network.parameters(), *network.buffers()))


def initialise(network: nn.Module) -> None:
    """He normal initialisation for ReLU networks: variance 2 / fan_in (He et al. 2015), bias 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
