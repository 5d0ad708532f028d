"""Receptive field."""

import streamlit as st

from cnnviz.ui.frame import require_frame

require_frame()
st.title("Receptive field")
