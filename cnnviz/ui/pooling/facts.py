"""What the pooling page says in formulas and asks: sizes, divisors, weights, shifts."""

from collections.abc import Mapping

from cnnviz.figures.numbers import power_of_ten
from cnnviz.ops.pooling import pooled_size, unread
from cnnviz.ops.shrinking import ShiftResponse, Shrinking
from cnnviz.ui.components.facts import Facts, facts
from cnnviz.ui.pooling.formulas import divisor_formula, share_formula, strided_weights_formula
from cnnviz.ui.sliding.size_formulas import drops_last_window, pooled_size_formula
from cnnviz.ui.widgets.controls import counted
from cnnviz.ui.widgets.quiz import check_yourself

# What float32 leaves of numbers near 1 that should be equal.
ROUNDING = 1e-5
_CHANNELS = 3
_QUIZ_CHANNELS = 64
_GLOBAL = "Global average pooling"


def show_pooling_facts(shrinking: Shrinking, height: int, width: int) -> None:
    """Output size, the average's divisor and the weights, and what the two switches change here."""
    window = shrinking.window
    facts(
        [
            Facts(
                "Output size of pooling",
                pooled_size_formula(window, window, shrinking.ceil_mode, height, width),
                [
                    ("Left over:", left_over_text(shrinking, height, width)),
                    ("ceil_mode", ceil_mode_text(shrinking, height, width)),
                ],
            ),
            Facts(
                "Divisor of average pooling",
                divisor_formula(shrinking, height, width),
                [("count_include_pad", count_text(shrinking, height, width))],
            ),
            Facts(
                "Weights to learn",
                strided_weights_formula(shrinking, _CHANNELS),
                [
                    ("Strided convolution:", _kernel_text(shrinking)),
                    (
                        "Which is better?",
                        "A strided convolution can learn its filter, and costs parameters. Max pooling has "
                        "none, and keeps some tolerance to small shifts. Both alias unless the map is "
                        "blurred first (Zhang 2019).",
                    ),
                ],
            ),
        ],
        "pool_facts",
    )


def left_over_text(shrinking: Shrinking, height: int, width: int) -> str:
    """Which rows and columns of the input no pooling window reads."""
    parts = []
    for noun, size in (("row", height), ("column", width)):
        between, after = unread(shrinking.window, size, shrinking.ceil_mode)
        if after:
            span = f"{noun} {after[0]}" if len(after) == 1 else f"{noun}s {after[0]} to {after[-1]}"
            parts.append(f"{span} at the far end")
        if between:
            parts.append(f"the {counted(len(between), noun)} between windows")
    if not parts:
        return "nothing; every row and column lies under some window."
    return f"no pooling window reads {' or '.join(parts)}."


def ceil_mode_text(shrinking: Shrinking, height: int, width: int) -> str:
    """What rounding up changes here, or why it changes nothing."""
    window, on = shrinking.window, shrinking.ceil_mode
    state = "is on" if on else "is off"
    down = [window.output_size(size) for size in (height, width)]
    up = [pooled_size(window, size, True) for size in (height, width)]
    if up != down:
        if not on:
            return f"{state}; on, pooling gives {up[0]}×{up[1]} instead of {down[0]}×{down[1]}."
        return (
            f"{state}: a last, incomplete window counts, and {down[0]}×{down[1]} becomes {up[0]}×{up[1]}. "
            "A convolution has no such setting and keeps the smaller size."
        ) + (" " + _dropped_text() if _drops(shrinking, height, width) else "")
    if any(window.left_over(size) for size in (height, width)):
        return f"{state}, which changes nothing here. {_dropped_text()}"
    return f"{state}, which changes nothing here: the last step ends exactly at the far edge."


def _drops(shrinking: Shrinking, height: int, width: int) -> bool:
    window, ceil_mode = shrinking.window, shrinking.ceil_mode
    return any(drops_last_window(window, size, ceil_mode) for size in (height, width))


def _dropped_text() -> str:
    return "PyTorch leaves out a window that would begin beyond the input and its leading padding."


def count_text(shrinking: Shrinking, height: int, width: int) -> str:
    """What counting the padding changes here, or why it changes nothing."""
    state = "is on" if shrinking.count_include_pad else "is off"
    if not shrinking.padding:
        return f"{state}, which changes nothing here: there is no padding to count."
    inside = min(shrinking.kernel_size - shrinking.padding, height)
    inside *= min(shrinking.kernel_size - shrinking.padding, width)
    if shrinking.count_include_pad:
        text = (
            "the zeros of the padding count, so the border is dimmed; off, the first output divides by "
            f"{inside}."
        )
    else:
        text = "only pixels of the picture count, so the border keeps its brightness."
    return f"{state}: {text} Max pooling takes no notice: there, padding counts as −∞."


def _kernel_text(shrinking: Shrinking) -> str:
    k, s = shrinking.kernel_size, shrinking.stride
    middle = "its middle" if k % 2 else "one of its middle taps"
    words = {
        "identity": f"its kernel is 1 at {middle} and 0 elsewhere, so it keeps one pixel in {s * s}."
        + (" At the upper and left border that is padding." if 2 * shrinking.padding == k else ""),
        "box": f"its kernel holds 1/{k * k} everywhere: average pooling, with the padding counted.",
        "gaussian": "its kernel is a Gaussian, σ = 1 pixel, and adds up to 1."
        + (" At 2×2 all its weights are 1/4: the average." if k == 2 else ""),
        "sobel_x": "its kernel answers where the picture brightens to the right.",
        "random": "its kernel is drawn at random (He's initialisation, seed 0), as before learning.",
    }[shrinking.strided_kernel]
    return f"{words} It stays as it is here; a network learns it."


def ask_about_size_and_weights(shrinking: Shrinking, shown: tuple[int, int]) -> None:
    """Two questions whose answers are not on screen."""
    window, up = shrinking.window, shrinking.ceil_mode
    n = quiz_size(shrinking, shown)
    slack = n + 2 * window.padding - window.kernel_size
    down, rounded_up = (_plain_size(slack, window.stride, upwards) for upwards in (False, True))
    answer = pooled_size(window, n, up)
    check_yourself(
        f"A map {n} pixels wide is pooled with the window, stride, padding and ceil_mode set above: how wide "
        "is the output?",
        answer,
        {
            "ceil_mode is on, so round up": down,
            "PyTorch leaves out a last window that would begin beyond the input and its leading padding"
            if up
            else "ceil_mode is off, so round down": rounded_up,
            "you left out the + 1": answer - 1,
            "you left out the padding, which is added at both ends": _plain_size(
                n - window.kernel_size, window.stride, up
            ),
            "padding is added at both ends": _plain_size(slack - window.padding, window.stride, up),
            "the window has a size, too: take k off before you divide": _plain_size(
                slack + window.kernel_size, window.stride, up
            ),
            "that is n / s, rounded down; the window and the padding count, too": n // window.stride,
        },
        "pool_quiz_size",
        "Check yourself: the size",
    )
    k, c = shrinking.kernel_size, _QUIZ_CHANNELS
    check_yourself(
        f"A network replaces pooling by a strided convolution with the same {k}×{k} window, from {c} to {c} "
        "channels, without bias. How many weights does that add?",
        c * c * k * k,
        {
            "pooling has no weights, but a convolution has": 0,
            "that is one kernel; each pair of an input and an output channel has its own": k * k,
            f"each output channel has a kernel for every one of its {c} input channels": c * k * k,
            "you left out the size of the window": c * c,
            "a window has k·k weights, not k": c * c * k,
            "there is no bias here": c * c * k * k + c,
        },
        "pool_quiz_weights",
        "Check yourself: the weights",
    )


def _plain_size(slack: int, stride: int, up: bool) -> int:
    return (-(-slack // stride) if up else slack // stride) + 1


def quiz_size(shrinking: Shrinking, shown: tuple[int, int]) -> int:
    """A size that is not on screen and, where there is one, at which rounding matters."""
    window = shrinking.window
    sizes = [size for size in range(30, 45) if size not in shown]
    left = (size for size in sizes if window.left_over(size))
    return next(left, sizes[0])


def show_shift_facts(
    shrinking: Shrinking, responses: Mapping[str, ShiftResponse], input_change: float, pixels: int
) -> None:
    """The share by which each output changes, with its numbers, and what that is called."""
    share = Facts("Change", [], [("Nothing moves:", "this picture is the same after the shift.")])
    if input_change:
        changes = [(name, response.magnitude) for name, response in responses.items()]
        share = Facts("Change, as a share of the input's own", share_formula(changes, input_change), [])
    change = responses[_GLOBAL].misfit or 0.0
    stays = f"changes by at most {power_of_ten(change)}: rounding" if change else "does not change at all"
    named = Facts(
        "Equivariant or invariant?",
        [],
        [
            ("Equivariant:", _equivariant_text(shrinking, responses, pixels)),
            ("Invariant:", f"the input shifts, and the output stays. Global average pooling {stays}."),
        ],
    )
    facts([share, named], "pool_shift_facts")


def _equivariant_text(shrinking: Shrinking, responses: Mapping[str, ShiftResponse], pixels: int) -> str:
    stride = shrinking.stride
    said = "the input shifts, and the output shifts with it. "
    if pixels % stride == 0:
        return (
            f"{said}A shift by {pixels} is {counted(pixels // stride, 'whole step')} of stride {stride}, so "
            f"each pooled map moves by {counted(pixels // stride, 'pixel')} of its own, but for the border."
        )
    misfits = [response.misfit for name, response in responses.items() if name != _GLOBAL]
    differs = any((misfit or 0) > ROUNDING for misfit in misfits)
    unseen = (
        "; here every window reaches the border, so there is nothing to compare."
        if all(misfit is None for misfit in misfits)
        else "; this picture does not show it."
    )
    return (
        f"{said}With stride {stride}, a shift by {pixels} would have to move each pooled map by "
        f"{pixels}/{stride} of its own pixels. There is no such place on its grid"
        + (", so the numbers themselves change." if differs else unseen)
    )


def ask_about_shift(shrinking: Shrinking, pixels: int) -> None:
    """How far a picture must move for its output to move by whole pixels."""
    k, s = shrinking.kernel_size, shrinking.stride
    steps = 3
    check_yourself(
        "By how many pixels must the picture move to the right, so that each pooled map moves by exactly "
        f"{steps} of its own pixels?",
        steps * s,
        {
            "one pixel of the output is one step of the window, so count in strides": steps,
            "the step is the stride, not the window": steps * k,
            f"that moves the map by 1; it is to move by {steps}": s,
            "that is the shift set above": pixels,
        },
        "pool_quiz_shift",
    )
