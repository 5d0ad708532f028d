"""Pictures and maps beside each other, the place under the pointer marked in all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cnnviz.arrays import Array
from cnnviz.ui.components.payload import pack
from cnnviz.ui.components.registry import declare

_mount = declare("panels")


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One picture or map.

    Attributes:
        title: over it.
        values: float (C, H, W); one channel for a map.
        kind: "picture" for values from 0 to 1 as they are, "signed" for the diverging scale, "count".
        limit: where the colours of a signed map end; its own largest magnitude where left out.
        words: a sentence under it.
    """

    title: str
    values: Array
    kind: Literal["picture", "signed", "count"] = "picture"
    limit: float | None = None
    words: str = ""


def panels(shown: Sequence[Panel], key: str, *, box: int = 340, panel_rem: float = 14) -> None:
    """Show the panels, each in a place of at most `box` CSS pixels, at least `panel_rem` wide."""
    reserve = max(panel.values.shape[1] / max(panel.values.shape[1:]) for panel in shown[:1])
    fields = {
        "box": box,
        "panel_rem": panel_rem,
        "reserve": reserve,
        "panels": [
            {
                "title": panel.title,
                "kind": panel.kind,
                "limit": float(np.abs(panel.values).max()) if panel.limit is None else panel.limit,
                "words": panel.words,
                "alt": f"{panel.title}: {panel.values.shape[1]} by {panel.values.shape[2]}, values from "
                f"{panel.values.min():.4g} to {panel.values.max():.4g}",
            }
            for panel in shown
        ],
    }
    arrays = {f"panel{index}": panel.values.astype(np.float32) for index, panel in enumerate(shown)}
    _mount(data=pack(fields, arrays), key=key)
