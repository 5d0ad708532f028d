"""Every network by name, built with the weights that were asked for."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from cnnviz.errors import CnnvizError
from cnnviz.nets.mini_resnet import MiniResNet
from cnnviz.nets.simple_cnn import SimpleCNN


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A network: its name on screen, a sentence about it, and how to build it."""

    label: str
    summary: str
    build: Callable[[], nn.Module]


_CATALOG = {
    "simple_cnn": CatalogEntry(
        "SimpleCNN", "six 3×3 convolutions in three blocks, batch norm, max pooling", SimpleCNN
    ),
    "mini_resnet": CatalogEntry(
        "MiniResNet", "a 7×7 stem and four stages of two residual blocks", MiniResNet
    ),
}


def model_names() -> tuple[str, ...]:
    """Every name that `model` takes."""
    return tuple(_CATALOG)


def catalog_entry(name: str) -> CatalogEntry:
    """What the catalog knows of a network.

    Raises:
        CnnvizError: if there is none of that name; the message names the nearest.
    """
    if name not in _CATALOG:
        near = difflib.get_close_matches(name, _CATALOG, n=1, cutoff=0.3)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(_CATALOG)}."
        raise CnnvizError(f"There is no model named {name!r}. {hint}")
    return _CATALOG[name]


def model(name: str, weights: str | None = None, *, seed: int = 0) -> nn.Module:
    """Build a network in eval mode.

    Args:
        name: one of `model_names()`.
        weights: None for weights drawn at random.
        seed: of the random weights; the same seed gives the same weights, and the process's own
            random state stays as it was.

    Raises:
        CnnvizError: if there is no such model, or no such weights for it.
    """
    entry = catalog_entry(name)
    if weights is not None:
        raise CnnvizError(f"{entry.label} has no weights named {weights!r}: only random ones (weights=None).")
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would reseed the GPUs too
        network = entry.build()
        initialise(network)
    return network.eval()


def model_outline(name: str) -> nn.Module:
    """The network without weights, on PyTorch's meta device: for shapes, at no cost.

    Raises:
        CnnvizError: if there is no such model.
    """
    with torch.device("meta"):
        return catalog_entry(name).build().eval()


def initialise(network: nn.Module) -> None:
    """He's normal initialisation for ReLU networks: variance 2 / fan_in (He et al. 2015), bias 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
