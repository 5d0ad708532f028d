"""What the benchmarks share: results, medians of interleaved runs, a server, a browser."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium

ROOT = Path(__file__).parent.parent
_PATIENCE_SECONDS = 60

# Time on the page: `bench.arm(event, probe)` notes the first trusted `event`; `bench.answer` is then
# the time from it to the frame that shows another `probe()` than before, in ms. Both times are the
# browser's own. `bench.record` notes every picture that some frame shows.
_STOPWATCH = """
window.bench = {
  /** The first element that matches `selector` inside the component in `.st-key-<key>`. */
  inside(key, selector) {
    for (const host of document.querySelectorAll(`.st-key-${key} *`)) {
      const found = host.shadowRoot?.querySelector(selector);
      if (found) return found;
    }
    return null;
  },
  arm(event, probe) {
    const before = probe();
    this.answer = new Promise((resolve) => {
      const start = ({ timeStamp, isTrusted }) => {
        if (!isTrusted) return;
        window.removeEventListener(event, start, true);
        const look = (now) => {
          const shown = probe();
          if (shown === null || shown === before) requestAnimationFrame(look);
          else resolve({ ms: performance.now() - timeStamp, shown });
        };
        requestAnimationFrame(look);
      };
      window.addEventListener(event, start, true);
    });
  },
  record(probe) {
    const shown = [probe()];
    this.shown = shown;
    const look = () => {
      const now = probe();
      if (now !== null && now !== shown.at(-1)) shown.push(now);
      if (this.shown === shown) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  },
};
"""


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table.

    Attributes:
        name: what was measured.
        measured: the figure, with its unit.
        peer: what it is held against, with its figure.
        verdict: the ratio to the peer, or the figure that the goal speaks of.
        goal: in words; empty where the line only informs.
        met: whether the goal is met; None without one.
    """

    name: str
    measured: str
    peer: str = ""
    verdict: str = ""
    goal: str = ""
    met: bool | None = None


def ratio_result(name: str, ours: list[float], peer_name: str, peer: list[float], goal: float) -> Result:
    """Medians of two interleaved series of milliseconds, and whether their ratio meets the goal."""
    ratio = median(ours) / median(peer)
    return Result(
        name,
        f"{median(ours):.3g} ms",
        f"{peer_name}: {median(peer):.3g} ms",
        f"{ratio:.2f}×",
        f"≤ {goal:g}×",
        ratio <= goal,
    )


def interleaved(
    runs: Mapping[str, Callable[[], float]], rounds: int, warm_up: int = 3, seconds: float = 60
) -> dict[str, list[float]]:
    """What each run returns, `rounds` times, in turns, so that a busy moment hits all alike.

    Every second round goes backwards, so that none always comes after the same other one. On a
    machine that is too busy to finish within `seconds`, five rounds are enough.
    """
    found: dict[str, list[float]] = {name: [] for name in runs}
    deadline = time.monotonic() + seconds
    for index in range(warm_up + rounds):
        if index >= warm_up + 5 and time.monotonic() > deadline:
            break
        for name, run in list(runs.items())[:: 1 if index % 2 else -1]:
            value = run()
            if index >= warm_up:
                found[name].append(value)
    return found


def milliseconds(run: Callable[[], object]) -> Callable[[], float]:
    """`run`, made to return how long it took."""

    def timed() -> float:
        start = time.perf_counter()
        run()
        return (time.perf_counter() - start) * 1000

    return timed


def quartiles(values: list[float]) -> str:
    """The middle half of a series, for people."""
    ordered = sorted(values)
    return f"{ordered[len(ordered) // 4]:.3g} to {ordered[-1 - len(ordered) // 4]:.3g}"


@contextmanager
def served(script: str, folder: Path = ROOT) -> Iterator[str]:
    """The address of a Streamlit server that runs `script` in `folder`, by that folder's own settings."""
    with socket.socket() as found:
        found.bind(("localhost", 0))
        port = found.getsockname()[1]
    options = {
        "server.port": port,
        "server.headless": "true",
        "server.address": "localhost",
        "browser.gatherUsageStats": "false",
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "streamlit", "run", script, *arguments]
    nowhere = subprocess.DEVNULL
    server = subprocess.Popen(command, cwd=folder, stdout=nowhere, stderr=nowhere)
    try:
        address = f"http://localhost:{port}"
        _wait_for(address, server)
        yield address
    finally:
        server.terminate()
        server.wait()


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/_stcore/health")
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError(f"The Streamlit server did not start: {server.args!r}")


@contextmanager
def browser() -> Iterator[Browser]:
    """The Chromium of the browser tests."""
    executable = chromium.ensure()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=list(chromium.ARGUMENTS))
        try:
            yield running
        finally:
            running.close()


def opened(browser: Browser, address: str, selector: str) -> Page:
    """A page of its own at `address`, once `selector` is there and the script has come to rest."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.add_init_script(_STOPWATCH)
    page.goto(address)
    page.locator(selector).wait_for(state="attached", timeout=_PATIENCE_SECONDS * 1000)
    settle(page, _PATIENCE_SECONDS)
    return page


def settle(page: Page, seconds: float = 10) -> None:
    """Wait until no script runs and nothing is left to draw."""
    resting = page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    resting.wait_for(timeout=seconds * 1000)
    page.wait_for_timeout(120)


def time_answer(page: Page, event: str, probe: str, act: Callable[[], object]) -> tuple[float, str]:
    """Milliseconds from the first `event` that `act` causes to the first frame with something new.

    Args:
        page: where it happens; it is at rest before and after.
        event: name of a DOM event.
        probe: a JavaScript function; gives a text that tells pictures apart, or null in between.
        act: presses a key, say.

    Returns:
        The time, and what the probe gave.
    """
    settle(page)
    page.evaluate(f"bench.arm('{event}', {probe})")
    act()
    answer = page.evaluate("bench.answer")
    settle(page)
    return float(answer["ms"]), str(answer["shown"])
