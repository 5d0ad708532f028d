"""A network after each epoch, kept within bounds: where there are too many epochs, every second one goes."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from cnnviz.nets.weights import halved
from cnnviz.training.answers import Answers

MOST = 16
_BYTES = 64_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One epoch: 0 is before the first step.

    Attributes:
        epoch: how many are done.
        weights: as a file has them, in half precision.
        answers: to the held-out pictures, with these weights; None if there are no such pictures.
    """

    epoch: int
    weights: Mapping[str, Tensor]
    answers: Answers | None

    @property
    def nbytes(self) -> int:
        """Memory that the weights take."""
        return sum(tensor.nbytes for tensor in self.weights.values())


def weights_now(network: nn.Module) -> dict[str, Tensor]:
    """A copy of the weights as a file has them."""
    return {name: tensor.detach().cpu().clone() for name, tensor in halved(network).items()}


class Shots:
    """The shots of one run: at most `MOST` of them, and 64 MB where more than three are kept.

    The first and the last stay.

    Attributes:
        every: the others are this many epochs apart.
    """

    def __init__(self) -> None:
        self.every = 1
        self.kept: tuple[Shot, ...] = ()

    @property
    def nbytes(self) -> int:
        """Memory that all of them take."""
        return sum(shot.nbytes for shot in self.kept)

    def add(self, shot: Shot) -> None:
        """Keep one more; older ones make room."""
        most = max(3, min(MOST, _BYTES // max(1, shot.nbytes)))
        kept = [*self._thinned(self.kept), shot]
        while len(kept) > most:
            self.every *= 2
            kept = [*self._thinned(kept[:-1]), shot]
        self.kept = tuple(kept)

    def _thinned(self, shots: tuple[Shot, ...] | list[Shot]) -> list[Shot]:
        return [shot for shot in shots if shot.epoch % self.every == 0]
