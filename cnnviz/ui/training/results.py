"""The results of a run: weights to download or to look into, curves, and a table."""

from dataclasses import replace
from functools import partial

import streamlit as st

from cnnviz.errors import user_message
from cnnviz.figures.training_curves import training_figure, training_rows
from cnnviz.nets.weights import Provenance, packed_weights
from cnnviz.training.checkpoints import Checkpoint
from cnnviz.training.live_run import LiveRun
from cnnviz.ui.components.page_link import go_to
from cnnviz.ui.shell import own_weights
from cnnviz.ui.training.controls import Choice
from cnnviz.ui.training.epochs import chosen_checkpoint, network_after
from cnnviz.ui.training.snippets import training_code
from cnnviz.ui.widgets.exports import Maker, export_panel
from cnnviz.ui.widgets.feedback import plain

_FOLLOWED, _PROBLEM = "_train_followed", "_train_problem"


def provenance_of(run: LiveRun, checkpoint: Checkpoint) -> Provenance:
    """What the file of an epoch's weights says of itself."""
    assert run.source is not None
    return run.plan.provenance(checkpoint, run.source.train.classes, len(run.source.train))


def show_results(run: LiveRun) -> None:
    """A button that opens the weights of the epoch shown on the page of feature maps."""
    if not run.checkpoints.kept:
        return
    checkpoint = chosen_checkpoint(run)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Open in Feature maps", key="train_open", icon=":material/grid_view:", on_click=_open,
            args=(run, checkpoint),
        )  # fmt: skip
        st.markdown(
            plain(f"Weights after epoch {checkpoint.epoch}: {provenance_of(run, checkpoint).label}."),
            width="content",
        )
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.warning(plain(problem), icon=":material/error:")
    go_to(st.session_state.pop(_FOLLOWED, None), "train_link")


def _open(run: LiveRun, checkpoint: Checkpoint) -> None:
    try:
        path = own_weights.keep(network_after(run, checkpoint), provenance_of(run, checkpoint))
        own_weights.use(run.plan.model, path)
    except Exception as error:  # as in `feedback.explained`: a callback has no page yet to say it on
        st.session_state[_PROBLEM] = user_message(error)
    else:
        st.session_state[_FOLLOWED] = "feature_maps"


def show_files(choice: Choice, run: LiveRun | None, whole: bool = True) -> None:
    """Code for the run or, before there is one, for the settings; curves, table and weights of the run.

    Where not the whole run may be seen, there are no weights, and its pictures have no name.
    """
    if run is None or not run.checkpoints.kept or run.source is None:
        export_panel("training", training_code(choice.plan))
        return
    steps, tested = run.steps[:], run.tested[:]
    per_epoch = run.total_steps // run.plan.recipe.epochs
    files: dict[str, tuple[str, Maker]] = {}
    if whole:
        files["Weights as safetensors"] = "safetensors", partial(_packed, run, chosen_checkpoint(run))
    export_panel(
        "training",
        training_code(run.plan if whole else replace(run.plan, data="folder")),
        lambda: training_figure(steps, tested, per_epoch),
        lambda: training_rows(steps, tested, per_epoch),
        files,
    )


def _packed(run: LiveRun, checkpoint: Checkpoint) -> bytes:
    return packed_weights(network_after(run, checkpoint), provenance_of(run, checkpoint))
