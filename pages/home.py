"""Home: what this is, shown rather than described."""

import streamlit as st

from cnnviz.ui.home.lab import show_example, show_pages
from cnnviz.ui.shell.frame import require_frame
from cnnviz.ui.shell.sidebar import lab_context
from cnnviz.ui.widgets.feedback import explained

require_frame()

st.title("See how convolutional networks work, on your own picture")
st.markdown(
    "A small grid of numbers slides over a picture and becomes a detector. A network stacks thousands. "
    "Choose a picture in the sidebar, point at anything, and read the numbers behind it."
)
with explained():
    show_example(lab_context())
with explained():
    show_pages()
