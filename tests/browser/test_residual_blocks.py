"""The page on residual blocks in the browser: values under the pointer, presets, links, files."""

import re

import torch
from playwright.sync_api import Page, expect

import cnnviz
from cnnviz.analysis.residual import stem_maps
from cnnviz.nets.blocks import ResidualBlock
from cnnviz.nets.residual_variants import BlockDesign
from tests.browser.conftest import Server
from tests.browser.panels import answer, assert_reads, hover_panel, table
from tests.browser.screen import by_key, expect_no_errors, visit


def block_and_input() -> tuple[ResidualBlock, torch.Tensor]:
    """The block on screen, with its weights in the package's own block."""
    block = ResidualBlock(64, 64)
    block.load_state_dict(BlockDesign("basic", "post", 64, 64).build().state_dict())
    return block, stem_maps(cnnviz.sample("cat").centre_square(56).tensor(), 64, "post")


def test_what_is_read_off_the_maps_is_what_the_block_gives(server: Server, page: Page):
    visit(page, server.at("residual_blocks?res_channel=9"))
    part = by_key(page, "res_panels")
    expect(part.locator("figcaption .title")).to_have_text(["x", "F(x)", "F(x) + x", "ReLU(F(x) + x)"])
    block, x = block_and_input()
    with torch.no_grad():
        output, residual = block(x)[0, 9:10], block.residual(x)[0, 9:10]
    for row, column in ((3, 50), (30, 20)):
        hover_panel(page, part, "F(x)", row, column, (56, 56))
        assert_reads(part, "x", x[0, 9:10], row, column)
        assert_reads(part, "F(x)", residual, row, column)
        assert_reads(part, "ReLU(F(x) + x)", output, row, column)
    expect_no_errors(page)


def test_presets_views_and_the_link(server: Server, page: Page):
    visit(page, server.at("residual_blocks"))
    titles = by_key(page, "res_panels").locator("figcaption .title")
    page.get_by_role("button", name="Without the skip").click()
    expect(titles).to_have_text(["x", "F(x)", "ReLU(F(x))"])
    expect(page).to_have_url(re.compile("res_skip=false"))
    page.get_by_role("button", name="A bottleneck of ResNet-50").click()
    expect(by_key(page, "res_block").locator(".node")).to_have_count(11)
    expect(by_key(page, "res_block")).to_contain_text("256×56×56")
    answer(page, "res_quiz_weights", 9 * 128 * 128, "the 3×3 convolution alone")
    page.get_by_role("button", name="56 layers, 1/fan-in, no batch norm").click()
    expect(by_key(page, "res_gradients").locator(".js-plotly-plot")).to_be_visible()
    expect(by_key(page, "res_gradient_facts")).to_contain_text("Without batch norm")
    expect(page).to_have_url(re.compile("res_depth=56"))
    rows = table(page)
    assert len(rows) == 56
    assert all(float(row["gradient norm, plain"]) < float(row["gradient norm, residual"]) for row in rows)
    expect_no_errors(page)
