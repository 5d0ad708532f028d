"""What a measurement of equivariance means, in Markdown."""

from cnnviz.analysis.shifts import PaddingOnTheWay
from cnnviz.figures.numbers import significant
from cnnviz.ops.equivariance import Equivariance
from cnnviz.ui.widgets.controls import counted


def shift_text(shift: tuple[int, int]) -> str:
    """A shift in words: "2 down and 4 right"."""
    parts = [f"{number} {way}" for number, way in zip(shift, ("down", "right"), strict=True) if number]
    return " and ".join(parts) or "0"


def verdict(measured: Equivariance, guaranteed: bool) -> str:
    """Whether the map followed the shift, and if not, where it did not and why.

    Args:
        measured: on one picture.
        guaranteed: whether the map follows whole steps on every picture, since all padding is circular.
    """
    if measured.signal == measured.largest == 0:
        return "**f(x) and f(Tx) are 0 everywhere:** nothing to compare. Choose another picture or kernel."
    if measured.shift == (0, 0):
        return "**Nothing is shifted yet,** so both orders are one and the same. Move a slider."
    if measured.difference.size == 1:
        return _verdict_on_one_value(measured)
    return _verdict_on_steps(measured, guaranteed) if measured.exact else _verdict_between_steps(measured)


def _equal_text(measured: Equivariance) -> str:
    return "to the last bit" if measured.largest == 0 else "up to rounding, a millionth of the signal at most"


def _verdict_on_one_value(measured: Equivariance) -> str:
    start = "**One value a channel:** no place is left that could follow, so f(Tx) is compared with f(x). "
    if measured.broken.any():
        return f"{start}They differ: it is **not invariant** to this shift."
    return f"{start}They are the same {_equal_text(measured)}: **invariant** to this shift."


def _verdict_on_steps(measured: Equivariance, guaranteed: bool) -> str:
    if not measured.broken.any():
        same = f"f(Tx) and T f(x) are the same {_equal_text(measured)}"
        if guaranteed:
            return f"**Equivariant:** {same}."
        return (
            f"**On this picture nothing differs:** {same}. The padding would show if the picture's border "
            "were not what the padding puts beside it."
        )
    number, size = int(measured.broken.sum()), measured.broken.size
    if number == size:
        return (
            f"**Equality breaks** at all {size:,} places, {_by(measured)}: what was read from padding "
            "reaches all of them."
        )
    return (
        f"**Equality breaks** at {number:,} of {size:,} places, all within "
        f"{counted(measured.reach or 0, 'place')} of a border or of where the shift has put that border, "
        f"{_by(measured)}: there, padding is read."
    )


def _by(measured: Equivariance) -> str:
    return f"by up to {significant(measured.relative)} of the signal"


def _verdict_between_steps(measured: Equivariance) -> str:
    start = (
        f"**A shift by {shift_text(measured.shift)} is no whole number of steps:** neighbouring outputs lie "
        f"{measured.jump} pixels apart. The map is shifted by the nearest whole number of its places, "
        f"{shift_text(measured.output_shift)}. "
    )
    number, size = int(measured.broken.sum()), measured.broken.size
    if number == 0:
        return f"{start}On this picture both are the same all the same, {_equal_text(measured)}."
    return f"{start}**Equality breaks** at {number:,} of {size:,} places, {_by(measured)}."


def padding_text(way: PaddingOnTheWay, layer: str) -> str:
    """What pads on the way to a network's layer."""
    start = f"On the way to `{layer}`, {counted(way.convolutions, 'convolution')} " + (
        "pads as chosen" if way.convolutions == 1 else "pad as chosen"
    )
    if not way.pools:
        return f"{start}; no pooling pads."
    pools = ", ".join(f"`{pool.layer}` ({pool.description}) pads with {pool.value}" for pool in way.pools)
    first = way.pools[0]
    exact = f"up to `{first.before}` only" if first.before else "nowhere"
    return f"{start}. But {pools}, whatever is chosen: with circular padding the network is exact {exact}."
