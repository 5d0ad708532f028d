"""A network after each epoch: first filters, feature maps and predictions, with one slider for all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from cnnviz.arrays import Array
from cnnviz.training.checkpoints import Checkpoint
from cnnviz.ui.components.payload import pack
from cnnviz.ui.components.registry import declare

_mount = declare("training_epochs")


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """Feature maps of one layer after each epoch: its title, and float16 (epochs, C, H, W)."""

    title: str
    values: Array


def training_epochs(
    run: str,
    checkpoints: Sequence[Checkpoint],
    maps: Maps,
    classes: Sequence[str],
    thumbs: Array | None,
    note: str,
    key: str,
    shown: int | None,
    on_epoch: Callable[[Any], None],
) -> None:
    """Show them; the slider follows the newest epoch until somebody moves it away.

    Args:
        run: tells one run from another.
        checkpoints: the epochs.
        maps: the feature maps after each of them.
        classes: their names.
        thumbs: uint8 (N, 3, H, W), the first held-out pictures; None if there are none.
        note: beside the slider.
        key: of the component.
        shown: the epoch that the slider stands at in the beginning; None for the newest.
        on_epoch: gets the epoch that the slider was moved to, unchecked; None where it follows the newest.
    """
    filters = np.stack([_first_filters(checkpoint) for checkpoint in checkpoints])
    arrays: dict[str, Array] = {"filters": filters, "maps": maps.values}
    predictions = [checkpoint.predictions for checkpoint in checkpoints if checkpoint.predictions is not None]
    if thumbs is not None and predictions:
        arrays |= {
            "thumbs": thumbs,
            "labels": predictions[0].labels.astype(np.uint8),
            "predicted": np.stack([p.predicted for p in predictions]).astype(np.uint8),
            "certainty": np.stack([np.rint(100 * p.certainty) for p in predictions]).astype(np.uint8),
        }
    fields = {
        "run": run,
        "epochs": [checkpoint.epoch for checkpoint in checkpoints],
        "note": note,
        "shown": shown,
        "filter_title": f"First filters: {filters.shape[1]}, each with a kernel for red, green and blue",
        "filter_limit": float(np.abs(filters).max()),
        "changes": _changes(filters.astype(np.float64)),
        "map_title": maps.title,
        "map_limit": float(np.abs(maps.values).max()),
        "classes": list(classes),
    }
    _mount(
        data=pack(fields, arrays),
        key=key,
        on_epoch_change=lambda: on_epoch(st.session_state[key]["epoch"]["epoch"]),
    )


def _first_filters(checkpoint: Checkpoint) -> Array:
    """The weights of the first convolution, float16 (filters, colours, H, W)."""
    return next(np.asarray(tensor.numpy()) for tensor in checkpoint.weights.values() if tensor.dim() == 4)


def _changes(filters: Array) -> list[str]:
    """How far all filters together are from the first ones, in words."""
    start = float(np.linalg.norm(filters[0]))
    far = [float(np.linalg.norm(one - filters[0])) / start for one in filters]
    return [
        "" if not share else f"All of them have moved by {100 * share:.3g} % of their size." for share in far
    ]
