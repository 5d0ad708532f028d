"""Twenty key presses on a slider, quicker than answers come: what the user sees meanwhile and at last.

Measured in the browser: how many of the 20 output pictures some frame showed, and whether the last
one is the last stride's, in its caption and its pixels. Presses come 33 ms apart, as from a key held
down, and then as fast as the browser takes them.

A burst also fails if Streamlit gives up the connection. Its browser side throws away large messages
that it has just told the server it still holds ("Cached ForwardMsg MISS") where runs queue up,
unless `global.minCachedMessageSize` keeps large messages out of that cache.
"""

from statistics import median

from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as Patience

from benchmarks.common import Result, browser, opened, served, settle
from benchmarks.slider_latency import OUTPUT, STRIDE

HELD_MS = 33
ROUNDS = 5
_KEYS = ["ArrowRight"] * 7 + ["ArrowLeft"] * 7 + ["ArrowRight"] * 6
_LAST_STRIDE = 7
_INPUT, _KERNEL_SIZE = (112, 168), 3  # the cat at the lab's own resolution
_BROKEN = "[...document.images].some((image) => image.complete && !image.naturalWidth)"
_LOST = "[data-testid=stApp][data-test-connection-state=DISCONNECTED_FOREVER]"


def burst(page: Page, gap_ms: int) -> tuple[int, str]:
    """How many new pictures were shown, and what is wrong at last, empty if nothing."""
    page.locator(STRIDE).focus()
    page.keyboard.press("End")
    settle(page)
    page.keyboard.press("Home")
    settle(page)
    page.wait_for_timeout(300)
    page.evaluate(f"bench.record({OUTPUT})")
    for key in _KEYS:
        page.keyboard.press(key)
        if gap_ms:
            page.wait_for_timeout(gap_ms)
    fault = _fault_at_rest(page)
    shown = page.evaluate("bench.shown")
    if not fault and not shown[-1].startswith(_expected()):
        fault = f"shows {shown[-1]}"
    return len(shown) - 1, fault


def _fault_at_rest(page: Page) -> str:
    """What is wrong once every run has ended, if the connection holds that long."""
    page.wait_for_timeout(500)
    try:
        settle(page)
    except Patience:
        return "connection lost" if page.locator(_LOST).count() else "never comes to rest"
    return "broken picture" if page.evaluate(_BROKEN) else ""


def _expected() -> str:
    """What the probe says of the last output: its size in pixels, and the same in its caption."""
    size = "×".join(str((side - _KERNEL_SIZE) // _LAST_STRIDE + 1) for side in _INPUT)
    return f"{size} {size}"


def measure() -> list[Result]:
    """Several bursts of both kinds."""
    with browser() as shared, served("app.py") as app:
        address = f"{app}/convolution"
        held, fast = _bursts(shared, address, HELD_MS), _bursts(shared, address, 0)
    return [_result("key held down, 33 ms", held), _result("presses at once", fast)]


def _bursts(shared: Browser, address: str, gap_ms: int) -> list[tuple[int, str]]:
    """Bursts on one page, or on a new one after each fault."""
    found: list[tuple[int, str]] = []
    page = opened(shared, address, STRIDE)
    for _ in range(ROUNDS):
        found.append(burst(page, gap_ms))
        if found[-1][1]:
            page.close()
            page = opened(shared, address, STRIDE)
    page.close()
    return found


def _result(name: str, bursts: list[tuple[int, str]]) -> Result:
    faults = [fault for _, fault in bursts if fault]
    right = len(bursts) - len(faults)
    return Result(
        f"burst: {name}",
        f"{median(shown for shown, _ in bursts):g} of {len(_KEYS)} pictures shown",
        ", ".join(dict.fromkeys(faults)),
        f"{right} of {len(bursts)}",
        "last one right and whole",
        not faults,
    )
