"""Builds a component from its HTML, CSS and JavaScript files and what all of them share."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from cnnviz.figures.theme import GROUNDS, SCALES, scale

_FOLDER = Path(__file__).parent


def declare(name: str, libraries: Sequence[str] = (), styles: Sequence[str] = ()) -> ComponentRenderer:
    """Register the component whose files are `name`.html, .css and .js; call once, on import.

    `libraries` and `styles` are further JavaScript and CSS files that stand before the component's own.
    """
    own = f"{name}/{name}"
    scripts = [_read(f"{file}.js") for file in ("shared/images", *libraries, own)]
    return st.components.v2.component(
        f"cnnviz_{name}",
        html=_read(f"{own}.html"),
        css="".join(_read(f"{file}.css") for file in ("shared/shared", *styles, own)),
        js=_scales() + "".join(scripts),
    )


def _read(file_name: str) -> str:
    return (_FOLDER / file_name).read_text(encoding="utf-8")


def _scales() -> str:
    """The colour scales of `figures.theme` as a JavaScript constant."""
    tables = {
        f"{name}/{ground}": base64.b64encode(scale(name, ground).colours.tobytes()).decode()
        for name in SCALES
        for ground in GROUNDS
    }
    return f"const SCALES = {json.dumps(tables)};\n"
