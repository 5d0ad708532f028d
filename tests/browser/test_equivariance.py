"""Equivariance in the browser: numbers under the pointer, shifts, presets, questions, files."""

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
from tests.browser.screen import (
    assert_shows,
    by_key,
    choose,
    eventually,
    expect_no_errors,
    move_slider,
    number,
    visit,
)

KEY = "eq_panels"


def cat() -> torch.Tensor:
    return cnnviz.sample("cat").centre_square(64).tensor()


def sobel(x: torch.Tensor, mode: str, stride: int = 1) -> torch.Tensor:
    """Each channel by itself, and its ReLU: (1, 3, H', W')."""
    weight = torch.tensor(cnnviz.kernel("sobel_x").copy()).float().expand(3, 1, 3, 3)
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode=mode), weight, stride=stride, groups=3).relu()


def results(page: Page):
    """Of the formulas: the error, the map's change, the pooled vector's."""
    return by_key(page, "eq_facts").locator(".result")


def error_of(shift: tuple[int, int], mode: str) -> float:
    x = cat()
    gap = sobel(x.roll(shift, (2, 3)), mode) - sobel(x, mode).roll(shift, (2, 3))
    return float(gap.abs().max() / sobel(x, mode).abs().max())


def test_the_pointer_and_the_arrow_keys_read_every_panel(page: Page, server: Server):
    visit(page, server.at("equivariance?eq_right=5&eq_down=2"))
    x, shift = cat(), (2, 5)
    plain, moved = sobel(x, "constant")[0], sobel(x.roll(shift, (2, 3)), "constant")[0]
    back = plain.roll(shift, (1, 2))
    channel = int(plain.flatten(1).var(1).argmax())
    maps = [values[channel][None] for values in (plain, moved, back)]
    shown = [x[0], x.roll(shift, (2, 3))[0], *maps, (moved - back).abs().amax(0)[None]]
    for index, (row, column) in enumerate(((0, 0), (63, 5), (20, 31), (1, 4), (2, 5), (40, 4))):
        point_at(page, KEY, index, row, column, (64, 64))
        for other, values in enumerate(shown):
            assert_panel_reads(page, KEY, other, values)
    stage(page, KEY, 5).focus()
    for key in ("ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    assert read_line(page, KEY, 5)[:2] == (41, 5)
    assert_panel_reads(page, KEY, 5, shown[5])


def test_shifting_by_keyboard_shifts_the_picture_and_the_numbers(page: Page, server: Server):
    visit(page, server.at("equivariance"))
    for value in (9, 0):
        move_slider(page, "eq_right", value)
        expect_text(page, KEY, 1, f"The picture shifted by {value}")
    expect(page.get_by_text("Nothing is shifted yet")).to_be_visible()
    expect(results(page).nth(0)).to_have_text("0")
    move_slider(page, "eq_down", 7)
    expect_text(page, KEY, 1, "shifted by 7 down")
    expect(page.get_by_text(re.compile("Equality breaks at .* within 1 place of a border"))).to_be_visible()
    error = error_of((7, 0), "constant")
    eventually(page, lambda: assert_shows(results(page).nth(0).inner_text(), error, error))
    expect(page).to_have_url(re.compile("eq_down=7&eq_right=0"))


def test_circular_padding_moves_the_map_and_leaves_the_pooled_vector(page: Page, server: Server):
    visit(page, server.at("equivariance"))
    pooled_with_zeros = number(results(page).nth(2).inner_text())
    page.get_by_role("button", name="Circular: exact").click()
    expect(page.get_by_text("Equivariant: f(Tx) and T f(x) are the same")).to_be_visible()
    expect(results(page).nth(2)).to_contain_text("10⁻")
    error, moved, pooled = (number(text) for text in results(page).all_inner_texts())
    assert max(error, pooled) <= 1e-6 < 1e-4 < pooled_with_zeros < moved
    expect_no_errors(page)


def test_the_network_preset_opens_the_layer_whose_pooling_pads(page: Page, server: Server):
    visit(page, server.at("equivariance"))
    page.get_by_role("button", name="MiniResNet's max pool").click()
    expect(by_key(page, "eq_layer").get_by_role("combobox")).to_have_value("maxpool")
    expect(page.get_by_text("pads with −∞, whatever is chosen")).to_be_visible()
    expect(by_key(page, KEY).locator(".size").nth(5)).to_have_text("16×16")
    expect(page).to_have_url(re.compile("eq_layer=maxpool"))
    visit(page, page.url)
    expect(by_key(page, "eq_layer").get_by_role("combobox")).to_have_value("maxpool")
    choose(page, "eq_subject", "SimpleCNN")
    expect(by_key(page, "eq_layer").get_by_role("combobox")).to_have_value("block1")
    expect(page.get_by_text("no pooling pads")).to_be_visible()
    expect_no_errors(page)


def test_a_wrong_choice_is_diagnosed_and_the_right_one_explained(page: Page, server: Server):
    visit(page, server.at("equivariance"))
    page.get_by_text("Check yourself: the stride").click()
    page.get_by_text("Yes: circular padding makes it exact").click()
    expect(page.get_by_text("Not quite: circular padding mends the border only")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_text("Right: the output would have to move by one and a half")).to_be_visible()


def test_figure_and_table_are_taken_home(page: Page, server: Server):
    visit(page, server.at("equivariance?eq_right=3"))
    assert_figure_files(page, ["Input", "Shifted input", "f(x)", "f(Tx)", "T f(x)", "Difference"])
    (row,) = table(page)
    assert (row["padding mode"], row["shift right (pixels)"]) == ("zeros", "3")
    assert abs(float(row["error (share of max |f(x)|)"]) - error_of((0, 3), "constant")) < 1e-5


def test_a_finger_reads_a_value_on_a_phone(new_page: OpenPage, server: Server):
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    visit(page, server.at("equivariance"))
    canvas = stage(page, KEY, 1).locator("canvas")
    canvas.scroll_into_view_if_needed()
    box, beside = canvas.bounding_box(), stage(page, KEY, 0).bounding_box()
    assert box and beside and box["y"] == beside["y"] and box["x"] + box["width"] <= 390
    canvas.tap(position={"x": box["width"] * 0.5 + 1, "y": box["height"] * 0.25 + 1})
    assert read_line(page, KEY, 1)[:2] == (16, 32)
    assert_panel_reads(page, KEY, 1, cat().roll((0, 4), (2, 3))[0])


def test_a_layer_s_preset_pressed_at_a_network_is_in_the_link(page: Page, server: Server):
    visit(page, server.at("equivariance?eq_subject=MiniResNet"))
    page.get_by_role("button", name="Nor can max pooling").click()
    expect(page.get_by_text("A shift by 1 right is no whole number of steps")).to_be_visible()
    expect(page).to_have_url(re.compile("eq_pool=Max"))
