"""A network block by block: its stages as a list, the inside of one block as a diagram."""

from collections.abc import Callable, Sequence

import streamlit as st

from cnnviz.analysis.blocks import Block
from cnnviz.analysis.trace.rows import times
from cnnviz.figures.block_diagrams import KIND_COLOURS, Diagram, opened_by, shortened
from cnnviz.figures.graph_layout import NODE
from cnnviz.ui.components.registry import declare

_mount = declare("block_view")
_LEAST_ZOOM = 0.8


def block_view(
    network: Block,
    trail: Sequence[Block],
    diagram: Diagram,
    words: str,
    key: str,
    on_open: Callable[[str], None],
) -> None:
    """Show the stages of a network and the inside of the last block of `trail`.

    Args:
        network: all of it.
        trail: from the whole network to the block that is open.
        diagram: of that block.
        words: about it, while nothing is pointed at.
        key: of the component.
        on_open: called with the path of the block to open.
    """
    at = trail[-1]

    def opened() -> None:
        on_open(st.session_state[key]["open"])

    kinds = dict.fromkeys(part.kind for part in at.parts)
    _mount(
        data={
            "box": NODE,
            "least_zoom": _LEAST_ZOOM,
            "open": at.path,
            "words": words,
            "alt": f"Diagram of {at.path or at.operation}: {len(at.parts)} parts from top to bottom",
            "stages": [_stage(stage, network, trail) for stage in network.parts],
            "crumbs": [{"path": block.path, "name": block.path or block.operation} for block in trail],
            "size": diagram.layout.size,
            "lines": diagram.layout.lines,
            "nodes": [
                {
                    "name": shortened(node.name, 24 if node.opens else 26),
                    "detail": node.detail,
                    "words": node.words,
                    "colour": KIND_COLOURS[node.kind],
                    "opens": node.opens,
                    "x": x,
                    "y": y,
                }
                for node, (x, y) in zip(diagram.nodes, diagram.layout.places, strict=True)
            ],
            "key": [(kind or "block", KIND_COLOURS[kind]) for kind in kinds],
        },
        key=key,
        on_open_change=opened,
    )


def _stage(stage: Block, network: Block, trail: Sequence[Block]) -> dict[str, object]:
    return {
        "path": stage.path,
        "name": stage.path,
        "what": stage.title,
        "shape": times(stage.output_shape),
        "parameters": f"{stage.parameters:,} parameters" if stage.parameters else "no parameters",
        "share": stage.parameters / max(1, network.parameters),
        "opens": opened_by(stage) if stage.are_alike else (stage.path if stage.parts else None),
        "selected": any(stage.first <= b.first and b.last <= stage.last for b in trail[1:]),
    }
