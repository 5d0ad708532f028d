"""What the prediction rests on, in the browser: started, waited for, read under the pointer, shared."""

import numpy as np
import torch
from playwright.sync_api import Page, expect

import cnnviz
from cnnviz.figures.theme import scale
from tests.browser.conftest import OpenPage, Server
from tests.browser.panels import assert_reads, hover_panel, panel
from tests.browser.screen import by_key, canvas_pixels, expect_no_errors, visit

VIEW = "feature_maps?maps_view=What+the+prediction+rests+on&model=MiniResNet&weights=Random&maps_side=64%C3%9764"


def test_work_is_started_waited_for_and_read_under_the_pointer(
    server: Server, page: Page, new_page: OpenPage
):
    visit(page, server.at(f"{VIEW}&why_method=Occlusion&why_window=16&why_stride=2"))
    view = by_key(page, "why_view")
    expect(view.locator("figure .words").nth(1)).to_have_text("Not computed yet.")
    expect(page.get_by_text("Cost: 626 forward passes, ")).to_be_visible()
    page.get_by_role("button", name="Compute").click()
    expect(page.get_by_test_id("stProgress")).to_contain_text("Occlusion: ")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_test_id("stProgress")).to_have_count(0)
    expect(page.get_by_role("button", name="Compute")).to_be_visible()

    visit(page, server.at(f"{VIEW}&why_method=Occlusion&why_window=16&why_stride=12"))
    expect(page.get_by_text("Cost: 26 forward passes, ")).to_be_visible()
    page.get_by_role("button", name="Compute").click()
    expect(view.locator('.root[data-done="1"]')).to_be_visible()
    expect(page.get_by_role("button", name="Compute")).to_have_count(0)

    model, picture = cnnviz.model("mini_resnet"), cnnviz.sample("cat").centre_square(64)
    x = cnnviz.network_input(picture, "mini_resnet")
    best = int(model(x).argmax())
    how = cnnviz.Attribution("occlusion", window=16, stride=12)
    values = torch.tensor(np.array(cnnviz.attribute(model, x, best, how)))[None]
    for row, column in ((3, 60), (33, 20)):
        hover_panel(page, view, "Occlusion", row, column, (64, 64))
        assert_reads(view, "Occlusion", values, row, column)

    slider = view.locator("input[type=range]")
    slider.focus()
    slider.press("End")  # the map alone
    painted = canvas_pixels(panel(view, "Occlusion").locator(".stage canvas"))[..., :3]
    limit = float(np.percentile(values.abs(), 99))
    expected = scale("activation", "light").paint(values[0].numpy(), limit)
    assert np.abs(painted.astype(int) - expected).max() <= 8
    slider.press("Home")  # the picture
    painted = canvas_pixels(panel(view, "Occlusion").locator(".stage canvas"))[..., :3]
    np.testing.assert_array_equal(painted, picture.pixels)

    other = by_key(page, "why_bars").get_by_role("button").nth(1)
    name = other.locator(".name").inner_text()
    other.click()
    expect(page.get_by_text(f"{name}:", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Compute")).to_be_visible()
    expect_no_errors(page)
    again = new_page()
    visit(again, page.url)
    expect(again.get_by_text(f"{name}:", exact=True)).to_be_visible()
    expect(again.get_by_text("Squares of 16×16", exact=False)).to_have_count(0)
    expect(again.get_by_text("Cost: 26 forward passes, ")).to_be_visible()
