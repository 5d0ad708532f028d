"""A server and a browser for the tests; what no page may ever do fails every test."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.browser.chromium import ARGUMENTS, ensure

ROOT = Path(__file__).resolve().parents[2]
HOST = "localhost"
_START_SECONDS = 60
# Two cores for two servers, two browsers and the tests: a first look may take a while.
_PATIENCE_MS = 90_000
expect.set_options(timeout=40_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # A page opens faster where it was opened before: one process, with its server, sees it.
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@dataclass(frozen=True)
class Server:
    url: str
    process: "subprocess.Popen[bytes]"

    def at(self, path: str) -> str:
        return f"{self.url}/{path}"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def running_server(log: Path) -> Iterator[Server]:
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    command += ["--server.port", str(port), "--server.address", HOST]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, env=_environment()) as process,
    ):
        try:
            _wait_until_healthy(f"http://{HOST}:{port}", process, log)
            yield Server(f"http://{HOST}:{port}", process)
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def _environment() -> dict[str, str]:
    """The user's own, less what would change the app."""
    return {name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT_")}


def _wait_until_healthy(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError),
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=2),
        ):
            return
        time.sleep(0.05)
    raise RuntimeError(f"The server did not start:\n{log.read_text(errors='replace')}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server") / "log.txt") as running:
        yield running


@pytest.fixture
def cold_server(tmp_path: Path) -> Iterator[Server]:
    """A server that nobody has visited yet."""
    with running_server(tmp_path / "cold_server.txt") as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = ensure()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        yield launched
        launched.close()


OpenPage = Callable[..., Page]
_DESKTOP: ViewportSize = {"width": 1400, "height": 900}
_KEPT_TABS = 3


class Tabs:
    """Tabs as of browsers that have never been here, used again: a new window costs more than the page in it.

    What a test puts between a tab and the server, or before its pages, stays there, so such a test is
    marked `own_tab`.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: list[tuple[dict[str, object], Page]] = []
        self.script_errors: list[str] = []
        self.calls_elsewhere: list[str] = []

    def take(self, options: dict[str, object], kept: bool) -> Page:
        """A tab of a browser with these options."""
        found = next((pair for pair in self._free if kept and pair[0] == options), None)
        if found is None:
            return self._opened(options)
        self._free.remove(found)
        return found[1]

    def _opened(self, options: dict[str, object]) -> Page:
        context = self._browser.new_context(**options)
        context.on("request", lambda request: self._watch(request.url))
        context.on("weberror", lambda error: self.script_errors.append(str(error.error)))
        page = context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.on("websocket", lambda socket: self._watch(socket.url))
        # The page's icon is fetched without an event; in vain, it leaves a line in the console.
        page.on("console", lambda line: self._watch(line.location["url"]))
        return page

    def _watch(self, url: str) -> None:
        if urlsplit(url).scheme in ("http", "https", "ws", "wss") and urlsplit(url).hostname != HOST:
            self.calls_elsewhere.append(url)

    def give_back(self, options: dict[str, object], page: Page) -> None:
        """Leave nothing of the last visit behind but what the browser has cached of the app's own files."""
        if page.url.startswith("http"):
            page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        page.mouse.move(0, 0)
        page.goto("about:blank")
        page.context.clear_cookies()
        page.set_viewport_size(options["viewport"])
        page.emulate_media(color_scheme=options.get("color_scheme", "light"))
        self._free.append((options, page))
        if len(self._free) > _KEPT_TABS:
            self._free.pop(0)[1].context.close()


@pytest.fixture(scope="session")
def tabs(browser: Browser) -> Tabs:
    return Tabs(browser)


@pytest.fixture
def new_page(tabs: Tabs) -> Iterator[OpenPage]:
    """Pages of browsers that have never been here; a script error or a call elsewhere fails the test."""
    tabs.script_errors.clear()
    tabs.calls_elsewhere.clear()
    with contextlib.ExitStack() as closing:

        def open_page(kept: bool = True, **options: object) -> Page:
            options = {"viewport": _DESKTOP, **options}
            page = tabs.take(options, kept)
            if kept:
                closing.callback(tabs.give_back, options, page)
            else:
                closing.callback(page.context.close)
            return page

        yield open_page
        assert not tabs.script_errors
        assert not tabs.calls_elsewhere


@pytest.fixture
def page(request: pytest.FixtureRequest, new_page: OpenPage) -> Page:
    return new_page(kept=request.node.get_closest_marker("own_tab") is None)
