"""Loss and accuracy during training: thinned points, figure and table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.arrays import Array
from cnnviz.figures.tables import Row
from cnnviz.figures.theme import CURVES
from cnnviz.training.live_run import Step

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST = 120
LOG_FROM = 20  # chance level for 1,000 classes is ln 1000 ≈ 6.9


def thinned(steps: Sequence[Step], most: int = _MOST) -> tuple[Array, Array, Array, int]:
    """Last step, mean loss and mean accuracy of groups of equally many steps, and the group size."""
    group = -(-len(steps) // most) or 1
    starts = np.arange(0, len(steps), group)
    counts = np.diff(np.append(starts, len(steps)))
    values = np.array([(s.step, s.loss, s.accuracy) for s in steps], dtype=float).reshape(-1, 3)
    if not len(steps):
        return values[:, 0], values[:, 1], values[:, 2], group
    means = np.add.reduceat(values, starts) / counts[:, None]
    return values[starts + counts - 1, 0], means[:, 1], means[:, 2], group


def training_figure(
    steps: Sequence[Step], tested: Sequence[tuple[int, float]], steps_per_epoch: int
) -> "Figure":
    """Loss and accuracy by step on white."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.4), dpi=200, layout="constrained")
    left, right = figure.subplots(1, 2)
    at, loss, accuracy, group = thinned(steps)
    left.plot(at, loss, color=CURVES[0])
    label = "of a step" if group == 1 else f"mean of {group} steps"
    left.set(xlabel="Step", ylabel=f"Loss, cross-entropy ({label})")
    if len(loss) and loss.max() > LOG_FROM:
        left.set_yscale("log")
    right.plot(at, 100 * accuracy, color=CURVES[0], label=f"while training, {label}")
    right.plot(
        [epoch * steps_per_epoch for epoch, _ in tested], [100 * share for _, share in tested], "o--",
        color=CURVES[1], markersize=4, label="held-out pictures, after each epoch",
    )  # fmt: skip
    right.set(xlabel="Step", ylabel="Right answers (%)", ylim=(0, 100))
    right.legend(frameon=False, fontsize=8)
    for axes in (left, right):
        axes.grid(alpha=0.3)
    return figure


def training_rows(
    steps: Sequence[Step], tested: Sequence[tuple[int, float]], steps_per_epoch: int
) -> list[Row]:
    """One table row per step and one before the first; held-out accuracy at the end of each epoch."""
    held = {epoch * steps_per_epoch: share for epoch, share in tested}
    rows: list[Row] = [
        {"step": 0, "loss": "", "accuracy": "", "learning rate": "", "held-out accuracy": held.get(0, "")}
    ]
    return rows + [
        {
            "step": s.step, "loss": s.loss, "accuracy": s.accuracy, "learning rate": s.learning_rate,
            "held-out accuracy": held.get(s.step, ""),
        }
        for s in steps
    ]  # fmt: skip
