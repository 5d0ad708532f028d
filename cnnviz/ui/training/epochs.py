"""A run after each epoch, on the page: its filters, maps and predictions."""

from functools import partial

import numpy as np
import streamlit as st
from torch import nn

from cnnviz.data.images import Picture
from cnnviz.training.checkpoints import Checkpoint
from cnnviz.training.live_run import LiveRun
from cnnviz.ui import cache
from cnnviz.ui.components.training_epochs import Maps, training_epochs
from cnnviz.ui.widgets.controls import readable_name

_MOST_MAPS = 16
_MOST_VALUES = 700_000
_MOST_THUMBS = 60
_HALF_REACHES = 65_504
_CHOSEN = "_train_epoch"


def network_after(run: LiveRun, checkpoint: Checkpoint) -> nn.Module:
    """The network as it was after an epoch, in eval mode."""
    assert run.source is not None
    network = run.plan.network(len(run.source.train.classes))
    network.load_state_dict(dict(checkpoint.weights))
    return network


def show_epochs(run: LiveRun, picture: Picture) -> None:
    """Show filters, maps and predictions, with one slider for all."""
    checkpoints, source = run.checkpoints.kept, run.source
    if not checkpoints or source is None:
        return
    side = source.train.batch([0])[0].shape[-1]
    layer = _choose_layer(run, checkpoints[0])
    square = cache.pictures.centre_square(picture, side)
    most = _shown_maps(run, checkpoints[0], layer, square)
    found = [
        cache.training.epoch_maps(
            run.token,
            checkpoint.epoch,
            layer,
            square.digest,
            most,
            partial(network_after, run, checkpoint),
            square,
        )
        for checkpoint in checkpoints
    ]
    values = np.stack(found)
    exact = values.astype(np.float16 if np.abs(values).max() < _HALF_REACHES else np.float32)
    title = f"{readable_name(picture.name)} in {layer}: the first {values.shape[1]} channels, on one scale"
    count = min(_MOST_THUMBS, len(source.test) if source.test else 0)
    thumbs = source.test.batch(range(count))[0].numpy() if source.test and count else None
    training_epochs(
        run.token,
        checkpoints,
        Maps(title, exact),
        source.train.classes,
        thumbs,
        kept_epochs_text(run),
        "train_epochs_view",
        _chosen_epoch(run),
        lambda epoch: st.session_state.update({_CHOSEN: (run.token, epoch)}),
    )


def chosen_checkpoint(run: LiveRun) -> Checkpoint:
    """The epoch that the slider stands at; the newest one where it follows the run."""
    epoch = _chosen_epoch(run)
    return next(
        (checkpoint for checkpoint in run.checkpoints.kept if checkpoint.epoch == epoch),
        run.checkpoints.kept[-1],
    )


def _chosen_epoch(run: LiveRun) -> int | None:
    """The epoch that the slider was moved to; None where it follows the run."""
    token, epoch = st.session_state.get(_CHOSEN, ("", None))
    return epoch if token == run.token and isinstance(epoch, int) else None


def _choose_layer(run: LiveRun, checkpoint: Checkpoint) -> str:
    layers = [
        name.removesuffix(".weight") for name, tensor in checkpoint.weights.items() if tensor.dim() == 4
    ]
    return st.selectbox(
        "Layer whose maps are shown",
        layers,
        key=f"train_layer_{run.plan.model}",
        bind="query-params",
        width=300,
    )


def _shown_maps(run: LiveRun, checkpoint: Checkpoint, layer: str, picture: Picture) -> int:
    """How many channels are sent: as many as a browser gets quickly for all epochs."""
    channels = checkpoint.weights[f"{layer}.weight"].shape[0]
    pixels = picture.height * picture.width  # of a map, at most
    return max(1, min(_MOST_MAPS, channels, _MOST_VALUES // (pixels * len(run.checkpoints.kept))))


def kept_epochs_text(run: LiveRun) -> str:
    """Which epochs the slider has."""
    if run.checkpoints.every == 1:
        return "all epochs from 0 on"
    return f"epoch 0, every {run.checkpoints.every} epochs, and the last: so many fit into memory"
