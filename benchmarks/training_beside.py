"""A slider of one user while another one's network trains, against the same slider with nothing else to do.

Measured in the browser, in ms: from the keydown event on the convolution lab's stride slider to the first
frame that shows the server's new numbers; the picture is there sooner, by the browser. The run is SimpleCNN
on whole cnnviz shapes, which lasts longer than the measurement; it is paused and goes on between the two
series in turns, so that a busy moment hits both alike.
"""

from playwright.sync_api import Page

from benchmarks.common import Result, browser, opened, quartiles, ratio_result, served, settle
from benchmarks.slider_latency import NUMBERS, STRIDE, presses

GOAL = 2.0
_ROUNDS = 4
_PRESSES = 10
_LONG = "training?train_width=32&train_half=false&train_pictures=10000&train_epochs=40"


def measure() -> list[Result]:
    """Both series on one server."""
    with browser() as shared, served("app.py") as app:
        lab = opened(shared, f"{app}/convolution", STRIDE)
        trainer = opened(shared, f"{app}/{_LONG}", _button("train_start"))
        press = presses(lab, STRIDE, NUMBERS)
        for _ in range(8):
            press()
        _click(trainer, "train_start", "train_pause")
        beside: list[float] = []
        idle: list[float] = []
        for _ in range(_ROUNDS):
            trainer.wait_for_timeout(2000)
            beside += [press() for _ in range(_PRESSES)]
            _click(trainer, "train_pause", "train_continue")
            idle += [press() for _ in range(_PRESSES)]
            _click(trainer, "train_continue", "train_pause")
        _click(trainer, "train_stop", "train_start")
    result = ratio_result("slider while a network trains", beside, "nothing trains", idle, GOAL)
    spread = f"middle half {quartiles(beside)}; idle {quartiles(idle)} ms"
    return [result, Result("  of which", spread)]


def _button(key: str) -> str:
    return f".st-key-{key} button:visible"


def _click(page: Page, key: str, then: str) -> None:
    """Press a button, and wait for the one that takes its place."""
    page.locator(_button(key)).click()
    page.locator(_button(then)).wait_for(timeout=60_000)
    settle(page)
