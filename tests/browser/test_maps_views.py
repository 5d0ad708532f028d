"""The network at a glance, first filters and two weight sets, as seen in a browser."""

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from torch.nn import functional as F

import cnnviz
from cnnviz.figures.theme import scale
from tests.browser.conftest import Server
from tests.browser.screen import (
    by_key,
    canvas_pixels,
    expect_glance,
    expect_no_errors,
    expect_wall,
    glance,
    hover_cell,
    point_until,
    readout,
    shown,
    visit,
)

LINK = "feature_maps?model=MiniResNet&weights=Random&maps_side=64%C3%9764"
SIDE = 64


@pytest.fixture(scope="module")
def picture():
    return cnnviz.sample("cat").centre_square(SIDE)


@pytest.fixture(scope="module")
def maps(picture):
    layers = ["conv1", "layer1.0", "layer2.0", "fc"]
    return cnnviz.feature_maps(cnnviz.model("mini_resnet"), picture, layers)


def strongest(values: np.ndarray) -> np.ndarray:
    return (-abs(values).mean((1, 2))).argsort(kind="stable")


def column(page: Page, layer: str) -> Locator:
    return glance(page).locator(f'.layer[title="{layer}"]')


def test_the_glance_fits_the_screen_and_reads_its_maps(server: Server, page: Page, maps):
    visit(page, server.at(LINK))
    expect_glance(page, 15)
    expect_no_errors(page)
    box = glance(page).locator(".network").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 900 and box["x"] + box["width"] <= 1400
    values = maps["layer2.0"]
    channel = strongest(values)[0]
    canvas = column(page, "layer2.0").locator("canvas")
    low, high = (shown(float(end(values[channel]))) for end in (np.min, np.max))
    words = f"layer2.0, channel {channel}: {low} to {high}"
    point_until(page, lambda: hover_cell(page, canvas, 0, 0, (10, 1)), readout(glance(page)), words)
    expect(readout(glance(page))).to_contain_text("128 maps of 8×8")
    expect(readout(glance(page))).to_contain_text("it adds what came in")
    expect(column(page, "layer2.0").locator("li")).to_have_text(["128", "8×8", re.compile(" px$")])
    expect(glance(page).locator(".end li")).to_have_count(8)


def test_a_map_is_painted_on_the_scale_of_its_column(server: Server, page: Page, maps):
    """Layer 2 gives 8×8 maps: what is painted are those values, on the largest of the column."""
    visit(page, server.at(LINK))
    expect_glance(page, 15)
    values = maps["layer2.0"][strongest(maps["layer2.0"])[:12]]
    pixels = canvas_pixels(column(page, "layer2.0").locator("canvas"))[..., :3]
    tile = pixels.shape[1]
    expected = scale("activation", "light").paint(values[0], float(abs(values).max()))
    middles = ((np.arange(8) + 0.5) * tile / 8).astype(int)
    np.testing.assert_allclose(pixels[np.ix_(middles, middles)].astype(int), expected.astype(int), atol=12)


def test_a_click_opens_the_layer_with_its_channel_and_the_link_says_so(server: Server, page: Page, maps):
    visit(page, server.at(LINK))
    expect_glance(page, 15)
    channel = int(strongest(maps["layer2.0"])[0])
    column(page, "layer2.0").locator("canvas").click(position={"x": 10, "y": 10})
    expect_wall(page, "layer2.0", 128)
    expect(by_key(page, "maps_wall").locator(".large .name")).to_have_text(f"Channel {channel}")
    page.wait_for_url(re.compile(r"maps_view=A\+layer"))
    page.wait_for_url(re.compile(r"maps_layer=layer2\.0"))
    expect_no_errors(page)


def test_the_keyboard_moves_over_the_glance_and_opens_a_layer(server: Server, page: Page, maps):
    visit(page, server.at(LINK))
    expect_glance(page, 15)
    glance(page).locator(".scroller").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    channel = int(strongest(maps["layer1.0"])[1])
    expect(readout(glance(page))).to_contain_text(f"layer1.0, channel {channel}:")
    page.keyboard.press("Enter")
    expect_wall(page, "layer1.0", 64)
    expect(by_key(page, "maps_channel").locator("input")).to_have_value(str(channel))


def test_a_filter_gives_its_weights_and_its_map(server: Server, page: Page, picture):
    visit(page, server.at(f"{LINK}&maps_view=First+filters&filters_look=Channel+by+channel"))
    view = by_key(page, "maps_filters").filter(has=page.locator(".taps"))
    expect(view.locator('.root[data-filters="64"]')).to_be_visible()
    weight = cnnviz.model("mini_resnet").conv1.weight.detach()
    tap = view.locator(".taps canvas").nth(1)
    numbers = [shown(float(value)) for value in weight[0, :, 2, 5]]
    words = f"Filter 0, row 2, column 5: red {numbers[0]} · green {numbers[1]} · blue {numbers[2]}"
    point_until(page, lambda: hover_cell(page, tap, 2, 5, (7, 7)), readout(view), words)
    view.locator(".wall").focus()
    page.keyboard.press("ArrowRight")
    expect(view.locator('.root[data-channel="1"]')).to_be_visible()
    expect(view.locator(".answer .title")).to_have_text("What filter 1 answers")
    feature_map = F.conv2d(picture.tensor(), weight, stride=2, padding=3)[0, 1]
    answer = view.locator(".answer .stage canvas")
    value = shown(float(feature_map[10, 20]))
    words = f"Feature map 1, row 10, column 20: {value}"
    point_until(page, lambda: hover_cell(page, answer, 10, 20, (32, 32)), readout(view), words)
    expect(readout(view)).to_contain_text("rows 17–23, columns 37–43 of the picture")
    painted = canvas_pixels(answer)[..., :3]
    limit = float(feature_map.abs().max())
    expected = scale("activation", "light").paint(feature_map.numpy(), limit)
    assert np.abs(painted.astype(int) - expected.astype(int)).max() <= 6
    expect_no_errors(page)


def test_pairs_give_both_values_of_a_place(server: Server, page: Page, picture):
    visit(page, server.at(f"{LINK}&maps_view=Two+weight+sets&maps_layer=layer2.0&two_order=Index"))
    view = by_key(page, "maps_pairs").filter(has=page.locator(".heads"))
    expect(view.locator('.root[data-pairs="48"]')).to_be_visible()
    both = []
    for weights in (None, "shapes"):
        model = cnnviz.model("mini_resnet", weights)
        x = cnnviz.network_input(picture, "mini_resnet", weights)
        both.append(cnnviz.feature_maps(model, x, ["layer2.0"])["layer2.0"])
    view.locator(".pairs").focus()
    page.keyboard.press("ArrowRight")
    left, right = (shown(float(values[1, 4, 4])) for values in both)
    expect(readout(view)).to_contain_text(f"Channel 1, row 4, column 4: left {left}, right {right}")
    expect_no_errors(page)
