"""The sliding window, played by mouse, keyboard and touch."""

import re

import pytest
import torch
import torch.nn.functional as F
from playwright.sync_api import expect

import cnnviz
from tests.browser.screen import by_key, expect_no_errors, visit

CONVOLUTION = "convolution?conv_mode=Pixel+by+pixel&conv_padding=1&conv_channels=Grey"


@pytest.fixture
def window(page, server):
    visit(page, server.at(CONVOLUTION))
    found = by_key(page, "conv_sliding")
    expect(found.locator(".where")).to_have_text("output 37 of 64")
    return found


def expected_output(patch_row=16, patch_column=24, size=8):
    pixels = cnnviz.sample("cat").fitted(64).pixels[..., 0] / 255
    patch = torch.tensor(pixels[patch_row : patch_row + size, patch_column : patch_column + size])
    kernel = torch.tensor(cnnviz.kernel("sobel_x").copy())
    return F.conv2d(patch[None, None], kernel[None, None], padding=1)[0, 0]


def headline(window):
    return window.locator(".readout strong").inner_text()


def value(window):
    return float(headline(window).rpartition("= ")[2].replace("−", "-"))


def test_it_opens_with_the_middle_selected_and_the_sum_written_out(window):
    assert headline(window).startswith("Output row 4, column 4 = ")
    assert value(window) == pytest.approx(float(expected_output()[4, 4]), rel=1e-3)
    expect(window.locator(".term")).to_have_count(9)


def test_buttons_and_keys_step_through_the_output(window, page):
    where = window.locator(".where")
    window.get_by_role("button", name="One step forth").click()
    expect(where).to_have_text("output 38 of 64")
    window.get_by_role("button", name="One step back").click()
    expect(where).to_have_text("output 37 of 64")
    window.locator(".output .stage").focus()
    for key, number in (("ArrowRight", 38), ("ArrowDown", 46), ("Home", 1), ("End", 64), ("ArrowUp", 56)):
        page.keyboard.press(key)
        expect(where).to_have_text(f"output {number} of 64")
    window.get_by_role("slider", name="Output number").fill("9")
    expect(where).to_have_text("output 10 of 64")
    assert headline(window).startswith("Output row 1, column 1 = ")


def test_it_plays_and_pauses(window):
    window.get_by_role("combobox", name="Speed").select_option("16")
    window.get_by_role("button", name="To the first output").click()
    window.get_by_role("button", name="Play").click()
    expect(window.locator(".where")).to_have_text(re.compile("output ([5-9]|[1-5][0-9]) of 64"))
    window.get_by_role("button", name="Pause").click()
    expect(window.get_by_role("button", name="Play")).to_be_visible()


def test_pointing_at_an_output_an_input_and_a_tap_says_what_belongs_to_it(window, page):
    output = window.locator(".output canvas").bounding_box()
    cell = output["width"] / 12
    page.mouse.move(output["x"] + 2.5 * cell, output["y"] + 3.5 * cell)
    assert headline(window).startswith("Output row 3, column 2 = ")
    assert value(window) == pytest.approx(float(expected_output()[3, 2]), rel=1e-3)
    grid = window.locator(".input canvas").bounding_box()
    cell = grid["width"] / 12
    page.mouse.move(grid["x"] + 2.5 * cell, grid["y"] + 2.5 * cell)
    assert headline(window).startswith("Input row 0, column 0")
    expect(window.locator(".readout")).to_contain_text("read by 4 outputs")
    page.mouse.move(grid["x"] + 1.5 * cell, grid["y"] + 1.5 * cell)
    assert headline(window).startswith("Padding row -1, column -1")
    window.locator(".kernel input").first.hover()
    assert headline(window) == "Kernel row 1, column 1"
    expect(window.locator(".readout")).to_contain_text("meets 64 inputs")


def test_terms_and_taps_light_up_together(window):
    window.locator(".term").nth(5).hover()
    expect(window.locator(".term.lit")).to_have_count(1)
    expect(window.locator(".kernel input").nth(5)).to_have_class("lit")


def test_a_stepper_changes_the_page_and_the_link(window, page):
    window.get_by_role("button", name="Stride larger").click()
    expect(window.locator(".output .size")).to_have_text("4×4")
    expect(page).to_have_url(re.compile("conv_stride=2"))
    expect(by_key(page, "conv_stride").locator("input[type=range]")).to_have_value("2")
    window.get_by_role("button", name="Kernel larger").click()
    expect(page).to_have_url(re.compile("conv_kernel_height=4"))
    expect_no_errors(page)


def test_a_stepper_goes_no_further_than_its_limit_and_says_why(window):
    window.get_by_role("button", name="Stride smaller").click(force=True)
    expect(window.locator(".readout")).to_contain_text("Here a stride lies from 1 to 6.")
    expect(window.locator(".output .size")).to_have_text("8×8")


def test_a_weight_typed_in_place_changes_the_sum_and_the_link(window, page):
    cell = window.locator(".kernel input").nth(4)
    cell.click()
    page.keyboard.type("10")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"conv_weights=-1\+0\+1%3B\+-2\+10\+2"))


@pytest.mark.parametrize("text", ["abc", "", "1e308", "Infinity"])
def test_what_is_no_weight_is_flagged_and_changes_nothing(window, page, text):
    before = headline(window)
    cell = window.locator(".kernel input").nth(4)
    cell.fill(text)
    page.keyboard.press("Enter")
    expect(window.locator(".note")).to_have_text("A weight is a number from −1000 to 1000.")
    assert headline(window) == before


def test_the_patch_is_dragged_over_the_picture(window, page):
    thumb = window.locator(".thumb canvas").bounding_box()
    page.mouse.move(thumb["x"] + 60, thumb["y"] + 40)
    page.mouse.down()
    page.mouse.move(thumb["x"] + 20, thumb["y"] + 20, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile("conv_patch_row=6&conv_patch_column=6"))
    assert value(window) == pytest.approx(float(expected_output(6, 6)[4, 4]), rel=1e-3, abs=1e-4)


def test_touch_selects_an_output_on_a_phone(new_page, server):
    phone = new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    visit(phone, server.at(CONVOLUTION))
    window = by_key(phone, "conv_sliding")
    window.locator(".output canvas").tap(position={"x": 15, "y": 15})
    expect(window.locator(".where")).to_have_text("output 1 of 64")


@pytest.mark.parametrize(
    ("address", "key", "term"),
    [
        ("pooling?pool_view=Pixel+by+pixel", "pool_sliding", "max("),
        ("dilation?dil_view=Pixel+by+pixel", "dil_sliding", "="),
        ("transposed_convolution?up_view=Pixel+by+pixel", "up_sliding", "="),
    ],
)
def test_the_other_operations_slide_alike(page, server, address, key, term):
    visit(page, server.at(address))
    window = by_key(page, key)
    expect(window.locator(".expression")).to_contain_text(term)
    before = window.locator(".where").inner_text()
    window.get_by_role("button", name="One step forth").click()
    expect(window.locator(".where")).not_to_have_text(before)
    expect_no_errors(page)
