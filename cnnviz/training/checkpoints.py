"""The weights after each epoch, bounded in memory: if there are too many, every second one is dropped."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from cnnviz.nets.weights import halved
from cnnviz.training.predictions import Predictions

MOST = 16
_BYTES = 64_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """The state after an epoch; epoch 0 is before the first step.

    Attributes:
        epoch: number of completed epochs.
        weights: in half precision, as in a file.
        predictions: on the held-out pictures, with these weights; None if there are no such pictures.
    """

    epoch: int
    weights: Mapping[str, Tensor]
    predictions: Predictions | None

    @property
    def nbytes(self) -> int:
        """Bytes of the weights."""
        return sum(tensor.nbytes for tensor in self.weights.values())


def weights_now(network: nn.Module) -> dict[str, Tensor]:
    """A copy of the weights in half precision, as in a file."""
    return {name: tensor.detach().cpu().clone() for name, tensor in halved(network).items()}


class Checkpoints:
    """The checkpoints of one run: at most `MOST` of them, and 64 MB where more than three are kept.

    The first and the last stay.

    Attributes:
        every: the others are this many epochs apart.
        kept: in order of epochs.
    """

    def __init__(self) -> None:
        self.every = 1
        self.kept: tuple[Checkpoint, ...] = ()

    @property
    def nbytes(self) -> int:
        """Bytes of all of them."""
        return sum(checkpoint.nbytes for checkpoint in self.kept)

    def add(self, checkpoint: Checkpoint) -> None:
        """Add one; older ones are dropped if there are too many."""
        most = max(3, min(MOST, _BYTES // max(1, checkpoint.nbytes)))
        kept = [*self._thinned(self.kept), checkpoint]
        while len(kept) > most:
            self.every *= 2
            kept = [*self._thinned(kept[:-1]), checkpoint]
        self.kept = tuple(kept)

    def _thinned(self, checkpoints: tuple[Checkpoint, ...] | list[Checkpoint]) -> list[Checkpoint]:
        return [checkpoint for checkpoint in checkpoints if checkpoint.epoch % self.every == 0]
