"""A run on the page: its buttons, how far it is, its curves, and what came of it."""

import uuid
from collections.abc import Callable

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.nets.catalog import catalog_entry
from cnnviz.training.live_run import MINUTES, PATIENCE_MINUTES, LiveRun
from cnnviz.training.plan import Plan
from cnnviz.training.sources import Source
from cnnviz.ui import cache
from cnnviz.ui.components.rerun_request import request_rerun
from cnnviz.ui.components.training_curves import training_curves
from cnnviz.ui.training.controls import DATA, Choice, is_private
from cnnviz.ui.widgets.controls import counted
from cnnviz.ui.widgets.feedback import plain

TOKEN, LAB = "train_run", "train_lab"
_MINE, _REFUSED, _DRAWN = "_train_mine", "_train_refused", "_train_drawn"
_OWNER = "_train_owner"
START_HELP = (
    f"One run trains at a time on this server, for at most {MINUTES} minutes; others wait for their turn. It "
    f"goes on while you look at other pages, and pauses when nobody has looked for {PATIENCE_MINUTES} "
    "minutes."
)
_STATE_TEXTS = {
    "paused": "Paused",
    "stopped": "Stopped",
    "done": "Done",
    "diverged": "Diverged",
    "failed": "Failed",
}


def choose_run(choice: Choice) -> LiveRun | None:
    """Buttons, and the run that they are for: the link's, or the one that this user started last."""
    mine = st.session_state.get(_MINE, ())
    if mine and TOKEN not in st.session_state and TOKEN not in st.query_params:
        st.session_state[TOKEN] = mine[-1]
    with st.container(horizontal=True, vertical_alignment="center"):
        buttons = st.container(horizontal=True, width="content")
        token = st.text_input("Run", key=TOKEN, bind="query-params", disabled=True)  # brings it into the link
    run = cache.training.training_runs().find(token) if token else None
    with buttons:
        _show_buttons(run, choice)
    if refused := st.session_state.pop(_REFUSED, ""):
        st.warning(plain(refused), icon=":material/error:")
    if run is None and token:
        st.info("The run of this link is no longer kept on this server. A new one can be started.")
    return run


def _show_buttons(run: LiveRun | None, choice: Choice) -> None:
    """Start, pause, continue, stop: those that can be used now."""
    if run is not None and run.running:
        st.button("Pause", key="train_pause", on_click=run.ask_for, args=("pause",), icon=":material/pause:")
    elif run is not None and run.state == "paused":
        st.button(
            "Continue", key="train_continue", type="primary", icon=":material/play_arrow:",
            on_click=_resume, args=(run,),
        )  # fmt: skip
    if run is not None and (run.running or run.state == "paused"):
        st.button("Stop", key="train_stop", on_click=run.ask_for, args=("stop",), icon=":material/stop:")
    else:
        st.button(
            "Start training" if run is None else "Train anew", key="train_start", type="primary",
            icon=":material/play_arrow:", on_click=_start, args=(choice.plan, choice.fetch),
            disabled=choice.fetch is None, help=START_HELP,
        )  # fmt: skip
        if choice.fetch is None:
            st.markdown("First choose a ZIP file.", width="content")


def _start(plan: Plan, fetch: Callable[[], Source]) -> None:
    try:
        run = cache.training.training_runs().start(plan, fetch, _owner())
    except CnnvizError as error:
        st.session_state[_REFUSED] = str(error)
        return
    st.session_state[TOKEN] = run.token
    st.session_state[_MINE] = (*st.session_state.get(_MINE, ()), run.token)


def _resume(run: LiveRun) -> None:
    try:
        cache.training.training_runs().resume(run)
    except CnnvizError as error:
        st.session_state[_REFUSED] = str(error)


def _owner() -> str:
    """A name for this session, which bounds its unfinished runs."""
    owner: str = st.session_state.setdefault(_OWNER, uuid.uuid4().hex)
    return owner


def may_see(run: LiveRun) -> bool:
    """Whether this session may see a run's pictures, their classes, and the weights that know these.

    A link is enough where everybody can have the pictures. Somebody's own are for the session that started
    the run.
    """
    return not is_private(run.plan) or run.token in st.session_state.get(_MINE, ())


def show_progress(run: LiveRun) -> None:
    """How far it is, and its curves; once a second while it runs."""
    st.session_state[_DRAWN] = _version(run)
    st.fragment(_follow, run_every=1.0 if run.running else None)(run)


def _version(run: LiveRun) -> tuple[str, int]:
    return run.state, len(run.tested)


def _follow(run: LiveRun) -> None:
    run.watch()
    if st.session_state[_DRAWN] != _version(run):
        request_rerun("train_rerun", _draw_lab)
    steps, total = run.steps[:], run.total_steps
    st.progress(
        len(steps) / total if total else 0.0,
        plain(progress_text(run, cache.training.training_runs().ahead(run))),
    )
    if run.note:
        show = st.info if run.state in ("paused", "stopped") else st.warning
        show(plain(run.note))
    if total and run.source is not None:
        training_curves(
            steps, run.tested[:], run.plan.recipe.epochs, total, len(run.source.train.classes), "train_curves"
        )


def _draw_lab() -> None:
    """Rerun the lab alone: a key press during a rerun of the whole page would reset the lab's controls."""
    st.rerun(LAB)


def progress_text(run: LiveRun, ahead: int) -> str:
    """Where a run stands, in words."""
    done, total, epochs = len(run.steps), run.total_steps, run.plan.recipe.epochs
    if run.state == "preparing":
        return "Getting the pictures…"
    where = (
        f"epoch {min(epochs, done * epochs // total + 1)} of {epochs}, step {done:,} of {total:,}"
        if total
        else ""
    )
    if run.state == "waiting":
        return f"Waiting: {counted(ahead, 'other run')} {'comes' if ahead == 1 else 'come'} first; {where}"
    left = run.seconds_left
    if run.state != "training":
        return f"{_STATE_TEXTS[run.state]}: {where}" if where else _STATE_TEXTS[run.state]
    if left is None:
        return f"Training: {where}"
    said = f"Training: {where}, about {_time(left)} left"
    if run.spent + left > 60 * MINUTES:
        said += f"; it will be stopped after {MINUTES} minutes"
    return said


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def run_text(plan: Plan, named: bool = True) -> str:
    """The settings of a run, in words, with the name of its pictures or without."""
    recipe = plan.recipe
    data = DATA.get(plan.data, plan.data) if named else "pictures of somebody's own"
    said = [
        f"{catalog_entry(plan.model).label} from {plan.width} channels",
        f"{plan.pictures:,} pictures an epoch of {data}" if plan.data == "shapes" else f"{data}",
        "half-size" if plan.half_size else "whole",
        counted(recipe.epochs, "epoch"),
        f"rate up to {recipe.learning_rate:,.10g}",
        f"batches of {recipe.batch_size}",
        f"seed {recipe.seed}",
    ]
    return ", ".join(said) + ", augmented" * recipe.augment
