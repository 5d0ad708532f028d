"""Training: a small network learns while one looks on, and can be looked into at every epoch."""

import streamlit as st

from cnnviz.training.live_run import LiveRun
from cnnviz.ui.shell.frame import require_frame
from cnnviz.ui.shell.sidebar import lab_context
from cnnviz.ui.training.controls import choose_training
from cnnviz.ui.training.epochs import show_epochs
from cnnviz.ui.training.facts import show_training_facts
from cnnviz.ui.training.gallery import show_examples
from cnnviz.ui.training.live import LAB, choose_run, may_see, run_text, show_progress
from cnnviz.ui.training.presets import PRESETS, START
from cnnviz.ui.training.results import show_files, show_results
from cnnviz.ui.widgets.controls import lab_columns
from cnnviz.ui.widgets.feedback import explained, plain
from cnnviz.ui.widgets.presets import offer_presets

require_frame()


def lab() -> None:
    """Controls on the left; the run, or examples of its pictures, on the right."""
    controls, place = lab_columns()
    choice = None
    with controls, explained():
        choice = choose_training()
    if choice is None:  # what is wrong stands in place of the controls
        return
    with place, explained():
        run = choose_run(choice)
        if run is None:
            show_examples(choice)
        else:
            show_run(run)
        show_training_facts(choice, run)
        show_files(choice, run, run is None or may_see(run))


def show_run(run: LiveRun) -> None:
    """How far it is, and what has come of it as far as this session may see that."""
    whole = may_see(run)
    said = f"This run: {run_text(run.plan, whole)}. The link leads to it; whoever has the link can stop it."
    st.caption(plain(said))
    show_progress(run)
    if not whole:
        st.info(
            "This run learns from pictures of somebody's own; only the session that started it sees them, "
            "the names of their classes, and the weights. A page that was loaded anew is another session."
        )
        return
    show_results(run)
    with explained():
        show_epochs(run, lab_context().picture)


st.title("Training")
st.markdown(
    "A network starts with random weights. Each **step** shows it a batch of pictures, measures how "
    "wrong its "
    "answers are, and moves every weight a little against its gradient. Watch filters and maps take "
    "shape, and "
    "go back to epoch 0 at any time."
)
offer_presets(PRESETS, START)
st.fragment(lab, key=LAB)()
