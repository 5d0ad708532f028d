"""One unit in the browser: what it sees on the picture, and its whole story below the wall of maps."""

import json
import re
from functools import partial

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page, expect

import cnnviz
from cnnviz.nets.catalog import meta_model
from tests.browser.conftest import Server
from tests.browser.screen import (
    assert_shows,
    by_key,
    expect_no_errors,
    expect_wall,
    hover_cell,
    number,
    point_until,
    readout,
    settled,
    visit,
    wall,
)

LAYER, SIDE = "layer2.0.conv2", 64
MAP = (8, 8)
ADDRESS = f"feature_maps?maps_view=A+layer&model=MiniResNet&weights=Random&maps_side={SIDE}%C3%97{SIDE}"
PICTURE = cnnviz.sample("cat").centre_square(SIDE)


@pytest.fixture(scope="module")
def field():
    seen = cnnviz.trace(meta_model("mini_resnet"), (1, 3, SIDE, SIDE))[LAYER].receptive_field
    assert seen is not None
    return seen


def story(page: Page) -> Locator:
    return by_key(page, "maps_story")


def large(page: Page) -> Locator:
    return wall(page).locator(".large .stage canvas")


def headline(page: Page) -> Locator:
    return readout(wall(page)).locator("strong")


def point(page: Page, row: int, column: int) -> None:
    hover = partial(hover_cell, page, large(page), row, column, MAP)
    point_until(page, hover, headline(page), f"row {row}, column {column}:")


def box_on_picture(page: Page) -> list[list[int]]:
    found: list[list[int]] = json.loads(wall(page).locator(".root").get_attribute("data-field") or "null")
    return found


def expect_pinned(page: Page, channel: int, row: int, column: int, layer: str = LAYER) -> None:
    expect(story(page).locator(".head")).to_contain_text(
        f"Channel {channel}, row {row}, column {column} of {layer}: "
    )
    page.wait_for_function(
        "([row, column]) => { const q = new URLSearchParams(location.search);"
        " return q.get('maps_row') === row && q.get('maps_column') === column; }",
        arg=[str(row), str(column)],
    )


def test_the_field_of_the_unit_under_the_pointer_is_the_traces(server: Server, page: Page, field):
    visit(page, server.at(f"{ADDRESS}&maps_layer={LAYER}"))
    expect_wall(page, LAYER, 128)
    for row, column in ((0, 0), (3, 4), (7, 2)):
        point(page, row, column)
        rows, columns = field.box(row, column)
        assert box_on_picture(page) == [list(rows), list(columns)]
        tall, wide = (last - first + 1 for first, last in (rows, columns))
        said = readout(wall(page)).locator(".muted")
        expect(said).to_contain_text(f"sees {tall}×{wide} pixels, rows {rows[0]} to".replace("-", "−"))
    photo = wall(page).locator(".picture .photo")
    hover = partial(hover_cell, page, photo, 20, 30, (SIDE, SIDE))
    point_until(page, hover, headline(page), "Pixel row 20, column 30")
    seeing = sum(
        all(first <= at <= last for (first, last), at in zip(field.box(row, column), (20, 30), strict=True))
        for row in range(MAP[0])
        for column in range(MAP[1])
    )
    expect(headline(page)).to_contain_text(f"of {seeing} of 64 units")
    expect(wall(page).locator(".large .place")).to_be_visible()


def test_a_click_pins_a_unit_and_its_story_ends_in_the_maps_value(server: Server, page: Page):
    visit(page, server.at(f"{ADDRESS}&maps_layer={LAYER}&maps_channel=5"))
    expect_wall(page, LAYER, 128)
    expect(story(page).locator(".hint")).to_contain_text("Click a unit of the large map")
    settled(page)
    point(page, 2, 6)
    large(page).click(position=centre(page, 2, 6))
    expect_pinned(page, 5, 2, 6)
    maps = cnnviz.feature_maps(cnnviz.model("mini_resnet"), PICTURE, [LAYER])[LAYER]
    scale = float(np.abs(maps).max())
    assert_shows(value_of(story(page).locator(".head")), float(maps[5, 2, 6]), scale)
    last = story(page).locator("li").last
    ours, torchs = re.findall(r"(?:hand|torch) ([^ ,]+)", last.locator(".check").inner_text())
    assert_shows(ours, float(maps[5, 2, 6]), scale)
    assert_shows(torchs, float(maps[5, 2, 6]), scale)
    assert sum_of_products(page) == pytest.approx(float(maps[5, 2, 6]), abs=2e-3 * scale)
    large(page).click(position=centre(page, 2, 6))
    expect(story(page).locator(".story")).to_be_hidden()
    expect(by_key(page, "maps_row").locator("input")).to_have_value("")
    expect_no_errors(page)


def centre(page: Page, row: int, column: int) -> dict[str, float]:
    box = large(page).bounding_box()
    assert box is not None
    return {"x": (column + 0.5) * box["width"] / MAP[1], "y": (row + 0.5) * box["height"] / MAP[0]}


def value_of(head: Locator) -> str:
    return head.inner_text().rpartition(": ")[2]


def sum_of_products(page: Page) -> float:
    """All channel sums on the list, however far down: the list is walked to its end."""
    rows = story(page).locator(".list .row")
    story(page).locator(".list").focus()
    while rows.count() < 128:
        before = rows.count()
        story(page).locator(".list").evaluate("list => { list.scrollTop = list.scrollHeight; }")
        expect(rows.nth(before)).to_be_attached()
    return sum(number(text) for text in rows.locator(".number").all_inner_texts())


def test_a_unit_is_pinned_by_keyboard_and_a_patch_cell_opens_what_it_reads(server: Server, page: Page):
    visit(page, server.at(f"{ADDRESS}&maps_layer={LAYER}&maps_row=4&maps_column=4"))
    expect_pinned(page, 0, 4, 4)
    expect(wall(page).locator(".large .pin")).to_be_visible()
    wall(page).locator(".large .stage").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect_pinned(page, 0, 3, 5)
    settled(page)
    caption = story(page).locator(".grids .caption").first.inner_text()
    source = re.match(r"Input channel (\d+) of (\S+):", caption)
    assert source is not None
    story(page).locator(".products").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(story(page).locator(".tap")).to_contain_text("reads row 2, column 6")
    page.keyboard.press("Enter")
    expect_wall(page, source[2], 128)
    expect_pinned(page, int(source[1]), 2, 6, source[2])
    by_key(page, "maps_unpin").get_by_role("button").click()
    expect(story(page).locator(".hint")).to_be_visible()
    expect(wall(page).locator(".large .pin")).to_be_hidden()
    expect_no_errors(page)


def test_numbers_under_the_patch_are_torchs(server: Server, page: Page):
    layer = "block1.conv1"
    link = f"feature_maps?maps_view=A+layer&weights=Random&maps_side=32%C3%9732&maps_layer={layer}"
    visit(page, server.at(f"{link}&maps_row=0&maps_column=0&maps_channel=3"))
    expect_pinned(page, 3, 0, 0, layer)
    model = cnnviz.model("simple_cnn")
    kernel = model.get_submodule(layer).weight[3]
    padded = torch.nn.functional.pad(cnnviz.sample("cat").centre_square(32).tensor(), (1, 1, 1, 1))
    products = (padded[0, :, :3, :3] * kernel).detach()
    colour = story(page).locator(".grids .caption").first.inner_text().split()[1]
    channel = ["red", "green", "blue"].index(colour)
    assert abs(float(products[channel].sum())) == pytest.approx(float(products.sum((1, 2)).abs().max()))
    cells = story(page).locator(".products .cells").nth(2).locator(".cell")
    shown = [number(text) for text in cells.all_inner_texts()]
    np.testing.assert_allclose(shown, products[channel].flatten().numpy(), rtol=0.06, atol=1e-6)
    assert cells.evaluate_all("all => all.map(one => one.className.includes('padded'))") == [
        True, True, True, True, False, False, True, False, False,
    ]  # fmt: skip
