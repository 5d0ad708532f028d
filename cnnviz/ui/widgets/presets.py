"""The row "Try this": buttons that set several controls at once.

A concept lists its own in `presets.py`: PRESETS, label → control → value; START, the values that each begins
from; DEFAULTS, of controls that a preset sets and that are not always on screen (`register_controls`).
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cnnviz.ui.widgets.controls import set_control


def offer_presets(presets: Mapping[str, Mapping[str, Any]], start: Mapping[str, Any] | None = None) -> bool:
    """A row of buttons that set the controls.

    Args:
        presets: label → session key → value.
        start: values that each preset begins from.

    Returns:
        Whether one was pressed just now: a fragment then runs the page again if controls elsewhere are set.
    """
    pressed = False
    with st.container(key="presets", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("Try this", width="content")
        for label, settings in presets.items():
            pressed |= st.button(
                label,
                key=f"preset {label}",
                type="tertiary",
                on_click=_apply,
                args=({**(start or {}), **settings},),
            )
    return pressed


def _apply(settings: Mapping[str, Any]) -> None:
    for key, value in settings.items():
        set_control(key, value)
