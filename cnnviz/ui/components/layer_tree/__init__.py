"""The layers of a model as a tree that reads like the model."""

from collections.abc import Callable, Sequence

import streamlit as st

from cnnviz.analysis.layers.summaries import LayerSummary
from cnnviz.ui.components.registry import declare

_mount = declare("layer_tree")


def layer_tree(
    layers: Sequence[LayerSummary],
    selected: str,
    key: str,
    on_choose: Callable[[str], None],
    why_not: Callable[[LayerSummary], str],
) -> None:
    """Show all layers; those with feature maps can be chosen, by mouse or keyboard.

    Args:
        layers: in the model's own order.
        selected: the layer that is shown.
        key: of the component.
        on_choose: gets the layer that was clicked.
        why_not: says of a layer that cannot be chosen why.
    """

    def chosen() -> None:
        on_choose(st.session_state[key]["layer"])

    _mount(
        data={"layers": [_item(layer, why_not) for layer in layers], "selected": selected},
        key=key,
        on_layer_change=chosen,
    )


def _item(layer: LayerSummary, why_not: Callable[[LayerSummary], str]) -> dict[str, object]:
    return {
        "layer": layer.layer,
        "name": layer.layer.rpartition(".")[2],
        "depth": layer.layer.count("."),
        "kind": layer.description,
        "block": layer.kind == "block",
        "shape": "×".join(map(str, layer.output_shape)),
        "why_not": "" if layer.has_maps else why_not(layer),
    }
