"""Declares a component from its HTML, CSS and JavaScript files."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from cnnviz.figures.theme import GROUNDS, SCALES, scale
from cnnviz.ui.components.bundle import bundle

_FOLDER = Path(__file__).parent


def declare(name: str, styles: Sequence[str] = ()) -> ComponentRenderer:
    """Register the component of the folder `name`: `name`.html, .css, and .js with what it imports.

    Call once, on import. `styles` are CSS files of the folder `shared` that stand before its own.

    Raises:
        BundleError: if its modules cannot stand in one script.
    """
    files = _FOLDER / name / name
    script = bundle(files.with_suffix(".js"))
    shared = (_FOLDER / "shared" / style for style in ("shared", *styles))
    return st.components.v2.component(
        f"cnnviz_{name}",
        html=files.with_suffix(".html").read_text(encoding="utf-8"),
        css="".join(file.with_suffix(".css").read_text(encoding="utf-8") for file in (*shared, files)),
        js=(_scales() if "SCALES" in script else "") + script,
    )


def _scales() -> str:
    """The colour scales of `figures.theme` as the constant that `shared/colours.js` reads."""
    tables = {
        f"{name}/{ground}": base64.b64encode(scale(name, ground).colours.tobytes()).decode()
        for name in SCALES
        for ground in GROUNDS
    }
    return f"const SCALES = {json.dumps(tables)};\n"
