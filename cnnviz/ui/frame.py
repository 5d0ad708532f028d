"""The frame around every page: navigation, the picture, the model."""

import streamlit as st

from cnnviz.ui.sidebar import choose_model, choose_picture, show_device

_RAN = "_frame_ran"
_LOGO = "assets/logo.svg"
_GROUPS: dict[str, list[tuple[str, str, str]]] = {
    "": [("home", "Home", ":material/home:")],
    "Operations": [("convolution", "Convolution", ":material/grid_on:")],
    "Networks": [("feature_maps", "Feature maps", ":material/layers:")],
}
_NETWORK_PAGES = {"feature_maps"}


def pages() -> dict[str, list[st.Page]]:
    """All pages by group. Each file's stem is its URL."""
    return {
        group: [
            st.Page(f"pages/{stem}.py", title=title, icon=icon, default=stem == "home")
            for stem, title, icon in entries
        ]
        for group, entries in _GROUPS.items()
    }


def run() -> None:
    """Draw the frame and run the chosen page in it."""
    st.set_page_config(page_title="cnnviz", page_icon=_LOGO, layout="wide")
    page = st.navigation(pages(), expanded=True)
    st.session_state[_RAN] = True
    with st.sidebar:
        choose_picture()
        if page.url_path in _NETWORK_PAGES:
            choose_model()
        show_device()
    page.run()


def require_frame() -> None:
    """Start over with the frame if the page runs without it.

    Until some session has called `st.navigation`, a fresh server runs a file in pages/ by itself
    when its URL is opened first.
    """
    if _RAN not in st.session_state:
        st.navigation(pages())
        st.rerun()
