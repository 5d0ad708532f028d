"""Home: what this is, shown rather than described."""

import streamlit as st

from cnnviz.ui.feedback import explained
from cnnviz.ui.frame import require_frame
from cnnviz.ui.home_figures import show_example, show_pages

require_frame()

st.title("See how convolutional networks work, on your own picture")
st.markdown(
    "A small grid of numbers slides over a picture and becomes a detector. A network stacks thousands. "
    "Choose a picture in the sidebar, point at anything, and read the numbers behind it."
)
with explained():
    show_example()
with explained():
    show_pages()
