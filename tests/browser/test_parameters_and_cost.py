"""Parameters and cost in the browser: slide and read, open a link, change the model, exports."""

import re

import pytest
import torch
from playwright.sync_api import Locator, Page, expect
from torch import nn

from tests.browser.conftest import OpenPage, Server
from tests.browser.panels import answer, assert_figure_files, table
from tests.browser.screen import (
    by_key,
    choose,
    eventually,
    expect_no_errors,
    move_slider,
    settled,
    slider,
    visit,
)

PATH = "parameters_and_cost"
VIEWS = {
    "dense": "",
    "deep": "?cost_view=Deep+or+wide",
    "ways": "?cost_view=Ways+to+convolve",
    "model": "?cost_view=Layer+by+layer&model=googlenet",
    "two": "?cost_view=Two+models&model=vgg16",
}


def chart(page: Page, key: str) -> Locator:
    return by_key(page, key).locator(".js-plotly-plot").last  # one that is being replaced stands before it


def results(page: Page, key: str) -> Locator:
    return by_key(page, key).locator(".result")


def lengths(page: Page, key: str) -> list[float]:
    """Widths of all bars in pixels."""
    bars = chart(page, key).locator(".bars path")
    return bars.evaluate_all("bars => bars.map((bar) => bar.getBoundingClientRect().width)")


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_bars_and_formulas_follow_the_sliders(server: Server, page: Page):
    visit(page, server.at(PATH))
    words = chart(page, "cost_dense_bars")
    expect(words).to_contain_text("fully connected: 483,385,147,392")
    expect(words).to_contain_text("convolution: 1,728")
    expect(words).to_contain_text("weights, logarithmic")
    move_slider(page, "cost_width", 221)
    weights = 224 * 221 * 3 * 224 * 221 * 64
    expect(words).to_contain_text(f"fully connected: {weights:,}")
    expect(words).to_contain_text(f"convolution: {1728 * 224 * 221:,}")
    expect(results(page, "cost_dense_facts").first).to_have_text(f"{weights:,}")
    expect(page).to_have_url(re.compile("cost_width=221"))
    by_key(page, "cost_axis").get_by_text("Linear", exact=True).click()
    expect(words).not_to_contain_text("logarithmic")

    def the_short_bar_vanishes() -> None:
        long, short, *_ = [*lengths(page, "cost_dense_bars"), 0, 0]
        assert long > 500 and short < 1

    eventually(page, the_short_bar_vanishes)
    expect_no_errors(page)


def test_bars_are_as_long_as_their_numbers(server: Server, page: Page):
    visit(page, server.at(f"{PATH}?cost_view=Deep+or+wide&cost_layers=3"))
    expect(chart(page, "cost_deep_bars")).to_contain_text("one 7×7 takes about 1.815 times as many")

    def they_are_in_proportion() -> None:
        deep, wide, *_ = [*lengths(page, "cost_deep_bars"), 0, 0]
        assert wide == pytest.approx(deep * 49 / 27, rel=0.01) and deep > 0

    eventually(page, they_are_in_proportion)
    move_slider(page, "cost_layers", 5)
    expect(chart(page, "cost_deep_bars")).to_contain_text(f"5 times 3×3: {45 * 64 * 64:,}")
    expect(results(page, "cost_deep_facts").first).to_have_text(f"{45 * 64 * 64:,}")
    answer(page, "cost_quiz_deep", 169, "you left out the channels")
    answer(page, "cost_quiz_deep", parameters(nn.Conv2d(64, 64, 13, bias=False)), "Right")


def test_presets_make_links_that_give_the_same_screen(server: Server, page: Page, new_page: OpenPage):
    visit(page, server.at(PATH))
    page.get_by_role("button", name="32 groups, as in ResNeXt").click()
    expect(chart(page, "cost_ways_bars")).to_contain_text("grouped, 32 groups: 18,432, 3.125 % of standard")
    slider(page, "cost_ways_out").focus()
    page.keyboard.press("ArrowRight")
    grouped = parameters(nn.Conv2d(256, 384, 3, groups=32, bias=False))
    expect(chart(page, "cost_ways_bars")).to_contain_text(f"grouped, 32 groups: {grouped:,}")
    choose(page, "cost_groups", "128")
    grouped = parameters(nn.Conv2d(256, 384, 3, groups=128, bias=False))
    expect(chart(page, "cost_ways_bars")).to_contain_text(f"grouped, 128 groups: {grouped:,}")
    expect(page).to_have_url(re.compile("cost_groups=128"))
    again = new_page()
    visit(again, page.url)
    expect(chart(again, "cost_ways_bars")).to_contain_text(f"grouped, 128 groups: {grouped:,}")
    expect_no_errors(again)


def test_another_model_of_the_sidebar_shows_its_layers(server: Server, page: Page):
    visit(page, server.at(PATH))
    page.get_by_role("button", name="VGG-16: where its parameters are").click()
    totals = results(page, "cost_totals")
    expect(totals.first).to_have_text("138,357,544")
    expect(chart(page, "cost_layer_bars")).to_contain_text("linear, 89.36 %")
    choose(page, "cost_side", "448×448")
    expect(by_key(page, "cost_totals")).to_contain_text("the two are not comparable")
    model = by_key(page, "model").get_by_role("combobox")
    model.click()
    model.press_sequentially("LeNet")
    page.get_by_role("option", name="LeNet-5", exact=True).click()
    expect(totals.first).to_have_text("61,706")
    expect(by_key(page, "cost_side").get_by_role("combobox")).to_be_disabled()
    expect(by_key(page, "cost_totals")).to_contain_text("torchvision has no figures of it")
    expect_no_errors(page)


def test_figures_and_tables_are_taken_home(server: Server, page: Page):
    visit(page, server.at(f"{PATH}{VIEWS['ways']}&cost_batch=4"))
    expect(chart(page, "cost_ways_bars")).to_contain_text("bottleneck")
    settled(page)
    rows = table(page)
    standard = nn.Conv2d(256, 256, 3, bias=False)
    assert rows[0]["weights"] == str(parameters(standard))
    assert rows[0]["MACs"] == str(4 * 14 * 14 * parameters(standard))
    assert rows[0]["activation memory (bytes)"] == str(4 * torch.empty(4, 256, 14, 14).numel())
    for view in ("ways", "model", "two"):
        if view != "ways":
            visit(page, server.at(f"{PATH}{VIEWS[view]}"))
            settled(page)
        assert_figure_files(page, [])
