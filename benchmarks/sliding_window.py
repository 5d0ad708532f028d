"""The sliding window at the speed of the hand: hovering, and changing a setting, on a 16×16 input.

Measured in the browser, in ms: from the pointer's event to the first frame whose marks, readout and
expression are those of the new cell; and from a click on a stepper to the first frame with the new
grid. One frame of a 60 Hz screen is 16.7 ms. The floor is the same wait for an event that only
changes a word.
"""

from collections.abc import Callable
from itertools import cycle
from statistics import median

from playwright.sync_api import Page

from benchmarks.common import Result, browser, opened, quartiles, served, settle, time_answer

FRAME_MS = 1000 / 60
CHANGE_MS = 20.0
HOVERS, CHANGES = 60, 32
_PAGE = (
    "convolution?conv_mode=Pixel+by+pixel&conv_patch=16&conv_padding=2&conv_patch_row=8&conv_patch_column=8"
)
_KEY = "conv_sliding"
_SETTINGS = ("Kernel", "Stride", "Padding", "Dilation")
_STEPPERS = [f"{name} {way}" for name in _SETTINGS for way in ("larger", "smaller")]
_CELLS = 20  # or a little fewer: every place that is pointed at lies in another cell than the last
_READ = f"() => bench.inside('{_KEY}', '.readout')?.textContent ?? null"
_SET = f"""() => {{
  const steppers = bench.inside('{_KEY}', '.steppers');
  const output = bench.inside('{_KEY}', '.output .size');
  if (!steppers) return null;
  return [...steppers.querySelectorAll('b'), output].map((part) => part.textContent).join();
}}"""
_WORD = "() => document.title"
_LISTEN = "window.addEventListener('pointermove', () => { document.title = String(Math.random()); })"


def hovering(page: Page, canvas: str, probe: str) -> Callable[[], float]:
    """A run that points at another cell and times the frame that says so."""
    box = page.locator(f".st-key-{_KEY} {canvas}").bounding_box()
    assert box is not None
    places = cycle([(r, c) for r in (5, 8, 11, 14) for c in (4, 7, 10, 13)])

    def hover() -> float:
        row, column = next(places)
        x, y = (
            box[start] + (cell + 0.5) * box["width"] / _CELLS for start, cell in (("x", column), ("y", row))
        )
        page.evaluate(f"bench.arm('pointermove', {probe})")
        page.mouse.move(x, y)
        return float(page.evaluate("bench.answer")["ms"])

    return hover


def changing(page: Page) -> Callable[[], float]:
    """A run that clicks the next stepper; each setting goes one up and down again."""
    names = cycle(_STEPPERS)

    def change() -> float:
        button = page.locator(f".st-key-{_KEY}").get_by_role("button", name=next(names))
        taken = time_answer(page, "click", _SET, button.click)[0]
        page.wait_for_timeout(300)  # until the server has been told
        settle(page)
        return taken

    return change


def measure() -> list[Result]:
    """Hover over both grids, then every stepper."""
    with browser() as shared, served("app.py") as app:
        page = opened(shared, f"{app}/{_PAGE}", f".st-key-{_KEY} .output canvas")
        page.locator(f".st-key-{_KEY} .panels").scroll_into_view_if_needed()
        results = []
        for name, canvas in (("output", ".output canvas"), ("input", ".input canvas")):
            run = hovering(page, canvas, _READ)
            results.append(_result(f"hover over the {name}", [run() for _ in range(HOVERS)], FRAME_MS))
        change = changing(page)
        results.append(_result("a setting changed", [change() for _ in range(CHANGES)], CHANGE_MS))
        floor = page.evaluate(_LISTEN) or hovering(page, ".input canvas", _WORD)
        words = [floor() for _ in range(HOVERS)]
        return [
            *results,
            Result("  floor: a word changed", f"{median(words):.3g} ms", quartiles(words) + " ms"),
        ]


def _result(name: str, times: list[float], goal: float) -> Result:
    typical, spread = median(times), f"middle half {quartiles(times)} ms"
    met = typical <= goal
    return Result(f"sliding window: {name}", f"{typical:.3g} ms", spread, "", f"≤ {goal:.3g} ms", met)
