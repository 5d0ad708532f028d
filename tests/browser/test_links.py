"""Opening an address gives the screen that it names, on a server that nobody has visited as well."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.screen import (
    by_key,
    conv_view,
    expect_no_errors,
    expect_output_size,
    expect_wall,
    expect_whole_pictures,
    slider,
    visit,
)


def expect_full_frame(page: Page) -> None:
    navigation = page.get_by_test_id("stSidebarNav")
    for name in ("Home", "Convolution", "Feature maps"):
        expect(navigation.get_by_role("link", name=name, exact=True)).to_be_visible()
    expect(page.get_by_role("radiogroup", name="Picture")).to_be_visible()
    expect_no_errors(page)
    expect_whole_pictures(page)


WATCH_THE_ICON = """
window.icons = [];
new MutationObserver(() => {
  for (const link of document.querySelectorAll("link[rel*=icon]")) icons.push(link.href);
}).observe(document, { attributes: true, childList: true, subtree: true });
"""


@pytest.mark.own_tab
def test_a_cold_server_opens_the_convolution_page_with_its_settings(cold_server: Server, page: Page):
    page.add_init_script(WATCH_THE_ICON)
    visit(page, cold_server.at("convolution?conv_stride=2"))
    expect(slider(page, "conv_stride")).to_have_value("2")
    expect_output_size(page, (55, 83))
    expect_full_frame(page)
    expect(page).to_have_title(re.compile("Convolution"))
    icons = set(page.evaluate("icons"))  # a browser fetches them without a request that tests could see
    assert icons and all(icon.startswith(("data:", cold_server.url)) for icon in icons)


def test_a_cold_server_opens_the_feature_maps_page(cold_server: Server, page: Page):
    visit(page, cold_server.at("feature_maps?maps_view=A+layer"))
    expect_wall(page, "block1.conv1", 64)
    expect_full_frame(page)
    expect(page.get_by_role("combobox", name="Model")).to_have_value("SimpleCNN")


# More of them are tried without a browser, in tests/app/test_links.py.
def test_impossible_settings_in_a_convolution_link_are_left_out(server: Server, page: Page):
    visit(
        page,
        server.at(
            "convolution?conv_stride=0&conv_kernel_height=999&conv_kernel=nonsense&source=nonsense"
            "&conv_padding=abc&conv_dilation=1e9&conv_locked=maybe&nothing=1"
        ),
    )
    expect(conv_view(page).locator(".readout")).to_contain_text("Output row")
    expect_no_errors(page)
    for key in ("conv_kernel_height", "conv_stride", "conv_padding", "conv_dilation"):
        handle = slider(page, key)
        low, high, value = (
            int(handle.get_attribute("min") or -1), int(handle.get_attribute("max") or -1),
            int(handle.input_value()),
        )  # fmt: skip
        assert low <= value <= high


@pytest.mark.parametrize("model", ["none", "MiniResNet"])
def test_impossible_settings_in_a_feature_maps_link_are_left_out(server: Server, page: Page, model: str):
    query = "maps_layer=nonsense&maps_channel=99999&maps_row=-inf&source=nonsense&seed=-5&seed=x"
    visit(page, server.at(f"feature_maps?maps_view=A+layer&{query}&model={model}"))
    expect_wall(page, "conv1" if model == "MiniResNet" else "block1.conv1", 64)
    expect(by_key(page, "maps_channel").locator("input")).to_have_value("0")
    expect(by_key(page, "maps_wall").locator(".large .name")).to_have_text("Channel 0")
    expect_no_errors(page)


def test_a_setting_goes_into_the_address_and_the_address_gives_it_back(server: Server, new_page):
    page = new_page()
    visit(page, server.at("convolution?source=Pattern&pattern=Rings&conv_resolution=56+px"))
    slider(page, "conv_padding").focus()
    page.keyboard.press("ArrowRight")
    expect_output_size(page, (56, 56))
    page.wait_for_url("**conv_padding=1**")
    there = new_page()
    visit(there, page.url)
    expect_output_size(there, (56, 56))
    label = conv_view(page).locator(".output canvas.picture").get_attribute("aria-label")
    expect(conv_view(there).locator(".output canvas.picture")).to_have_attribute("aria-label", label or "?")
