"""Transposed convolution in the browser: numbers under the pointer, sliders, presets, files."""

import re

import torch
import torch.nn.functional as F
from playwright.sync_api import Page, expect

import cnnviz
from tests.browser.conftest import OpenPage, Server
from tests.browser.panels import (
    assert_figure_files,
    assert_panel_reads,
    expect_text,
    point_at,
    read_line,
    stage,
    table,
)
from tests.browser.screen import by_key, expect_no_errors, move_slider, slider, visit

KEY = "up_panels"
ONES = "transposed_convolution?source=Pattern&pattern=Rings&up_stamp=Ones"


def rings() -> torch.Tensor:
    return cnnviz.draw_pattern(cnnviz.Pattern("rings")).fitted(42).tensor()


def stamped(x: torch.Tensor, size: int, stride: int, padding: int = 0, dilation: int = 1) -> torch.Tensor:
    """Each channel stamped with ones: (C, H', W')."""
    weight = torch.ones(x.shape[1], 1, size, size)
    return F.conv_transpose2d(x, weight, None, stride, padding, groups=x.shape[1], dilation=dilation)[0]


def results(page: Page):
    """Of the formulas: height, width, weights, MACs of both ways."""
    return by_key(page, "up_facts").locator(".result")


def test_the_pointer_and_the_arrow_keys_read_every_panel(page: Page, server: Server):
    visit(page, server.at(ONES))
    x = rings()
    y, counts = stamped(x, 3, 2), stamped(torch.ones(1, 1, 42, 42), 3, 2).long()
    # White is the largest value, and the readout gives the values themselves.
    expect_text(page, KEY, 1, f"White is {y.max():.3f}")
    for row, column in ((30, 41), (0, 84), (84, 0)):
        point_at(page, KEY, 1, row, column, (85, 85))
        for index, values in enumerate((x[0], y, None, counts)):
            if values is not None:
                assert_panel_reads(page, KEY, index, values)
    stage(page, KEY, 1).focus()
    for key in ("ArrowUp", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert read_line(page, KEY, 1)[:2] == (83, 2)
    assert_panel_reads(page, KEY, 1, y)
    assert_panel_reads(page, KEY, 3, counts)


def test_a_slider_by_keyboard_changes_panels_formulas_and_link(page: Page, server: Server):
    visit(page, server.at(ONES))
    move_slider(page, "up_stride", 4)
    height, width = stamped(rings(), 3, 4).shape[1:]
    expect(results(page).nth(0)).to_have_text(str(height))
    expect(results(page).nth(1)).to_have_text(str(width))
    expect(by_key(page, KEY).locator(".size").nth(1)).to_have_text(f"{height}×{width}")
    expect_text(page, KEY, 1, "gaps")
    expect_text(page, KEY, 3, "From 0 to 1.")
    expect(page).to_have_url(re.compile("up_stride=4"))
    visit(page, page.url)
    expect(slider(page, "up_stride")).to_have_value("4")
    expect(results(page).nth(0)).to_have_text(str(height))
    expect_no_errors(page)


def test_a_preset_sets_the_controls_that_are_folded_away_too(page: Page, server: Server):
    visit(page, server.at(f"{ONES}&up_view=Pixel+by+pixel"))
    page.get_by_role("button", name="Dilation 2: gaps").click()
    y = stamped(rings(), 3, 2, dilation=2)
    expect(results(page).nth(0)).to_have_text(str(y.shape[1]))
    expect_text(page, KEY, 3, "From 0 to 9.")
    expect(page.get_by_text("share the factor 2")).to_be_visible()
    expect(page).to_have_url(re.compile("up_dilation=2"))
    point_at(page, KEY, 1, 10, 12, tuple(y.shape[1:]))
    assert_panel_reads(page, KEY, 1, y)
    expect_no_errors(page)


def test_a_wrong_answer_is_diagnosed(page: Page, server: Server):
    visit(page, server.at("transposed_convolution?up_kernel_size=4&up_padding=1"))
    page.get_by_text("Check yourself: the size").click()
    guess = page.get_by_role("spinbutton", name="Your answer")
    for number, words in (("24", "padding makes this output smaller"), ("20", "Right: 20")):
        guess.fill(number)
        guess.press("Enter")
        expect(page.get_by_text(words)).to_be_visible()
    page.get_by_text("Check yourself: the overlaps").click()
    page.get_by_text("Padding of 2", exact=True).click()
    expect(page.get_by_text("Not quite: padding cuts the border off")).to_be_visible()


def test_figure_and_table_are_taken_home(page: Page, server: Server):
    visit(page, server.at(ONES))
    assert_figure_files(page, ["Input", "Transposed", "Resized", "Overlaps"])
    rows = table(page)
    y = stamped(rings(), 3, 2)
    made = rows[1]
    assert (made["height (pixels)"], made["width (pixels)"]) == ("85", "85")
    assert abs(float(made["largest"]) - float(y.max())) < 1e-5
    assert (rows[3]["smallest"], rows[3]["largest"]) == ("1.0", "4.0")
    assert abs(float(made["ripple of an even input (share of its mean)"]) - 3 / 2.25) < 1e-9


def test_a_finger_reads_a_value_on_a_phone(new_page: OpenPage, server: Server):
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    visit(page, server.at(ONES))
    canvas = stage(page, KEY, 1).locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390
    canvas.tap(position={"x": box["width"] * 0.25, "y": box["height"] * 0.75})
    row, column, _ = read_line(page, KEY, 1)
    assert (row, column) == (int(85 * 0.75), int(85 * 0.25))
    assert_panel_reads(page, KEY, 1, stamped(rings(), 3, 2))
