"""The layers of a model as a tree that reads like the model."""

from collections.abc import Callable, Sequence

import streamlit as st

from cnnviz.analysis.layers import LayerSummary
from cnnviz.ui.components.registry import declare

_mount = declare("layer_tree")


def layer_tree(
    layers: Sequence[LayerSummary], selected: str, key: str, on_choose: Callable[[str], None]
) -> None:
    """Show all layers; those with feature maps can be chosen, by mouse or keyboard."""

    def chosen() -> None:
        on_choose(st.session_state[key]["layer"])

    _mount(
        data={"layers": [_item(layer) for layer in layers], "selected": selected},
        key=key,
        on_layer_change=chosen,
    )


def _item(layer: LayerSummary) -> dict[str, object]:
    return {
        "layer": layer.layer,
        "name": layer.layer.rpartition(".")[2],
        "depth": layer.layer.count("."),
        "kind": layer.description,
        "block": layer.kind == "block",
        "shape": "×".join(map(str, layer.output_shape)),
        "selectable": layer.has_maps,
    }
