"""A block of a network as a diagram: positions, labels, and the exported figure."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from cnnviz.analysis.blocks import INPUT, Block, entering
from cnnviz.analysis.trace.rows import RowKind, Trace, times
from cnnviz.figures.graph_layout import NODE, Layout, layout
from cnnviz.figures.tables import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's colour-blind safe palette; labels carry the same information.
KIND_COLOURS: Mapping[RowKind | None, str] = MappingProxyType(
    {
        "convolution": "#0072b2",
        "norm": "#999999",
        "activation": "#e69f00",
        "pooling": "#009e73",
        "linear": "#56b4e9",
        "attention": "#cc79a7",
        "join": "#d55e00",
        "reshape": "#bbbbbb",
        "other": "#bbbbbb",
        None: "#2a948d",
    }
)
_LONGEST = 25


@dataclass(frozen=True, slots=True)
class Node:
    """A box of the diagram: two lines of text, a description, and the path of the block it opens, if any."""

    name: str
    detail: str
    words: str
    kind: RowKind | None
    opens: str | None


@dataclass(frozen=True, slots=True)
class Diagram:
    """The parts of a block; the first node is the input."""

    nodes: tuple[Node, ...]
    layout: Layout


def diagram(block: Block, trace: Trace) -> Diagram:
    """The diagram of a block's parts; its inputs are one node on top."""
    inputs = entering(trace, block)
    shape = times(inputs[0]) if len(inputs) == 1 else f"{len(inputs)} maps"
    words = "; ".join(map(times, inputs))
    nodes = [Node("input", shape, f"What comes in from outside: {words}.", "other", None)]
    nodes += [_node(part, block) for part in block.parts]
    parents = [[], *([p + 1 if p != INPUT else 0 for p in part.parents] for part in block.parts)]
    return Diagram(tuple(nodes), layout(parents))


def _node(part: Block, block: Block) -> Node:
    start = f"{block.path}."
    name = part.path[len(start) :] if part.path.startswith(start) else part.path
    known = part.title.partition(" ")[0].lower() in name.lower()
    line = name if part.kind and known and part.kind != "convolution" else f"{name}: {part.title}"
    return Node(
        line,
        f"{times(part.output_shape)} · {_parameters(part)}",
        part_text(part),
        part.kind,
        opened_by(part),
    )


def opened_by(part: Block) -> str | None:
    """The path of the block that a part opens: the first of equal ones."""
    if not part.parts:
        return None
    return opened_by(part.parts[0]) if part.are_alike else part.path


def part_text(part: Block) -> str:
    """A description of a part."""
    kind = f", {part.kind}" if part.kind else f", {part.last - part.first} operations"
    return (
        f"{part.path}: {part.title}{kind}; gives {times(part.output_shape)}; "
        f"{_parameters(part)}, {part.macs:,} MACs."
    )


def _parameters(part: Block) -> str:
    return f"{part.parameters:,} parameters" if part.parameters else "no parameters"


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Text shortened to fit a box."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def block_rows(block: Block) -> list[Row]:
    """The parts of a block as a table."""
    return [
        {
            "part": part.path,
            "operation": part.title,
            "kind": part.kind or "block",
            "operations": part.last - part.first,
            "output shape": times(part.output_shape),
            "parameters": part.parameters,
            "MACs": part.macs,
            "reads": " ".join(block.parts[p].path if p != INPUT else "input" for p in part.parents),
        }
        for part in block.parts
    ]


def diagram_figure(block: Block, trace: Trace) -> "Figure":
    """The diagram on white."""
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyArrowPatch, Rectangle
    from matplotlib.path import Path

    drawn = diagram(block, trace)
    width, height = drawn.layout.size
    figure = Figure(figsize=(max(3.0, width / 90), max(1.5, height / 90)), dpi=150)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
    axes.set_axis_off()
    for _, _, points in drawn.layout.lines:
        path = Path(points, [Path.MOVETO, *[Path.CURVE4] * (len(points) - 1)])
        axes.add_patch(FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=7, color="#666", lw=0.8))
    for node, (x, y) in zip(drawn.nodes, drawn.layout.places, strict=True):
        left, top = x - NODE[0] / 2, y - NODE[1] / 2
        axes.add_patch(Rectangle((left, top), *NODE, facecolor="white", edgecolor="#888", lw=0.8))
        axes.add_patch(Rectangle((left, top), 5, NODE[1], facecolor=KIND_COLOURS[node.kind]))
        axes.text(left + 12, y - 9, shortened(node.name), fontsize=6.5, weight="bold", va="center")
        axes.text(left + 12, y + 10, node.detail, fontsize=5.5, va="center")
    return figure
