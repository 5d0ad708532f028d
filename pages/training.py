"""Training: a small network learns while one looks on, and can be looked into at every epoch."""

import streamlit as st

from cnnviz.ui.controls import lab_columns
from cnnviz.ui.feedback import explained, plain
from cnnviz.ui.frame import require_frame
from cnnviz.ui.sidebar import current_picture
from cnnviz.ui.training_controls import choose_training
from cnnviz.ui.training_epochs import show_epochs
from cnnviz.ui.training_facts import show_training_facts
from cnnviz.ui.training_gallery import show_examples
from cnnviz.ui.training_live import choose_run, run_words, show_progress
from cnnviz.ui.training_presets import offer_training_presets
from cnnviz.ui.training_results import show_files, show_results

require_frame()


def lab() -> None:
    """Controls on the left; the run, or examples of its pictures, on the right."""
    controls, place = lab_columns()
    with controls, explained():
        choice = choose_training()
    with place, explained():
        run = choose_run(choice)
        if run is not None:
            said = f"This run: {run_words(run.plan)}. The link leads to it; whoever has the link can stop it."
            st.caption(plain(said))
            show_progress(run)
            show_results(run)
            with explained():
                show_epochs(run, current_picture())
        else:
            show_examples(choice)
        show_training_facts(choice, run)
        show_files(choice, run)


st.title("Training")
st.markdown(
    "A network starts with random weights. Each **step** shows it a batch of pictures, measures how "
    "wrong its "
    "answers are, and moves every weight a little against its gradient. Watch filters and maps take "
    "shape, and "
    "go back to epoch 0 at any time."
)
offer_training_presets()
st.fragment(lab)()
