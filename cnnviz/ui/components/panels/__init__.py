"""Pictures and maps beside each other, the place under the pointer marked in all of them."""

from collections.abc import Sequence

import numpy as np

from cnnviz.figures.numbers import significant
from cnnviz.figures.panels import Panel
from cnnviz.ui.components.payload import pack
from cnnviz.ui.components.registry import declare

_mount = declare("panels")


def panels(
    shown: Sequence[Panel], key: str, *, box: int = 340, panel_rem: float = 14, most: int = 12
) -> None:
    """Show the panels in places of at most `box` CSS pixels, at least `panel_rem` wide, `most` in a row."""
    fields = {
        "box": box,
        "panel_rem": panel_rem,
        "most": most,
        "panels": [
            {
                "title": panel.title,
                "kind": panel.kind,
                "limit": panel.scale_limit,
                "words": panel.words,
                "size": panel.size_label,
                "least": panel.least,
                "window": panel.window
                and [panel.window.kernel_size, panel.window.stride, panel.window.padding],
                "alt": f"{panel.title}: {panel.values.shape[1]} by {panel.values.shape[2]}, values from "
                f"{significant(np.nanmin(panel.values))} to {significant(np.nanmax(panel.values))}",
            }
            for panel in shown
        ],
    }
    arrays = {f"panel{index}": panel.values.astype(np.float32) for index, panel in enumerate(shown)}
    _mount(data=pack(fields, arrays), key=key)
