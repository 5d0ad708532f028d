"""Which square input sizes a network accepts."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from cnnviz.analysis.graph.dry_run import dry_run
from cnnviz.analysis.graph.meta_copy import MetaCopy
from cnnviz.analysis.graph.record import record
from cnnviz.analysis.trace.rows import times
from cnnviz.errors import CnnvizError


@dataclass(frozen=True, slots=True)
class InputSizes:
    """Sides of square inputs that a network accepts, in pixels.

    Attributes:
        own: the side it is designed for.
        sides: `own` and all accepted ones of those asked for, in ascending order.
        refused: why a side that was asked for is rejected; empty if none is.
    """

    own: int
    sides: tuple[int, ...]
    refused: str


def input_sizes(model: nn.Module, channels: int, made_for: Sequence[int], asked: Sequence[int]) -> InputSizes:
    """Find the accepted sides with as few dry runs as possible.

    A network either accepts every side from its smallest on, or has a fixed number of features behind
    its maps and accepts its own side only, give or take a few pixels.

    Args:
        model: on the meta device; left as it is.
        channels: of the picture.
        made_for: sides the network may be designed for; the first accepted one is its own.
        asked: further sides, in ascending order.

    Raises:
        CnnvizError: if no side of `made_for` is accepted; the message is that of the last one.
    """
    copied = MetaCopy(model)

    def fits(side: int) -> bool:
        return dry_run(copied, (1, channels, side, side)).fits

    def refusal(side: int) -> str:
        return _refusal(model, (1, channels, side, side))

    if asked[0] < min(made_for) and fits(asked[0]):
        return InputSizes(made_for[0], tuple(sorted({made_for[0], *asked})), "")
    own = next((side for side in made_for if fits(side)), None)
    if own is None:
        raise CnnvizError(refusal(made_for[-1]))
    if not fits(2 * own):
        return InputSizes(own, (own,), refusal(2 * own))
    refused = [side for side in asked if side < own and not fits(side)]
    return InputSizes(
        own, tuple(sorted({own, *asked} - set(refused))), refusal(max(refused)) if refused else ""
    )


def _refusal(model: nn.Module, shape: tuple[int, ...]) -> str:
    """Why a network rejects a shape."""
    try:
        record(model, shape)
    except CnnvizError as error:
        return str(error)
    return f"It does not take {times(shape[2:])}."
