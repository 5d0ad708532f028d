"""The dilation page in the browser: stacks and one layer, by mouse, keyboard and touch, taken home."""

import re

import pytest
import torch
import torch.nn.functional as F
from playwright.sync_api import Page, expect

import cnnviz
from tests.browser.conftest import OpenPage, Server
from tests.browser.panels import answer, assert_figure_files, hover_panel, line, panel, table
from tests.browser.screen import by_key, canvas_pixels, expect_no_errors, move_slider, settled, visit


def paths(rates: list[int], size: int) -> torch.Tensor:
    """Paths to the middle unit of a stack, from each pixel of a square."""
    x = torch.zeros(1, 1, size, size, dtype=torch.float64, requires_grad=True)
    y = x
    for rate in rates:
        y = F.conv2d(y, torch.ones(1, 1, 3, 3, dtype=torch.float64), padding=rate, dilation=rate)
    y[0, 0, size // 2, size // 2].backward()
    assert x.grad is not None
    return x.grad[0, 0]


def test_the_counts_under_the_pointer_and_the_arrow_keys_are_gradients(server: Server, page: Page):
    visit(page, server.at("dilation?dil_rate3=3"))
    part = by_key(page, "dil_stack")
    expect(part.locator(".size")).to_have_text(["field 5×5", "field 9×9", "field 15×15"])
    for row, column in ((7, 7), (4, 4), (0, 14), (5, 8)):
        hover_panel(page, part, "After layer 3", row, column, (15, 15))
        for layers, half in ((1, 2), (2, 4), (3, 7)):
            inside = max(abs(row - 7), abs(column - 7)) <= half
            count = int(paths([2, 2, 3][:layers], 15)[row, column])
            words = f"row {row}, column {column}: {count if inside else 'outside'}"
            expect(line(part, f"After layer {layers}")).to_have_text(f"After layer {layers} {words}")
    panel(part, "After layer 2").locator(".stage").focus()
    for key in ("ArrowUp", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    count = int(paths([2, 2, 3], 15)[4, 6])
    expect(line(part, "After layer 3")).to_have_text(f"After layer 3 row 4, column 6: {count}")


def test_holes_and_what_lies_outside_are_told_apart_on_the_map(server: Server, page: Page):
    visit(page, server.at("dilation"))
    part = by_key(page, "dil_stack")
    expect(part.locator(".size")).to_have_text(["field 5×5", "field 9×9", "field 13×13"])
    first, last = (canvas_pixels(part.locator(".stage canvas").nth(index)) for index in (0, 2))
    field = torch.zeros(13, 13)
    field[4:9, 4:9] = 1
    assert ((first[..., 3] > 0) == field.bool().numpy()).all()
    assert (last[..., 3] == 255).all()
    hole = last[6, 5, :3]
    same = (last[..., :3] == hole).all(-1)
    assert (same == (paths([2, 2, 2], 13) == 0).numpy()).all()


def test_presets_and_sliders_change_page_and_link(server: Server, page: Page):
    visit(page, server.at("dilation?dil_layers=2"))
    facts = by_key(page, "dil_stack_facts")
    page.get_by_role("button", name="Rates 1, 2, 5: no holes, 17 wide").click()
    expect(facts.locator(".result")).to_have_text(["17", "27"])
    expect(facts).to_contain_text("none; all 289 pixels of the field are read")
    expect(page).to_have_url(re.compile("dil_rate1=1.*dil_rate3=5|dil_rate3=5.*dil_rate1=1"))
    move_slider(page, "dil_rate1", 2)
    expect(facts).to_contain_text("pixels are read")
    answer(page, "dil_quiz", 19, "without the new layer")
    page.get_by_role("button", name="Dilation 8: broad edges, fine ones lost").click()
    expect(by_key(page, "dil_span").locator(".result")).to_have_text("17")
    answer(page, "dil_span_quiz", 6, "you used k·d")
    expect(page).to_have_url(re.compile("dil_view=Whole.picture.*dil_dilation=8|dil_dilation=8.*dil_view"))
    expect_no_errors(page)


def test_stack_and_picture_are_taken_home(server: Server, page: Page):
    visit(page, server.at("dilation?dil_rate1=1&dil_layers=2"))
    expect(by_key(page, "dil_stack").locator("figure")).to_have_count(2)
    assert_figure_files(page, ["After layer 1", "After layer 2"])
    rows = table(page)
    for row, rates in zip(rows, ([1], [1, 2]), strict=True):
        size = 1 + 2 * sum(rates)
        read = int((paths(rates, size) > 0).sum())
        assert [int(value) for value in row.values()] == [
            len(rates), rates[-1], size, size * size, read, size * size - read, 9 * len(rates),
        ]  # fmt: skip
    page.get_by_text("Whole picture", exact=True).click()
    expect(by_key(page, "dil_picture").locator(".output .size")).to_have_text(re.compile("^108×164"))
    settled(page)
    assert_figure_files(page, ["Input", "Output"])
    (row,) = table(page)
    luma = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    x = (cnnviz.sample("cat").fitted(168).tensor() * luma).sum(1, keepdim=True)
    kernel = torch.tensor(cnnviz.kernel("sobel_x").copy(), dtype=torch.float32)
    y = F.conv2d(x, kernel[None, None], dilation=2)
    assert (int(row["output height (pixels)"]), int(row["output width (pixels)"])) == y.shape[2:]
    assert float(row["largest"]) == pytest.approx(float(y.max()), rel=1e-4)
    assert float(row["smallest"]) == pytest.approx(float(y.min()), rel=1e-4)
    assert (row["weights"], row["effective kernel size (pixels)"]) == ("9", "5")


def test_five_layers_fit_a_phone_and_a_finger_reads_them(server: Server, new_page: OpenPage):
    phone = new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    visit(phone, server.at("dilation?dil_layers=5"))
    part = by_key(phone, "dil_stack")
    expect(part.locator("figure")).to_have_count(5)
    boxes = [by_key(phone, f"dil_rate{index}").bounding_box() for index in range(1, 6)]
    assert all(box and box["x"] + box["width"] <= 390 for box in boxes)
    assert len({round(box["y"]) for box in boxes if box}) == 3, "two sliders beside each other"
    canvas = panel(part, "After layer 5").locator(".stage canvas")
    canvas.tap(position={"x": 1, "y": 1})
    expect(line(part, "After layer 5")).to_have_text("After layer 5 row 0, column 0: 1")
    expect(line(part, "After layer 1")).to_have_text("After layer 1 row 0, column 0: outside")
