"""Loss and accuracy while a network learns, growing in place."""

import math
from collections.abc import Sequence

import numpy as np

from cnnviz.figures.theme import CURVES
from cnnviz.figures.training_curves import LOG_FROM, thinned
from cnnviz.training.live_run import Step
from cnnviz.ui.components.payload import pack
from cnnviz.ui.components.registry import declare

_mount = declare("training_curves")


def training_curves(
    steps: Sequence[Step],
    tested: Sequence[tuple[int, float]],
    epochs: int,
    total: int,
    classes: int,
    key: str,
) -> None:
    """Show both curves.

    Args:
        steps: those done, of `total` in all `epochs`.
        tested: epochs with their accuracy on held-out pictures.
        epochs: of the whole run.
        total: steps of the whole run.
        classes: how many there are to guess among.
        key: of the component.
    """
    at, loss, accuracy, group = thinned(steps)
    per_epoch = total / epochs
    log = len(loss) > 0 and float(loss.max()) > LOG_FROM
    mean = f" (means of {group} steps)" if group > 1 else ""
    fields = {
        "steps": total,
        "epochs": epochs,
        "per_epoch": per_epoch,
        "loss_title": f"Loss, cross-entropy{' (logarithmic)' if log else ''}",
        "log": log,
        "mean": mean,
        "guess": math.log(classes),
        "guess_share": 1 / classes,
        "colours": CURVES[:2],
        "held_epochs": [epoch for epoch, _ in tested],
        "alt": [f"Loss by step, {len(steps)} of {total} steps", "Share of right answers by step"],
    }
    arrays = {
        "at": at,
        "loss": loss,
        "accuracy": accuracy,
        "held_at": np.array([epoch * per_epoch for epoch, _ in tested]),
        "held": np.array([share for _, share in tested]),
    }
    _mount(data=pack(fields, {name: values.astype(np.float32) for name, values in arrays.items()}), key=key)
