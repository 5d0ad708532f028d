"""Trained weights by name: which exist for a network, their files, input normalisation and classes."""

from dataclasses import dataclass
from pathlib import Path

from cnnviz.errors import CnnvizError
from cnnviz.nets import classifiers
from cnnviz.nets.classifiers import IMAGENET, Normalisation, classifier_names
from cnnviz.nets.weights import Provenance, is_weights_path, read_provenance
from cnnviz.nets.widths import channels_in

SHAPES = "shapes"
_SHIPPED = Path(__file__).parents[2] / "assets" / "weights"
_SHAPES_SIDE = 64
_PUBLISHED = {IMAGENET: "trained on ImageNet"}


@dataclass(frozen=True, slots=True)
class WeightsSource:
    """Trained weights of one network; `weights_source` finds them.

    What is read from a file raises a `CnnvizError` where that cannot be read.

    Attributes:
        network: the network's name.
        name: of the weights, as `model` takes it: "imagenet", "shapes", or a path.
        path: of their file; a published one need not be there yet.
        is_published: whether torchvision publishes and downloads them; else they are a safetensors file.
    """

    network: str
    name: str
    path: Path
    is_published: bool

    @property
    def is_there(self) -> bool:
        """Whether nothing needs to be downloaded."""
        return not self.is_published or self.path.exists()

    @property
    def provenance(self) -> Provenance:
        """The provenance in the safetensors file's metadata."""
        return read_provenance(self.path)

    @property
    def label(self) -> str:
        """Where the weights come from, in words."""
        return _PUBLISHED.get(self.name, self.name) if self.is_published else self.provenance.label

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes in the order of the scores; empty if unknown."""
        if self.is_published:
            return classifiers.class_names(self.network, self.name)
        return self.provenance.classes

    @property
    def channels(self) -> tuple[int, ...] | None:
        """Channels of each block or stage of SimpleCNN or MiniResNet; None for other networks."""
        return None if self.is_published else channels_in(self.network, self.path)

    @property
    def normalisation(self) -> Normalisation | None:
        """Input normalisation per colour channel; None for inputs in [0, 1].

        A file for one of torchvision's classifiers is taken to expect what torchvision's own weights do.
        """
        if self.network not in classifier_names():
            return None
        return classifiers.normalisation(self.network, self.name if self.is_published else IMAGENET)

    @property
    def trained_size(self) -> int:
        """Height and width in pixels at which the weights were tested."""
        return classifiers.trained_size(self.network, self.name) if self.is_published else _SHAPES_SIDE


def weights_source(network: str, weights: str) -> WeightsSource:
    """The trained weights of that name, or of that path, for a network.

    Raises:
        CnnvizError: if there are none of that name; it says which there are.
    """
    if is_weights_path(weights):
        return WeightsSource(network, weights, Path(weights), is_published=False)
    if network in classifier_names():
        return WeightsSource(network, weights, classifiers.weights_file(network, weights), is_published=True)
    if weights in weights_names(network):
        return WeightsSource(network, weights, _shipped(network), is_published=False)
    known = ", ".join(repr(name) for name in weights_names(network))
    raise CnnvizError(
        f"{network} has no weights named {weights!r}: only {known + ', ' if known else ''}"
        "a path of a .safetensors file, or random ones (weights=None)."
    )


def weights_names(network: str) -> tuple[str, ...]:
    """Names of the trained weights of a network, best first; may be empty."""
    if network in classifier_names():
        return (IMAGENET,)
    return (SHAPES,) if _shipped(network).is_file() else ()


def trained_sizes(network: str) -> tuple[int, ...]:
    """Heights and widths in pixels at which a network's trained weights were tested."""
    return tuple(weights_source(network, name).trained_size for name in weights_names(network))


def _shipped(network: str) -> Path:
    return _SHIPPED / f"{network}_{SHAPES}.safetensors"
