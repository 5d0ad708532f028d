"""The sliding window, played by mouse, keyboard and touch."""

import io
import re

import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from playwright.sync_api import expect

import cnnviz
from tests.browser.panels import table
from tests.browser.screen import (
    SlowServer,
    by_key,
    expect_no_errors,
    hover_cell,
    settled,
    slider,
    take_file,
    upload,
    visit,
)

CONVOLUTION = "convolution?conv_mode=Pixel+by+pixel&conv_padding=1&conv_channels=Grey"


@pytest.fixture
def window(page, server):
    visit(page, server.at(CONVOLUTION))
    found = by_key(page, "conv_sliding")
    expect(found.locator(".where")).to_have_text("output 37 of 64")
    return found


def expected_output(patch_row=16, patch_column=24, size=8):
    x = cnnviz.sample("cat").fitted(64).tensor()
    grey = (x * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    patch = grey[..., patch_row : patch_row + size, patch_column : patch_column + size]
    kernel = torch.tensor(cnnviz.kernel("sobel_x").copy(), dtype=torch.float32)
    return F.conv2d(patch, kernel[None, None], padding=1)[0, 0]


# An 8×8 patch stands in a grid of 12×12, its output of 8×8 in one of 10×10.
CELLS = {"input": 12, "output": 10}


def point(page, window, name, row, column):
    hover_cell(page, window.locator(f".{name} canvas"), row, column, (CELLS[name],) * 2)


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
    window.get_by_role("combobox", name="Speed").select_option("4")
    window.get_by_role("button", name="To the first output").click()
    window.get_by_role("button", name="Play").click()
    expect(window.locator(".where")).to_have_text(re.compile("output (?!1 of)[0-9]+ of 64"))
    window.get_by_role("button", name="Pause").click()
    expect(window.get_by_role("button", name="Play")).to_be_visible()


def test_pointing_at_an_output_an_input_and_a_tap_says_what_belongs_to_it(window, page):
    point(page, window, "output", 3, 2)
    assert headline(window).startswith("Output row 3, column 2 = ")
    assert value(window) == pytest.approx(float(expected_output()[3, 2]), rel=1e-3)
    point(page, window, "input", 2, 2)
    assert headline(window).startswith("Input row 0, column 0")
    expect(window.locator(".readout")).to_contain_text("read by 4 outputs")
    point(page, window, "input", 1, 1)
    assert headline(window).startswith("Padding row −1, column −1")
    window.locator(".kernel input").first.hover()
    assert headline(window) == "Kernel row 0, column 0"
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
    page.keyboard.press("Escape")
    assert headline(window) == before


def test_the_patch_is_dragged_over_the_picture(window, page):
    window.locator(".thumb canvas").hover(position={"x": 60, "y": 40})
    thumb = window.locator(".thumb canvas").bounding_box()
    page.mouse.down()
    page.mouse.move(thumb["x"] + 20, thumb["y"] + 20, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile("conv_patch_row=6&conv_patch_column=6"))
    assert value(window) == pytest.approx(float(expected_output(6, 6)[4, 4]), rel=1e-3, abs=1e-4)


def test_a_click_pins_an_input_until_escape(window, page):
    point(page, window, "input", 5, 6)
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(1, 1)
    assert headline(window).startswith("Input row 3, column 4: 0.")
    expect(window.locator(".readout")).to_contain_text("read by 9 outputs · pinned")
    window.locator(".input .stage").press("Escape")
    assert headline(window).startswith("Output row 4, column 4 = ")


def test_every_part_is_reached_by_keyboard(window, page):
    stage = window.locator(".input .stage")
    stage.press("ArrowUp")
    assert headline(window).startswith("Input row 4, column 4: ")
    for _ in range(5):
        stage.press("ArrowUp")
    assert headline(window).startswith("Padding row −1, column 4: 0.00")
    expect(window.locator(".readout")).to_contain_text("read by 3 outputs")
    stage.press("ArrowUp")
    assert headline(window).startswith("Padding row −1, column 4: 0.00")
    stage.press("Escape")
    expression = window.locator(".expression")
    expression.press("ArrowRight")
    expression.press("ArrowRight")
    expect(window.locator(".term.lit")).to_have_count(1)
    expect(window.locator(".kernel input").nth(1)).to_have_class("lit")
    expression.press("Escape")
    expect(window.locator(".term.lit")).to_have_count(0)
    window.locator(".kernel input").nth(2).focus()
    assert headline(window) == "Kernel row 0, column 2"
    window.locator(".output .stage").focus()
    page.keyboard.press(" ")
    expect(window.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press(" ")
    expect(window.get_by_role("button", name="Play")).to_be_visible()
    thumb = window.locator(".thumb")
    thumb.press("ArrowDown")
    expect(page).to_have_url(re.compile("conv_patch_row=17"))


@pytest.mark.own_tab
def test_a_late_answer_takes_no_step_back(server, page):
    slow = SlowServer(page)
    visit(page, server.at(CONVOLUTION))
    window = by_key(page, "conv_sliding")
    size = window.locator(".output .size")
    expect(size).to_have_text("8×8")
    slow.holding = True
    window.get_by_role("button", name="Stride larger").click()
    expect(size).to_have_text("4×4")
    slow.wait_for_answer(page)
    window.get_by_role("button", name="Stride larger").click()
    expect(size).to_have_text("3×3")
    slow.let_go()
    expect(by_key(page, "conv_stride").locator("input[type=range]")).to_have_value("2")
    expect(size).to_have_text("3×3")
    slow.holding = False
    slow.let_go()
    expect(by_key(page, "conv_stride").locator("input[type=range]")).to_have_value("3")
    expect(size).to_have_text("3×3")


def test_the_cells_keep_their_place_while_settings_change(window):
    def place(name):
        box = window.locator(f".{name} canvas").bounding_box()
        return [round(box[part]) for part in ("x", "y", "width", "height")]

    before = place("input"), place("output")
    for name in ("Padding larger", "Padding smaller", "Stride larger", "Kernel smaller", "Dilation larger"):
        window.get_by_role("button", name=name).click()
        assert (place("input"), place("output")) == before, name


def test_what_the_floor_drops_is_crossed_out_and_named(server, page):
    visit(page, server.at("convolution?conv_mode=Pixel+by+pixel&conv_stride=3&conv_channels=Grey"))
    window = by_key(page, "conv_sliding")
    # (8 − 3) mod 3 = 2 rows and columns; 8·8 − 6·6 pixels.
    expect(window.locator(".readout")).to_contain_text(
        "the floor drops 2 rows and 2 columns of the padded input · 28 input pixels never read (crossed out)"
    )
    point(page, window, "input", 9, 9)
    expect(window.locator(".readout")).to_contain_text("read by no output")


def test_colour_shows_three_sums_and_the_numbers_of_one_channel(server, page):
    visit(page, server.at("convolution?conv_mode=Pixel+by+pixel&conv_bias=0.5"))
    window = by_key(page, "conv_sliding")
    lines = window.locator(".expression .line")
    expect(lines).to_have_count(4)
    for index, name in enumerate("RGB"):
        expect(lines.nth(index + 1)).to_have_text(re.compile(rf"^{name}: .* = "))
    expect(lines.nth(0)).to_contain_text("+ 0.5000 (bias) = ")
    x = cnnviz.sample("cat").fitted(64).tensor()[..., 16:24, 24:32]
    kernel = torch.tensor(cnnviz.kernel("sobel_x").copy(), dtype=torch.float32).expand(1, 3, 3, 3)
    expected = F.conv2d(x, kernel, torch.tensor([0.5]))[0, 0]
    assert headline(window).startswith("Output row 3, column 3 = ")
    assert value(window) == pytest.approx(float(expected[3, 3]), rel=1e-3)
    window.get_by_role("button", name="B", exact=True).click()
    expect(window.get_by_role("button", name="B", exact=True)).to_have_attribute("aria-pressed", "true")


def test_depthwise_convolves_the_chosen_channel_alone(server, page):
    visit(page, server.at("convolution?conv_mode=Pixel+by+pixel&conv_channels=Depthwise"))
    window = by_key(page, "conv_sliding")
    window.get_by_role("button", name="G", exact=True).click()
    x = cnnviz.sample("cat").fitted(64).tensor()[:, 1:2, 16:24, 24:32]
    kernel = torch.tensor(cnnviz.kernel("sobel_x").copy(), dtype=torch.float32)[None, None]
    expect(window.locator(".term")).to_have_count(9)
    assert value(window) == pytest.approx(float(F.conv2d(x, kernel)[0, 0, 3, 3]), rel=1e-3)


def test_numbers_typed_in_take_the_place_of_the_patch(server, page):
    visit(page, server.at("convolution?conv_mode=Pixel+by+pixel&conv_channels=Grey"))
    window = by_key(page, "conv_sliding")
    page.get_by_text("Patch of the picture").click()
    field = by_key(page, "conv_matrix").locator("input")
    field.fill("0 1 2 3; 4 5 6 7; 8 9 10 11; 12 13 14 15")
    field.press("Enter")
    expect(window.locator(".output .size")).to_have_text("2×2")
    expect(window.locator(".patch")).to_be_hidden()
    assert value(window) == 8.0  # columns two apart, weights adding up to 4
    for text in ("1 2; 3", "a b; c d", "inf 1; 1 1", "1e308 1; 1 1", "7"):
        field.fill(text)
        field.press("Enter")
        expect(page.get_by_test_id("stAlert")).to_have_count(1)
        expect(window.locator(".input .size")).to_have_text("8×8")  # the patch again
    field.fill("")
    field.press("Enter")
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


def test_a_kernel_of_zeros_gives_zeros(server, page):
    visit(page, server.at("convolution?conv_mode=Pixel+by+pixel&conv_kernel=By+hand&conv_weights=0+0;0+0"))
    window = by_key(page, "conv_sliding")
    assert headline(window).endswith(" = 0")
    assert "NaN" not in window.inner_text()
    expect_no_errors(page)


def test_a_picture_of_one_pixel_is_one_colour_without_edges(server, page):
    visit(page, server.at("convolution?conv_mode=Pixel+by+pixel"))
    file = io.BytesIO()
    Image.new("RGB", (1, 1), (10, 200, 30)).save(file, "PNG")
    upload(page, "dot.png", file.getvalue())
    window = by_key(page, "conv_sliding")
    expect(window.locator(".readout strong")).to_have_text("Output row 3, column 3 = 0")
    assert "NaN" not in window.inner_text()


def test_reloading_in_the_middle_of_playing_breaks_nothing(window, page):
    window.get_by_role("button", name="To the first output").click()
    window.get_by_role("button", name="Play").click()
    expect(window.locator(".where")).to_have_text(re.compile("output (?!1 of)[0-9]+ of 64"))
    page.reload()
    settled(page)
    expect(window.locator(".where")).to_have_text("output 37 of 64")
    expect(window.get_by_role("button", name="Play")).to_be_visible()
    # Settings that change while it plays go on playing on the new grid.
    window.get_by_role("button", name="Play").click()
    window.get_by_role("button", name="Stride larger").click()
    expect(window.locator(".where")).to_have_text("output 16 of 16")
    expect_no_errors(page)


def test_it_plays_on_what_the_page_has_set_meanwhile(window, page):
    window.get_by_role("combobox", name="Speed").select_option("0.5")
    window.get_by_role("button", name="To the first output").click()
    window.get_by_role("button", name="Play").click()
    slider(page, "conv_stride").press("ArrowRight")
    expect(window.locator(".output .size")).to_have_text("4×4")
    expect(window.locator(".where")).to_have_text(re.compile("output ([3-9]|1[0-6]) of 16"))
    window.get_by_role("button", name="Pause").click()
    found = re.match(r"Output row (\d), column (\d) = ", headline(window))
    row, column = int(found[1]), int(found[2])
    assert value(window) == pytest.approx(float(expected_output()[2 * row, 2 * column]), rel=1e-3, abs=1e-4)


def test_played_to_the_end_it_begins_again(window):
    window.locator(".output .stage").press("End")
    expect(window.locator(".where")).to_have_text("output 64 of 64")
    window.get_by_role("combobox", name="Speed").select_option("0.5")
    window.get_by_role("button", name="Play").click()
    expect(window.locator(".where")).to_have_text(re.compile("output [1-8] of 64"))
    assert headline(window).startswith("Output row 0, column ")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("conv_kernel=Box+blur&conv_kernel_height=13&conv_padding_mode=Replicate", "take a larger patch"),
        ("conv_padding=9&conv_padding_mode=Reflect", "reflect padding can fill at most 7 here"),
    ],
)
def test_a_window_without_a_place_says_why_and_is_brought_back(server, page, settings, words):
    visit(page, server.at(f"convolution?conv_mode=Pixel+by+pixel&conv_channels=Grey&{settings}"))
    window = by_key(page, "conv_sliding")
    assert headline(window) == "No place to put the window."
    expect(window.locator(".readout")).to_contain_text(words)
    name = "Kernel smaller" if "13" in settings else "Padding smaller"
    window.get_by_role("button", name=name).click()
    assert headline(window).startswith("Output row ")


def test_a_typed_weight_survives_a_change_of_size(window, page):
    cell = window.locator(".kernel input").nth(4)
    cell.click()
    page.keyboard.type("10")
    page.keyboard.press("Enter")
    window.get_by_role("button", name="Kernel larger").click()
    expect(page).to_have_url(re.compile(r"conv_weights=-1\+0\+1\+0%3B\+-2\+10\+2\+0%3B"))


def test_an_input_tells_what_it_adds_to_each_output(window, page):
    point(page, window, "input", 2, 2)
    x = 0.04
    expect(window.locator(".expression")).to_have_text(
        f"{x}·0 to output 0, 0, {x}·(−2) to output 0, 1, {x}·0 to output 1, 0, {x}·(−1) to output 1, 1"
    )


def test_clicks_faster_than_answers_end_at_the_last_setting(window, page):
    for _ in range(5):
        window.get_by_role("button", name="Dilation larger").click(delay=0)
        window.get_by_role("button", name="Dilation smaller").click(delay=0)
        window.get_by_role("button", name="Padding larger").click(delay=0, force=True)
    expect(page).to_have_url(re.compile("conv_padding=5"))
    expect(by_key(page, "conv_padding").locator("input[type=range]")).to_have_value("5")
    expect(window.locator(".output .size")).to_have_text("16×16")
    expect_no_errors(page)


def test_what_is_taken_home_is_what_is_on_screen(window, page):
    expect(window.locator(".output .size")).to_have_text("8×8")

    rows = table(page)
    output = [float(row["value"]) for row in rows if row["grid"] == "Output"]
    assert output == pytest.approx(expected_output().flatten().tolist(), abs=1e-6)
    assert len([row for row in rows if row["grid"] == "Input"]) == 64
    with Image.open(io.BytesIO(take_file(page, "Figure as PNG")[1])) as picture:
        assert picture.format == "PNG"
    assert b"<svg" in take_file(page, "Figure as SVG")[1]


def test_touch_selects_an_output_on_a_phone(new_page, server):
    phone = new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    visit(phone, server.at(CONVOLUTION))
    window = by_key(phone, "conv_sliding")
    window.locator(".output canvas").tap(position={"x": 15, "y": 15})
    expect(window.locator(".where")).to_have_text("output 1 of 64")
    window.locator(".term").nth(3).tap()
    window.locator(".input canvas").tap(position={"x": 15 + 4 * 30, "y": 15 + 4 * 30})
    expect(window.locator(".readout strong")).to_have_text(re.compile("^Input row 2, column 2: "))
    window.locator(".thumb canvas").tap(position={"x": 20, "y": 20})
    expect(phone).to_have_url(re.compile("conv_patch_row=6&conv_patch_column=6"))
    window.get_by_role("button", name="Stride larger").tap()
    expect(phone).to_have_url(re.compile("conv_stride=2"))
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
