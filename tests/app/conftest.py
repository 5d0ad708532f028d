import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

# One thread for each computation, before the app's processor is made: the suite has its own processes.
os.environ.setdefault("CNNVIZ_SLOTS", str(os.cpu_count() or 1))

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.components.v2.manifest_scanner import scan_component_manifests
from streamlit.testing.v1 import AppTest

from cnnviz.ui.components import facts
from cnnviz.ui.shell import frame
from tests.app.running import run_on_page

APP = Path(__file__).resolve().parents[2] / "app.py"


@pytest.fixture(autouse=True, scope="session")
def installed_components_are_looked_for_once() -> Iterator[None]:
    """Every AppTest begins as a server does and reads about all installed packages, 0.1 s for nothing new."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(scan_component_manifests))
        yield


@pytest.fixture(autouse=True)
def every_run_is_framed(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest starts every run as a fresh server does, with the page by itself; let it call the frame."""
    run = AppTest._run

    def run_framed(at: AppTest, *args: object, **options: object) -> AppTest:
        if frame._RAN in at.session_state:
            del at.session_state[frame._RAN]
        return run(at, *args, **options)

    monkeypatch.setattr(AppTest, "_run", run_framed)


@pytest.fixture
def open_page() -> Callable[..., AppTest]:
    """The app with one of its pages open, its controls set beforehand."""

    def open_it(name: str = "home", **settings: object) -> AppTest:
        at = AppTest.from_file(str(APP), default_timeout=30)
        for key, value in settings.items():
            at.session_state[key] = value
        return run_on_page(at, name)

    return open_it


@pytest.fixture
def assert_fine() -> Callable[[AppTest], None]:
    """Nothing failed and nothing had to be explained."""

    def check(at: AppTest) -> None:
        assert not at.exception, [element.message for element in at.exception]
        assert not at.error, [element.value for element in at.error]
        assert not at.warning, [element.value for element in at.warning]

    return check


@pytest.fixture
def shown_facts(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Each block of formulas on the page, by its title: its lines as text."""
    lines: dict[str, list[str]] = {}

    def note(data: list[dict], **_: object) -> None:
        for block in data:
            lines[block["title"]] = [equation["text"] for equation in block["equations"]]

    monkeypatch.setattr(facts, "_mount", note)
    return lines
