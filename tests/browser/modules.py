"""The components' modules in a browser, for tests of what they compute."""

from pathlib import Path

from playwright.sync_api import Page, Route

COMPONENTS = Path(__file__).resolve().parents[2] / "cnnviz/ui/components"
_SITE = "http://localhost/components"


def load_modules(page: Page, *modules: str) -> None:
    """Make all that these modules export known to the page by its name: "shared/arithmetic.js".

    The page serves the components' folder from then on, so the test is marked `own_tab`.
    """
    page.route(f"{_SITE}/**", _serve)
    page.goto(f"{_SITE}/")
    page.evaluate(
        "modules => Promise.all(modules.map(async name => Object.assign(window, await import(`./${name}`))))",
        list(modules),
    )


def _serve(route: Route) -> None:
    name = route.request.url.removeprefix(f"{_SITE}/")
    if name:
        route.fulfill(path=COMPONENTS / name, content_type="text/javascript")
    else:
        route.fulfill(body="<!doctype html>", content_type="text/html")
