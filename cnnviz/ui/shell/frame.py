"""The frame around every page: navigation, the picture, the model."""

import math
from pathlib import Path

import streamlit as st

from cnnviz.ui.shell.sidebar import choose_model, choose_picture, show_device
from cnnviz.ui.widgets.feedback import explained

_RAN = "_frame_ran"
_CLEANED = "_link_cleaned"
_ASSETS = Path(__file__).parents[3] / "assets"
_LOGO = str(_ASSETS / "logo.svg")
_WORDMARK = str(_ASSETS / "wordmark.svg")
_GROUPS = {
    "": {"home": "Home"},
    "Operations": {
        "convolution": "Convolution",
        "pooling": "Pooling and stride",
        "dilation": "Dilation",
        "transposed_convolution": "Transposed convolution",
        "equivariance": "Equivariance",
    },
    "Networks": {
        "feature_maps": "Feature maps",
        "receptive_field": "Receptive field",
        "parameters_and_cost": "Parameters and cost",
        "residual_blocks": "Residual blocks",
        "architectures": "Architectures",
    },
    "Build": {"training": "Training"},
}
# These use the model of the sidebar; residual blocks are built on their own page.
_NETWORK_PAGES = set(_GROUPS["Networks"]) - {"residual_blocks"}
_PAGES_WITH_WEIGHTS = {"feature_maps", "receptive_field"}
# A third less empty space around the page than Streamlit leaves: the labs need it. Buttons that set the
# controls to a preset look like links, in rows close together. On a phone they are one row to
# swipe, and what the controls change stands above them. A chart's words have the page's own colour:
# Streamlit's grey is too faint to read well, and so it is for captions. Chosen names stand out from the
# accent in the dark, and so do the words on its buttons. A card on the home page is a link as a whole.
# What only asks for another run, or carries a value into the link, takes no place.
_STYLE = """<style>
.stPlotlyChart text { fill: currentColor !important; }
.stApp [data-testid="stCaptionContainer"] { opacity: 0.75; }
.st-key-presets { row-gap: 0; }
.st-key-presets button p { text-decoration: underline; text-underline-offset: 0.2em; }
@media (max-width: 640px) {
  .st-key-presets { flex-wrap: nowrap; overflow-x: auto; }
  .st-key-presets p { white-space: nowrap; }
  .st-key-lab > * > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"]:first-child { order: 1; }
}
.st-key-rf_others span[title] { color: light-dark(#ffffff, #121518); }
.stApp button[kind="primary"]:not(:disabled) { color: light-dark(#ffffff, #121518); }
[class*="st-key-card_"] { position: relative; }
[class*="st-key-card_"]:hover { border-color: currentColor; }
[class*="st-key-card_"] [data-testid="stElementContainer"] { position: static; }
[class*="st-key-card_"] a::after { content: ""; position: absolute; inset: 0; }
.st-key-train_run { display: none; }
.st-key-link_rerun, .st-key-train_rerun { position: absolute; }
.stMainBlockContainer { padding: 3.5rem clamp(1rem, 2.4vw, 3.5rem) 3rem; }
</style>"""


def pages() -> dict[str, list[st.Page]]:
    """All pages by group. Each file's stem is its URL.

    They have no icons: the browser would fetch a page's icon, as the tab's, from the internet.
    """
    return {
        group: [
            st.Page(f"pages/{stem}.py", title=title, default=stem == "home") for stem, title in titles.items()
        ]
        for group, titles in _GROUPS.items()
    }


def run() -> None:
    """Draw the frame and run the chosen page in it."""
    st.logo(_WORDMARK, size="large", icon_image=_LOGO)
    page = st.navigation(pages(), expanded=True)
    _drop_infinite_numbers()
    st.set_page_config(page_title=f"{page.title} · cnnviz", page_icon=_LOGO, layout="wide")
    st.html(_STYLE)
    st.session_state[_RAN] = True
    with st.sidebar:
        # The place is there on every page: controls that move to another one begin anew in the browser.
        with st.container(key="chosen_model"), explained():
            if page.url_path in _NETWORK_PAGES:
                choose_model(page.url_path in _PAGES_WITH_WEIGHTS)
        with explained():
            choose_picture()
            show_device()
    page.run()


def _drop_infinite_numbers() -> None:
    """Start over without them if the link has any; call it once the navigation knows the page.

    On `inf` in the link a field for whole numbers raises an OverflowError, in Streamlit 1.67.
    """
    infinite = [key for key in st.query_params if any(map(_is_infinite, st.query_params.get_all(key)))]
    if infinite and _CLEANED not in st.session_state:
        st.session_state[_CLEANED] = True
        for key in infinite:
            del st.query_params[key]
        st.rerun()


def _is_infinite(text: str) -> bool:
    try:
        return not math.isfinite(float(text))
    except ValueError:
        return False


def require_frame() -> None:
    """Start over with the frame if the page runs without it.

    Until some session has called `st.navigation`, a fresh server runs a file in pages/ by itself
    when its URL is opened first.
    """
    if _RAN not in st.session_state:
        st.navigation(pages())
        st.rerun()
