"""The pooling page in the browser: read by mouse, keyboard and touch, and taken home."""

import re

import pytest
import torch
import torch.nn.functional as F
from playwright.sync_api import Page, expect

import cnnviz
from tests.browser.conftest import OpenPage, Server
from tests.browser.panels import (
    answer,
    assert_figure_files,
    assert_reads,
    hover_panel,
    line,
    panel,
    table,
)
from tests.browser.screen import by_key, expect_no_errors, move_slider, slider, visit

SETTINGS = "pooling?pool_kernel_size=3&pool_padding=1&pool_ceil_mode=true&pool_kernel=Box%3A+the+average"


def cat() -> torch.Tensor:
    return cnnviz.sample("cat").fitted(112).tensor()


def box(x: torch.Tensor, size: int, **options: int) -> torch.Tensor:
    return F.conv2d(x, torch.full((3, 1, size, size), 1 / size**2), groups=3, **options)


def test_values_under_the_pointer_and_the_arrow_keys_are_those_of_torch(server: Server, page: Page):
    visit(page, server.at(SETTINGS))
    part, x = by_key(page, "pool_panels"), cat()
    expected = {
        "Max pooling": F.max_pool2d(x, 3, 2, 1, ceil_mode=True)[0],
        "Average pooling": F.avg_pool2d(x, 3, 2, 1, ceil_mode=True)[0],
        "Strided convolution": box(x, 3, stride=2, padding=1)[0],
    }
    for title, values in expected.items():
        size = int(values.shape[1]), int(values.shape[2])
        expect(panel(part, title).locator(".size")).to_have_text(f"{size[0]}×{size[1]}")
        for row, column in ((0, 0), (size[0] - 1, size[1] - 1), (11, 40)):
            hover_panel(page, part, title, row, column, size)
            assert_reads(part, title, values, row, column)
    assert_reads(part, "Global average pooling", x.mean((2, 3), keepdim=True)[0], 0, 0)
    panel(part, "Max pooling").locator(".stage").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
    assert_reads(part, "Max pooling", expected["Max pooling"], 10, 41)
    expect(line(part, "Input")).to_contain_text("window: rows 19–21, columns 81–83")
    assert_reads(part, "Strided convolution", expected["Strided convolution"], 10, 41)
    hover_panel(page, part, "Input", 20, 82, (75, 112))
    assert_reads(part, "Average pooling", expected["Average pooling"], 10, 41)
    results = by_key(page, "pool_facts").locator(".result")
    expect(results).to_have_text(["38", "57", "9", "9", "6", "0", "27"])


def test_controls_and_presets_change_page_and_link(server: Server, page: Page):
    visit(page, server.at("pooling?pool_kernel_size=5&pool_padding=2"))
    part = by_key(page, "pool_panels")
    page.get_by_role("button", name="Padding dims the border").click()
    expect(page).to_have_url(re.compile("pool_padding=3"))
    expect(slider(page, "pool_padding")).to_have_value("3")
    expect(panel(part, "Max pooling").locator(".size")).to_have_text("25×38")
    move_slider(page, "pool_stride", 5)
    expect(panel(part, "Max pooling").locator(".size")).to_have_text("15×23")
    expect(by_key(page, "pool_facts")).to_contain_text("count_include_pad is on")
    by_key(page, "pool_count_include_pad").get_by_text("count_include_pad").click()
    expect(by_key(page, "pool_facts")).to_contain_text("count_include_pad is off")
    expect(page).to_have_url(re.compile("pool_count_include_pad=false"))
    page.get_by_role("button", name="Checkerboard: white or grey").click()
    expect(line(part, "Max pooling")).to_contain_text("1.000 · 1.000 · 1.000")
    expect(line(part, "Average pooling")).to_contain_text("0.5000 · 0.5000 · 0.5000")
    expect_no_errors(page)


def test_a_shifted_picture_is_measured(server: Server, page: Page):
    visit(page, server.at("pooling?pool_view=Shifted+picture&pool_shift=3&pool_kernel=Box%3A+the+average"))
    part, x = by_key(page, "pool_shift_panels"), cat()
    moved = torch.roll(x, 3, 3)
    change = F.max_pool2d(moved, 2) - F.max_pool2d(x, 2)
    hover_panel(page, part, "Max pooling: change", 9, 20, (37, 56))
    assert_reads(part, "Max pooling: change", change.mean(1), 9, 20)
    share = 100 * float(change.abs().mean() / (moved - x).abs().mean())
    expect(panel(part, "Max pooling: change")).to_contain_text(f"Changes {share:.1f} % as much as the input.")
    expect(by_key(page, "pool_shift_facts").locator(".result").first).to_have_text(f"{share:.1f} %")
    expect(by_key(page, "pool_shift_facts")).to_contain_text("the numbers themselves change")
    answer(page, "pool_quiz_shift", 3, "count in strides")
    page.get_by_role("button", name="Shift by 2: the same map, moved").click()
    expect(panel(part, "Max pooling: change")).to_contain_text("nothing is left")
    expect(page).to_have_url(re.compile("pool_shift=2"))


def test_figures_and_table_are_taken_home(server: Server, page: Page):
    visit(page, server.at(SETTINGS))
    expect(by_key(page, "pool_panels").locator("figure")).to_have_count(5)
    assert_figure_files(page, ["Input", "Max", "Average", "Strided", "Global"])
    rows = table(page)
    assert [row["way"] for row in rows] == [
        "Max pooling", "Average pooling", "Strided convolution", "Global average pooling",
    ]  # fmt: skip
    x = cat()
    maximum, moved = (F.max_pool2d(image, 3, 2, 1, ceil_mode=True) for image in (x, torch.roll(x, 1, 3)))
    first = rows[0]
    assert (first["output height (pixels)"], first["output width (pixels)"]) == ("38", "57")
    assert [row["parameters"] for row in rows] == ["0", "0", "27", "0"]
    assert float(first["mean"]) == pytest.approx(float(maximum.mean()), rel=1e-5)
    assert float(first["largest"]) == pytest.approx(float(maximum.max()))
    change = float((moved - maximum).abs().mean())
    assert float(first["mean change under a shift by 1 px"]) == pytest.approx(change, rel=1e-4)
    share = change / float((torch.roll(x, 1, 3) - x).abs().mean())
    assert float(first["change as a share of the input's"]) == pytest.approx(share, rel=1e-4)


def test_a_finger_reads_a_panel_and_a_wrong_answer_is_diagnosed_on_a_phone(
    server: Server, new_page: OpenPage
):
    phone = new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    visit(phone, server.at("pooling"))
    part = by_key(phone, "pool_panels")
    canvas = panel(part, "Max pooling").locator(".stage canvas")
    canvas.tap(position={"x": 2, "y": 2})
    assert_reads(part, "Max pooling", F.max_pool2d(cat(), 2)[0], 0, 0)
    answer(phone, "pool_quiz_weights", 4, "that is one kernel")
    answer(phone, "pool_quiz_weights", 64 * 64 * 4, "Right: 16384")
    overflow = phone.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
