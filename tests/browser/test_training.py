"""A network trained on the page: curves that grow, filters that change, weights that open elsewhere."""

import contextlib
import re
import time

import numpy as np
from playwright.sync_api import Error, Page, expect

from tests.browser.conftest import Server
from tests.browser.screen import by_key, canvas_pixels, expect_no_errors, settled, visit

PATIENCE = 200_000  # ms; an idle machine with two cores needs a tenth of it


def button(page: Page, key: str):
    return by_key(page, key).locator("button:visible")


def held_out(page: Page) -> float:
    """Accuracy on held-out pictures as the curves tell it, in %."""
    found = re.search(
        r"after epoch \d+: ([\d.]+) % right", by_key(page, "train_curves").locator(".readout").inner_text()
    )
    return float(found[1]) if found else 0.0


def steps(page: Page) -> int:
    return int(by_key(page, "train_curves").locator(".root").get_attribute("data-steps") or 0)


def test_a_small_network_learns_on_the_page_and_opens_on_another(server: Server, page: Page):
    visit(page, server.at("training"))
    page.get_by_role("button", name="SimpleCNN in a minute").click()
    settled(page)
    button(page, "train_start").click()
    expect(by_key(page, "train_curves").locator("svg")).to_have_count(2)
    expect(page).to_have_url(re.compile("train_run=[0-9a-f]{32}"))
    seen = [0]
    deadline = time.monotonic() + PATIENCE / 1000
    while held_out(page) <= 60:
        assert time.monotonic() < deadline, f"{held_out(page)} % after {steps(page)} steps"
        page.wait_for_timeout(1500)
        seen.append(steps(page))
    assert seen == sorted(seen) and len(set(seen)) > 5
    page.reload()
    expect(button(page, "train_stop").or_(button(page, "train_start")).first).to_be_visible()
    assert held_out_after_reload(page) > 60
    with contextlib.suppress(Error):  # it may have come to its end by itself
        button(page, "train_stop").click(timeout=5000)
    expect(button(page, "train_start")).to_have_text(re.compile("Train anew"))
    look_back(page)
    button(page, "train_open").click()
    expect(page).to_have_url(re.compile("/feature_maps"), timeout=30_000)
    expect(page.get_by_test_id("stSidebar")).to_contain_text("your training")
    page.get_by_role("radio", name="A layer", exact=True).or_(
        page.get_by_role("button", name="A layer", exact=True)
    ).first.click()
    wall = by_key(page, "maps_wall").locator('.root[data-layer="block1.conv1"]')
    expect(wall).to_have_attribute("data-channels", "16")
    expect_no_errors(page)


def held_out_after_reload(page: Page) -> float:
    expect(by_key(page, "train_curves").locator(".readout")).to_contain_text("held-out pictures after")
    return held_out(page)


def look_back(page: Page) -> None:
    """The slider shows other filters, maps and answers at epoch 0."""
    part = by_key(page, "train_epochs_view")
    slider = part.locator("input[type=range]")
    parts = [part.locator(f".{name} .stage canvas") for name in ("filters", "maps")]
    expect(part.locator(".matrix .name")).to_contain_text("right")
    last = [canvas_pixels(canvas) for canvas in parts], part.locator(".matrix .name").inner_text()
    expect(part.locator(".wrong li").first).to_contain_text("taken for")
    slider.focus()
    page.keyboard.press("Home")
    expect(part.locator(".epoch")).to_have_text("Epoch 0, untrained")
    expect(page.get_by_text("Weights after epoch 0:")).to_be_visible()
    first = [canvas_pixels(canvas) for canvas in parts], part.locator(".matrix .name").inner_text()
    for now, then in zip(last[0], first[0], strict=True):
        assert now.shape == then.shape and np.mean(now != then) > 0.1
    assert last[1] != first[1]
    page.keyboard.press("End")
    expect(page.get_by_text(re.compile("Weights after epoch [1-9]"))).to_be_visible()
