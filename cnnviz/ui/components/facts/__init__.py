"""Formulas with live numbers, and sentences beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

from cnnviz.ui.components.equations import Equation, as_text
from cnnviz.ui.components.registry import declare

_mount = declare("facts", styles=("formula_parts",))


@dataclass(frozen=True, slots=True)
class Facts:
    """A title, equations, and sentences as (head in bold, text)."""

    title: str
    equations: Sequence[Equation]
    sentences: Sequence[tuple[str, str]]


def facts(blocks: Sequence[Facts], key: str) -> None:
    """Show blocks of facts beside each other."""
    data = [
        {
            "title": block.title,
            "equations": [
                {"left": left, "right": right, "text": as_text(right)} for left, right in block.equations
            ],
            "sentences": [{"head": head, "text": text} for head, text in block.sentences],
        }
        for block in blocks
    ]
    _mount(data=data, key=key)
