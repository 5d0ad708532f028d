"""A network's predictions for held-out pictures."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from cnnviz.arrays import Array, read_only
from cnnviz.training.loop import as_input
from cnnviz.training.pictures import Pictures

_BATCH = 25


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Predictions for the first N held-out pictures.

    Attributes:
        labels, predicted: true and predicted class, int64 (N,).
        certainty: float32 (N,), the probability of the predicted class.
    """

    labels: Array
    predicted: Array
    certainty: Array

    @property
    def accuracy(self) -> float:
        """Fraction of correct predictions."""
        return float((self.labels == self.predicted).mean())


def predict(
    network: nn.Module, pictures: Pictures, count: int, after_batch: Callable[[], None]
) -> Predictions:
    """Predict the classes of the first `count` pictures, in eval mode; `between` runs after each few."""
    network.eval()
    found: list[tuple[Array, Array, Array]] = []
    for start in range(0, count, _BATCH):
        batch, labels = pictures.batch(range(start, min(start + _BATCH, count)))
        with torch.inference_mode():
            certainty, predicted = network(as_input(batch)).softmax(1).max(1)
        found.append((labels.numpy(), predicted.numpy(), certainty.numpy()))
        after_batch()
    return Predictions(*(read_only(np.concatenate(part)) for part in zip(*found, strict=True)))
