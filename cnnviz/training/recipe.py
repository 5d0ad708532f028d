"""Training settings and the learning-rate schedule."""

import math
from dataclasses import dataclass

from cnnviz.errors import CnnvizError

_WARM_UP = 0.2
_LARGEST = 1e12  # beyond that AdamW's step overflows float32


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of a run.

    Attributes:
        epochs: passes over the pictures.
        batch_size: pictures per step.
        learning_rate: the maximum, reached after the first fifth of the steps.
        weight_decay: of AdamW.
        augment: whether pictures are mirrored and shifted at random.
        half_size_epochs: number of first epochs with pictures at half height and width, at a quarter of
            the cost. Held-out pictures always have full size.
        seed: of the order of the pictures, dropout and augmentation.
    """

    epochs: int = 5
    batch_size: int = 64
    learning_rate: float = 0.002
    weight_decay: float = 0.01
    augment: bool = False
    half_size_epochs: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 2:
            raise CnnvizError(
                "Training needs at least 1 epoch and 2 pictures a step (batch norm compares them), "
                f"not {self.epochs} and {self.batch_size}."
            )
        if not 0 < self.learning_rate <= _LARGEST:
            raise CnnvizError(
                f"The learning rate must be above 0 and at most {_LARGEST:g}, not {self.learning_rate}."
            )
        if not 0 <= self.weight_decay <= _LARGEST:
            raise CnnvizError(f"The weight decay must be from 0 to {_LARGEST:g}, not {self.weight_decay}.")
        if not 0 <= self.half_size_epochs <= self.epochs:
            raise CnnvizError(f"Of {self.epochs} epochs, {self.half_size_epochs} cannot be at half size.")
        if not 0 <= self.seed < 2**32:
            raise CnnvizError(f"The seed must be a whole number from 0 to 2³² − 1, not {self.seed}.")

    def rate_at(self, step: int, steps: int) -> float:
        """The learning rate of a step: linear warm-up, then cosine decay to 0.

        One-cycle policy (Smith and Topin 2018).
        """
        peak = _WARM_UP * steps
        if step < peak:
            return self.learning_rate * (step + 1) / (math.floor(peak) + 1)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - peak) / (steps - peak)))
