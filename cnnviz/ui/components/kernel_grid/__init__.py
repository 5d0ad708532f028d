"""The kernel as a grid of numbers that can be typed over."""

from collections.abc import Callable
from typing import Any

from cnnviz.arrays import Array
from cnnviz.ui.components.registry import declare
from cnnviz.ui.components.turns import last_turn, taken

_mount = declare("kernel_grid", styles=("kernel_cells",))


def kernel_grid(weights: Array, key: str, on_edit: Callable[[Any], None]) -> None:
    """Show the weights (height, width); `on_edit` gets the new ones, unchecked, after an edit."""

    def edited() -> None:
        on_edit(taken(key, "weights"))

    _mount(data={"weights": weights.tolist(), "turn": last_turn(key)}, key=key, on_weights_change=edited)
