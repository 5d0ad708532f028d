"""The chosen network block by block: a list of stages, and the inside of one block."""

import math

import streamlit as st

from cnnviz.analysis.blocks import Block
from cnnviz.analysis.trace.rows import Trace, times
from cnnviz.figures.block_diagrams import block_rows, diagram, diagram_figure, opened_by, part_text
from cnnviz.nets.catalog import ModelSpec, catalog_entry
from cnnviz.ui import cache
from cnnviz.ui.architectures.snippets import blocks_code
from cnnviz.ui.components.block_view import block_view
from cnnviz.ui.widgets.controls import counted, set_control
from cnnviz.ui.widgets.exports import export_panel
from cnnviz.ui.widgets.feedback import plain
from cnnviz.ui.widgets.quiz import check_yourself

WHOLE = "Whole network"
_USUAL = 224


def show_blocks(model: ModelSpec) -> None:
    """Stages on the left, the open block on the right."""
    trace, network = blocks_at_own_size(model.name)
    shape = trace.input_shape
    path = _choose(network)
    trail = trail_to(network, path)
    block = trail[-1]
    block_view(network, trail, diagram(block, trace), _block_text(block, trail), "arch_blocks", _open)
    st.markdown(_network_text(model, trace, network))
    _ask(network)
    export_panel(
        f"{model.name}_blocks",
        blocks_code(model.name, shape, block.path),
        lambda: diagram_figure(block, trace),
        lambda: block_rows(block),
        key="arch_blocks_files",
    )


def blocks_at_own_size(name: str) -> tuple[Trace, Block]:
    """A network at the size of its published figures, as on its card, or else at the catalog's."""
    side = cache.networks.sizes_of(name, (_USUAL,)).own
    return cache.networks.traced(name, side), cache.networks.blocks_of(name, side)


def openable(network: Block) -> dict[str, Block]:
    """Every block that can be opened, by its path; of several alike the first one."""
    found = {WHOLE: network}

    def look(block: Block) -> None:
        for part in block.parts:
            if part.parts and not part.are_alike:
                found[part.path] = part
            if part.parts:
                look(part.parts[0] if part.are_alike else part)
                if part.are_alike:
                    found.setdefault(part.parts[0].path, part.parts[0])

    look(network)
    return found


def first_to_open(network: Block) -> str:
    """The first block with branches inside; without one, the first block."""
    blocks = openable(network)
    inside = {path: block for path, block in blocks.items() if path != WHOLE}
    return next((path for path, block in inside.items() if block.branches), next(iter(inside), WHOLE))


def trail_to(network: Block, path: str) -> list[Block]:
    """From the whole network down to one block."""
    trail = [network]
    wanted = openable(network)[path]
    while trail[-1] is not wanted:
        inside = (p for p in trail[-1].parts if p.first <= wanted.first and wanted.last <= p.last)
        trail.append(next(inside))
    return [block for block in trail if not block.are_alike]


def _choose(network: Block) -> str:
    paths = list(openable(network))
    chosen = st.selectbox(
        "Open block",
        paths,
        index=paths.index(first_to_open(network)),
        key="arch_block",
        bind="query-params",
        help="Type to search, or click in the list and in the diagram.",
        width=420,
    )
    return chosen if chosen in paths else WHOLE


def _open(path: str) -> None:
    set_control("arch_block", path or WHOLE)


def _block_text(block: Block, trail: list[Block]) -> str:
    if len(trail) == 1:
        return f"{block.operation}: {counted(len(block.parts), 'stage')}, from the input to the output."
    alike = next((p for p in trail[-2].parts if p.are_alike and opened_by(p) == block.path), None)
    more = f" One of {alike.repeats} that are alike ({alike.path})." if alike else ""
    return f"{part_text(block)}{more}"


def _network_text(model: ModelSpec, trace: Trace, network: Block) -> str:
    entry = catalog_entry(model.name)
    skipped = sum(unused.parameters for unused in trace.unreached)
    more = (
        f" Not in the diagram: {', '.join(unused.layer for unused in trace.unreached)} "
        f"({skipped:,} parameters), used in training alone."
        if skipped
        else ""
    )
    return (
        f"**{plain(entry.label)}**: {plain(entry.summary)}. Input {times(trace.input_shape[1:])}; "
        f"{counted(len(trace), 'operation')}, {network.parameters:,} parameters, "
        f"{network.macs:,} MACs.{plain(more)}"
    )


def _ask(network: Block) -> None:
    stages = [stage for stage in network.parts if stage.repeats > 1] or list(network.parts)
    stage = max(stages, key=lambda stage: stage.parameters)
    check_yourself(
        f"The stage {plain(stage.path)} gives {times(stage.output_shape)}. How many numbers is that?",
        math.prod(stage.output_shape),
        {
            "you left out the channels": math.prod(stage.output_shape[1:]),
            "that is a sum; every channel has every place": sum(stage.output_shape),
            "those are its parameters, not its output": stage.parameters,
        },
        "arch_quiz_size",
    )
