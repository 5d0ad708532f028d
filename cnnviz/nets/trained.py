"""Trained weights by name: which there are for a network, and what they expect and tell apart."""

from pathlib import Path

from cnnviz.errors import CnnvizError
from cnnviz.nets import classifiers
from cnnviz.nets.classifiers import IMAGENET, Normalisation, classifier_names
from cnnviz.nets.weights import Provenance, is_weights_path, read_provenance

SHAPES = "shapes"
_SHIPPED = Path(__file__).parents[2] / "assets" / "weights"
_SHAPES_SIDE = 64
_PUBLISHED = {IMAGENET: "trained on ImageNet"}


def weights_names(name: str) -> tuple[str, ...]:
    """The trained weights that `model` knows for a network, best first; none for some."""
    if name in classifier_names():
        return (IMAGENET,)
    return (SHAPES,) if weights_path(name, SHAPES).is_file() else ()


def weights_path(name: str, weights: str) -> Path:
    """The file of trained weights; one that torchvision looks after need not be there."""
    if is_weights_path(weights):
        return Path(weights)
    if name in classifier_names():
        return classifiers.weights_file(name, weights)
    return _SHIPPED / f"{name}_{weights}.safetensors"


def is_published(name: str, weights: str) -> bool:
    """Whether torchvision publishes and downloads them; else they are in a safetensors file."""
    return name in classifier_names() and not is_weights_path(weights)


def provenance(name: str, weights: str) -> Provenance:
    """What the file of weights says of itself.

    Raises:
        CnnvizError: if it cannot be read.
    """
    require_known(name, weights)
    return read_provenance(weights_path(name, weights))


def weights_label(name: str, weights: str) -> str:
    """Where weights come from, in words.

    Raises:
        CnnvizError: if they are in a file that cannot be read.
    """
    return (
        _PUBLISHED.get(weights, weights) if is_published(name, weights) else provenance(name, weights).label
    )


def class_names(name: str, weights: str) -> tuple[str, ...]:
    """The classes of trained weights, in the order of the scores; empty if unknown.

    Raises:
        CnnvizError: if they are in a file that cannot be read.
    """
    if is_published(name, weights):
        return classifiers.class_names(name, weights)
    return provenance(name, weights).classes


def normalisation(name: str, weights: str) -> Normalisation | None:
    """What weights expect of each colour; None for colours from 0 to 1.

    A file for one of torchvision's classifiers is taken to expect what torchvision's own weights do.

    Raises:
        CnnvizError: if there are no such weights.
    """
    require_known(name, weights)
    if name not in classifier_names():
        return None
    return classifiers.normalisation(name, IMAGENET if is_weights_path(weights) else weights)


def trained_sizes(name: str) -> tuple[int, ...]:
    """Heights and widths in pixels at which a network's trained weights were tested."""
    return tuple(
        classifiers.trained_size(name, weights) if is_published(name, weights) else _SHAPES_SIDE
        for weights in weights_names(name)
    )


def require_known(name: str, weights: str) -> None:
    """Refuse weights of no known name.

    Raises:
        CnnvizError: with the names that there are.
    """
    if is_weights_path(weights) or name in classifier_names() or weights in weights_names(name):
        return
    known = ", ".join(repr(n) for n in weights_names(name))
    raise CnnvizError(
        f"{name} has no weights named {weights!r}: only {known + ', ' if known else ''}"
        "a path of a .safetensors file, or random ones (weights=None)."
    )
