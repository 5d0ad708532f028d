"""The kernel as a grid of numbers that can be typed over."""

from collections.abc import Callable
from typing import Any

from cnnviz.arrays import Array
from cnnviz.ui.components.edit_version import edit_version, received
from cnnviz.ui.components.registry import declare

_mount = declare("kernel_grid", styles=("kernel_cells",))


def kernel_grid(weights: Array, key: str, on_edit: Callable[[Any], None]) -> None:
    """Show the weights (height, width); `on_edit` gets the new ones, unchecked, after an edit."""

    def edited() -> None:
        on_edit(received(key, "weights"))

    _mount(
        data={"weights": weights.tolist(), "edit_version": edit_version(key)},
        key=key,
        on_weights_change=edited,
    )
