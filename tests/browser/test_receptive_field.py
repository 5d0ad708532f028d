"""The receptive field page in the browser: the box under the pointer is the trace's, however one points."""

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect

import cnnviz
from cnnviz.analysis.field.receptive_field import share_in_padding
from cnnviz.nets.catalog import meta_model
from tests.browser.conftest import OpenPage, Server
from tests.browser.screen import (
    MINUS,
    by_key,
    expect_no_errors,
    hover_cell,
    point_until,
    readout,
    settled,
    visit,
)

LINK = "receptive_field?model=MiniResNet&rf_side=96×96"
ROW = cnnviz.trace(meta_model("mini_resnet"), (1, 3, 96, 96)).last_map


def part(page: Page) -> Locator:
    return by_key(page, "rf_boxes")


def grid(page: Page) -> Locator:
    return part(page).locator(".map canvas")


def signed(number: int) -> str:
    return str(number).replace("-", MINUS)


def sees(row: int, column: int) -> str:
    """The words on a unit, from the trace."""
    box = ROW.receptive_field.box(row, column)
    (top, bottom), (left, right) = box
    return (
        f"nit row {row}, column {column} sees {bottom - top + 1}×{right - left + 1} pixels: "
        f"rows {signed(top)} to {signed(bottom)}, columns {signed(left)} to {signed(right)}"
    )


def hover(page: Page, row: int, column: int) -> None:
    point_until(
        page,
        lambda: hover_cell(page, grid(page), row, column, ROW.units),
        readout(part(page)),
        sees(row, column),
    )


def test_the_pointer_reads_the_box_of_every_unit_and_its_padding(server: Server, page: Page):
    visit(page, server.at(LINK))
    expect(readout(part(page))).to_contain_text(sees(1, 1))
    expect(part(page).locator(".map .size")).to_have_text("3×3 in each channel of layer4.1.relu2")
    for row, column in ((0, 0), (2, 1), (1, 2)):
        hover(page, row, column)
        words = readout(part(page)).inner_text()
        share = 100 * share_in_padding(ROW.receptive_field.box(row, column), (96, 96))
        said = re.search(r"([\d.]+) % of the field lies in the padding", words)
        assert said and abs(float(said[1]) - share) < 0.006, words
    page.mouse.move(1, 1)
    expect(readout(part(page))).to_contain_text("Pinned u" + sees(1, 1))
    expect_no_errors(page)


def test_a_click_pins_a_unit_and_the_link_keeps_it(server: Server, page: Page):
    visit(page, server.at(LINK))
    hover(page, 0, 2)
    page.mouse.down()
    page.mouse.up()
    expect(readout(part(page))).to_contain_text("Pinned u" + sees(0, 2))
    expect(by_key(page, "rf_unit").locator("input")).to_have_value("0, 2")
    expect(by_key(page, "rf_facts").get_by_text("Box of unit 0, 2")).to_be_visible()
    page.wait_for_function("location.search.includes('rf_unit')")
    assert parse_qs(urlsplit(page.url).query)["rf_unit"] == ["0, 2"]
    page.reload()
    settled(page)
    expect(readout(part(page))).to_contain_text("Pinned u" + sees(0, 2))


def test_keys_move_over_the_units_and_enter_pins(server: Server, page: Page):
    visit(page, server.at(LINK))
    expect(readout(part(page))).to_contain_text(sees(1, 1))
    part(page).locator(".map .stage").focus()
    for key, unit in (
        ("ArrowUp", (0, 1)),
        ("ArrowUp", (0, 1)),
        ("ArrowRight", (0, 2)),
        ("ArrowDown", (1, 2)),
    ):
        page.keyboard.press(key)
        expect(readout(part(page))).to_contain_text(sees(*unit))
    page.keyboard.press("Enter")
    expect(by_key(page, "rf_unit").locator("input")).to_have_value("1, 2")
    part(page).locator(".seen .stage").focus()
    page.keyboard.press("ArrowLeft")
    expect(readout(part(page))).to_contain_text("Pixel row 48, column 47 lies in the field of 9 of 9 units")


def test_a_pixel_tells_which_units_see_it(server: Server, page: Page):
    visit(page, server.at("receptive_field?rf_side=32×32&rf_layer=block1.conv2"))
    field = cnnviz.trace(meta_model("simple_cnn"), (1, 3, 32, 32))["block1.conv2"].receptive_field
    expect(part(page).locator(".map .size")).to_have_text("32×32 in each channel of block1.conv2")
    seen = {
        axis: [n for n in range(32) if field.axes[axis].at(n)[0] <= pixel <= field.axes[axis].at(n)[1]]
        for axis, pixel in ((0, 0), (1, 17))
    }
    canvas = part(page).locator(".seen canvas")
    margin = 4  # a step of an eighth of the picture
    point_until(
        page,
        lambda: hover_cell(page, canvas, margin, 17 + margin, (32 + 2 * margin, 32 + 2 * margin)),
        readout(part(page)),
        f"Pixel row 0, column 17 lies in the field of {len(seen[0]) * len(seen[1])} of 1,024 units",
    )
    expect(readout(part(page))).to_contain_text(
        f"Units in rows {seen[0][0]}–{seen[0][-1]}, columns {seen[1][0]}–{seen[1][-1]}."
    )


def test_a_finger_pins_on_a_phone_and_nothing_sticks_out(server: Server, new_page: OpenPage):
    phone = new_page(viewport={"width": 390, "height": 844}, has_touch=True, device_scale_factor=2)
    visit(phone, server.at(LINK))
    expect(readout(part(phone))).to_contain_text(sees(1, 1))
    box = grid(phone).bounding_box()
    assert box is not None
    grid(phone).tap(position={"x": box["width"] * 5 / 6, "y": box["height"] / 6})
    expect(readout(part(phone))).to_contain_text("Pinned u" + sees(0, 2))
    for canvas in part(phone).locator("canvas").all():
        found = canvas.bounding_box()
        assert found and found["x"] >= 0 and found["x"] + found["width"] <= 390


def test_a_stack_is_typed_and_a_slip_explained(server: Server, page: Page):
    visit(page, server.at("receptive_field?rf_view=A stack by hand"))
    expect(page.get_by_text("3, 5, 6, 10", exact=True)).to_be_visible()
    field = by_key(page, "rf_stack").locator("input")
    field.fill("3, 3 d2, 3 d4")
    field.press("Enter")
    expect(page.get_by_text("3, 7, 15", exact=True)).to_be_visible()
    expect(by_key(page, "rf_stack_facts").locator(".result").first).to_have_text("15")
    field.fill("3, tree")
    field.press("Enter")
    expect(page.get_by_test_id("stAlert")).to_contain_text("Layer 2, “tree”, has no kernel size")
    page.wait_for_url(lambda url: parse_qs(urlsplit(url).query).get("rf_stack") == ["3, tree"])


def test_the_effective_field_is_measured_and_can_be_cancelled(server: Server, page: Page):
    visit(page, server.at("receptive_field?rf_view=Effective field&rf_samples=64"))
    measure = page.get_by_role("button", name="Measure the effective field")
    measure.click()
    page.get_by_role("button", name="Cancel").click()
    expect(measure).to_be_visible()
    unit = "rf_layer=block1.relu2&rf_side=32×32&weights=Random"
    visit(page, server.at(f"receptive_field?rf_view=Effective field&rf_samples=1&{unit}"))
    measure.click()
    expect(page.get_by_text("100 % of the mass lies in the theoretical box.")).to_be_visible()
    expect(by_key(page, "rf_effective_None").locator(".js-plotly-plot")).to_be_visible()
    expect_no_errors(page)
