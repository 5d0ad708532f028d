"""Parameters and cost."""

import streamlit as st

from cnnviz.ui.frame import require_frame

require_frame()
st.title("Parameters and cost")
