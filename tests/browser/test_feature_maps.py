"""Feature maps in the browser: every channel is on the wall, and every number is the network's."""

import csv
import io
import json
import random
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

import cnnviz
from cnnviz.analysis.layers.activations import FeatureMaps
from cnnviz.figures.maps import map_limits
from cnnviz.figures.theme import scale
from tests.browser.conftest import Server
from tests.browser.screen import (
    SlowServer,
    assert_shows,
    by_key,
    canvas_pixels,
    choose,
    expect_no_errors,
    expect_wall,
    expect_whole_pictures,
    hover_cell,
    number,
    open_files,
    point_until,
    readout,
    settled,
    sidebar,
    take_file,
    tree_item,
    upload,
    visit,
    wall,
)

SEED = 0
MODELS = {"simple_cnn": "SimpleCNN", "mini_resnet": "MiniResNet"}
# Of each kind one: convolution, norm, activation, pooling, block; of MiniResNet the deepest, too.
LAYERS = {
    "simple_cnn": ["block1.conv1", "block1.bn2", "block2.relu1", "block2.pool", "block2", "block3.conv2",
                   "block3.pool"],
    "mini_resnet": ["conv1", "maxpool", "layer1.0", "layer3.0.downsample", "layer4.0.bn1", "layer4.1.conv2",
                    "layer4.1.relu2"],
}  # fmt: skip
GAP = 3


@pytest.fixture(scope="session")
def photograph() -> bytes:
    """640×480 with structure everywhere, as a camera's JPEG."""
    rows, columns = np.mgrid[0:480, 0:640]
    noise = np.random.default_rng(3).integers(0, 40, (480, 640, 3))
    red = 120 + 100 * np.sin(columns / 17) * np.cos(rows / 29)
    green = 255 * ((rows // 60 + columns // 80) % 2) * 0.7
    picture = np.stack([red, green, rows / 480 * 200], axis=2) + noise
    file = io.BytesIO()
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()


def computed(model: str, data: bytes, layers: list[str], side: int = 224) -> dict[str, np.ndarray]:
    """What the package says, run here."""
    picture = cnnviz.load_image(data, "mine.jpg").centre_square(side)
    return cnnviz.feature_maps(cnnviz.model(model, seed=SEED), picture, layers)


def wall_canvas(page: Page) -> Locator:
    return wall(page).locator(".wall canvas")


def tile_size(page: Page) -> float:
    """CSS pixels of one tile on the wall, by the frame around the chosen one."""
    return float(wall(page).locator(".chosen").evaluate("mark => parseFloat(mark.style.width)"))


def hover_wall(page: Page, index: int, row: int, column: int, shape: tuple[int, int]) -> None:
    """Point at a unit of the tile that stands at `index`."""
    canvas = wall_canvas(page)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    tile = tile_size(page)
    columns = round((box["width"] - GAP) / (tile + GAP))
    unit = tile / shape[1]
    x = box["x"] + GAP + index % columns * (tile + GAP) + (column + 0.5) * unit
    y = box["y"] + GAP + index // columns * (tile * shape[0] / shape[1] + GAP) + (row + 0.5) * unit
    page.mouse.move(x, y)


def assert_unit_reads(
    page: Page,
    point: Callable[[], None],
    maps: np.ndarray,
    channel: int,
    row: int,
    column: int,
    near: int = 0,
) -> None:
    """Pointing there reads that unit (or one at most `near` away, where units are less than a pixel)."""
    text = readout(wall(page)).locator("strong")
    place = f"{row}, column {column}: " if not near else ""
    point_until(page, point, text, f"Channel {channel}, row {place}")
    expect(readout(wall(page)).locator(".muted")).to_contain_text("map: least")
    said = text.inner_text()
    place, _, value = said.partition(": ")
    _, said_row, said_column = (int(part.split()[-1]) for part in place.split(", "))
    assert abs(said_row - row) <= near and abs(said_column - column) <= near, said
    expected = float(maps[channel, said_row, said_column])
    scale = float(np.abs(maps).max())
    if value.startswith("≈ "):  # half precision, three digits
        assert number(value[2:]) == pytest.approx(expected, rel=6e-3, abs=1e-3 * scale)
    else:
        assert_shows(value, expected, scale)


def assert_wall_reads(
    page: Page, maps: np.ndarray, index: int, row: int, column: int, near: int = 0, channel: int | None = None
) -> None:
    """The unit of the tile at `index`, which is that channel's unless another is named."""
    channel = index if channel is None else channel
    shape = maps.shape[1:]
    assert_unit_reads(
        page, lambda: hover_wall(page, index, row, column, shape), maps, channel, row, column, near
    )


def assert_every_tile_is_painted(page: Page, maps: np.ndarray, order: np.ndarray, limits: np.ndarray) -> None:
    """Whole-factor walls match to the pixel; smaller ones by each tile's average colour."""
    pixels = canvas_pixels(wall_canvas(page)).astype(int)
    channels, height, width = maps.shape
    tile = tile_size(page)
    columns = round((pixels.shape[1] - GAP) / (tile + GAP))
    whole = tile >= width
    for index, channel in enumerate(order):
        top = GAP + index // columns * (tile * height / width + GAP)
        left = GAP + index % columns * (tile + GAP)
        painted = scale("activation").paint(maps[channel], float(limits[channel])).astype(int)
        if whole:
            zoom = round(tile / width)
            shown = pixels[int(top) : int(top) + height * zoom, int(left) : int(left) + width * zoom]
            expected = painted.repeat(zoom, axis=0).repeat(zoom, axis=1)
            assert (shown[..., 3] == 255).all()
            assert np.abs(shown[..., :3] - expected).max() <= 6  # one step of the scale, by rounding
        else:
            inner = pixels[int(top) + 2 : int(top + tile) - 2, int(left) + 2 : int(left + tile) - 2]
            assert (inner[..., 3] == 255).all()
            assert np.abs(inner[..., :3].mean((0, 1)) - painted.mean((0, 1))).max() < 12
    last_row = (channels - 1) // columns
    assert pixels.shape[0] == pytest.approx((last_row + 1) * (tile * height / width + GAP) + GAP, abs=1)


@pytest.mark.parametrize("model", MODELS)
def test_an_uploaded_photograph_is_seen_through_every_layer(
    server: Server, page: Page, photograph: bytes, model: str
):
    visit(page, server.at(f"feature_maps?maps_view=A+layer&weights=Random&model={MODELS[model]}"))
    upload(page, "mine.jpg", photograph)
    expect(sidebar(page).get_by_text("mine.jpg, 480×640 pixels, height × width.")).to_be_visible()
    maps = computed(model, photograph, LAYERS[model])
    rng = random.Random(1)
    for layer in LAYERS[model]:
        values = maps[layer]
        channels, height, width = values.shape
        tree_item(page, layer).click()
        expect_wall(page, layer, channels)
        expect(wall_canvas(page)).to_have_attribute(
            "aria-label", f"{channels} feature maps of {layer} for mine.jpg"
        )
        limits = map_limits(values, float(np.abs(values).max()))
        assert_every_tile_is_painted(page, values, np.arange(channels), limits)
        near = int(width // tile_size(page)) + 1 if tile_size(page) < width else 0
        for index in (0, channels - 1, rng.randrange(channels)):
            row, column = rng.randrange(height), rng.randrange(width)
            assert_wall_reads(page, values, index, row, column, near)
    expect_no_errors(page)
    expect_whole_pictures(page)


def test_the_large_map_is_the_clicked_channel_and_reads_every_unit(
    server: Server, page: Page, photograph: bytes
):
    layer, channel = "layer3.0.conv2", 37
    visit(
        page,
        server.at(
            f"feature_maps?maps_view=A+layer&weights=Random&model=MiniResNet&maps_layer={layer}&source=Upload"
        ),
    )
    upload(page, "mine.jpg", photograph)
    expect(wall_canvas(page)).to_have_attribute("aria-label", f"256 feature maps of {layer} for mine.jpg")
    values = computed("mini_resnet", photograph, [layer])[layer]
    settled(page)
    point_until(
        page,
        partial(hover_wall, page, channel, 3, 3, values.shape[1:]),
        readout(wall(page)),
        f"Channel {channel}, row 3, column 3",
    )
    page.mouse.down()
    page.mouse.up()
    expect(wall(page).locator(".large .name")).to_have_text(f"Channel {channel}")
    expect(by_key(page, "maps_channel").locator("input")).to_have_value(str(channel))
    large = wall(page).locator(".large .stage canvas")
    settled(page)
    for row, column in ((0, 0), (13, 13), (5, 11), (0, 13)):
        point = partial(hover_cell, page, large, row, column, values.shape[1:])
        assert_unit_reads(page, point, values, channel, row, column)
    numbers = wall(page).locator(".numbers dd").all_inner_texts()
    one = values[channel]
    for text, value in zip(numbers, (one.max(), one.mean(), one.min(), one.var()), strict=False):
        assert_shows(text, float(value), float(np.abs(one).max()))


def test_sorted_by_max_the_wall_begins_with_the_strongest_channel(
    server: Server, page: Page, photograph: bytes
):
    layer = "block2.conv1"
    visit(
        page,
        server.at(
            f"feature_maps?maps_view=A+layer&weights=Random&maps_layer={layer}&maps_side=64%C3%9764&source=Upload"
        ),
    )
    upload(page, "mine.jpg", photograph)
    expect(wall_canvas(page)).to_have_attribute("aria-label", f"128 feature maps of {layer} for mine.jpg")
    values = computed("simple_cnn", photograph, [layer], side=64)[layer]
    order = FeatureMaps.of(layer, values).ranked("max")
    choose(page, "maps_order", "Max")
    for index in (0, 1, 100, 127):
        assert_wall_reads(page, values, index, 4, 7, channel=int(order[index]))
    assert_every_tile_is_painted(page, values, order, map_limits(values, float(np.abs(values).max())))
    choose(page, "maps_scope", "Each map its own")
    expect(wall(page).locator(".legend span").last).to_have_text(
        wall(page).locator(".numbers dd").first.inner_text()
        if values[0].max() >= -values[0].min()
        else wall(page).locator(".numbers dd").nth(2).inner_text().removeprefix("−")
    )
    assert_every_tile_is_painted(page, values, order, map_limits(values))


def test_the_wall_and_the_large_map_are_walked_with_the_arrow_keys(server: Server, page: Page):
    visit(
        page,
        server.at(
            "feature_maps?maps_view=A+layer&weights=Random&maps_layer=block3.pool&maps_side=32%C3%9732"
        ),
    )
    expect_wall(page, "block3.pool", 256)
    stage = wall(page).locator(".wall")
    stage.focus()
    name = wall(page).locator(".large .name")
    for key, channel in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        expect(name).to_have_text(f"Channel {channel}")
    page.keyboard.press("ArrowDown")
    expect(name).not_to_have_text("Channel 1")
    below = int(name.inner_text().split()[1])
    page.keyboard.press("ArrowUp")
    expect(name).to_have_text("Channel 1")
    assert below > 2
    page.keyboard.press("ArrowUp")
    expect(name).to_have_text("Channel 1")
    settled(page)
    visit(
        page,
        server.at(
            "feature_maps?maps_view=A+layer&weights=Random&maps_layer=block2.conv1&maps_side=32%C3%9732&maps_channel=5"
        ),
    )
    expect_wall(page, "block2.conv1", 128)
    wall(page).locator(".large .stage").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(readout(wall(page)).locator("strong")).to_contain_text("Channel 5, row 9, column 9:")


@pytest.mark.own_tab
def test_a_late_answer_does_not_take_the_selection_back(server: Server, page: Page):
    slow = SlowServer(page)
    visit(
        page,
        server.at(
            "feature_maps?maps_view=A+layer&weights=Random&maps_layer=block3.pool&maps_side=32%C3%9732"
        ),
    )
    expect_wall(page, "block3.pool", 256)
    field = by_key(page, "maps_channel").locator("input")
    name = wall(page).locator(".large .name")
    slow.holding = True
    wall(page).locator(".wall").focus()
    page.keyboard.press("ArrowRight")
    expect(name).to_have_text("Channel 1")
    slow.wait_for_answer(page)
    page.keyboard.press("ArrowRight")
    expect(name).to_have_text("Channel 2")
    slow.let_go()
    expect(field).to_have_value("1")  # the answer to the first key has arrived
    expect(name).to_have_text("Channel 2")
    slow.wait_for_answer(page)
    page.keyboard.press("ArrowLeft")
    expect(name).to_have_text("Channel 1")
    slow.let_go()
    expect(field).to_have_value("2")  # and to the second; back at 1, as before the second
    expect(name).to_have_text("Channel 1")
    slow.wait_for_answer(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(name).to_have_text("Channel 3")
    slow.release()
    expect(field).to_have_value("3")
    expect(name).to_have_text("Channel 3")
    field.fill("1")
    page.keyboard.press("Enter")
    expect(name).to_have_text("Channel 1")


def test_the_last_channel_is_reached_by_keyboard(server: Server, page: Page):
    visit(
        page,
        server.at(
            "feature_maps?maps_view=A+layer&weights=Random&model=MiniResNet&maps_layer=layer4.1.conv2&maps_side=32%C3%9732"
        ),
    )
    expect_wall(page, "layer4.1.conv2", 512)
    expect(by_key(page, "maps_channel").locator("input")).to_have_value("0")
    by_key(page, "maps_channel").locator("input").fill("510")
    page.keyboard.press("Enter")
    expect(wall(page).locator(".large .name")).to_have_text("Channel 510")
    wall(page).locator(".wall").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(wall(page).locator(".large .name")).to_have_text("Channel 511")
    expect(by_key(page, "maps_channel").locator("input")).to_have_value("511")


def test_the_layer_tree_is_walked_with_arrows_and_opened_with_enter(server: Server, page: Page):
    visit(page, server.at("feature_maps?maps_view=A+layer&weights=Random&maps_side=32%C3%9732"))
    expect_wall(page, "block1.conv1", 64)
    tree_item(page, "block1.conv1").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(tree_item(page, "block1.conv2")).to_be_focused()
    page.keyboard.press("Enter")
    expect_wall(page, "block1.conv2", 64)
    expect(by_key(page, "maps_layer").get_by_role("combobox")).to_have_value("block1.conv2")
    expect(tree_item(page, "block1.conv2")).to_have_attribute("aria-selected", "true")
    page.wait_for_url("**maps_layer=block1.conv2**")


def test_a_model_and_its_seed_are_chosen_in_the_sidebar(server: Server, page: Page):
    visit(
        page,
        server.at(
            "feature_maps?maps_view=A+layer&weights=Random&maps_side=32%C3%9732&maps_layer=block1.conv1"
        ),
    )
    expect_wall(page, "block1.conv1", 64)
    choose(page, "model", "MiniResNet")
    expect_wall(page, "conv1", 64)
    page.get_by_role("spinbutton", name="Random weights: seed").fill("7")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The weights are random (seed 7)")).to_be_visible()
    values = cnnviz.feature_maps(
        cnnviz.model("mini_resnet", seed=7), cnnviz.sample("cat").centre_square(32), ["conv1"]
    )["conv1"]
    assert_wall_reads(page, values, 9, 8, 8)


def test_maps_are_taken_home_as_numbers_and_as_a_picture(server: Server, page: Page):
    layer = "layer2.0.bn1"
    visit(
        page,
        server.at(
            f"feature_maps?maps_view=A+layer&weights=Random&model=MiniResNet&maps_layer={layer}&maps_side=64%C3%9764"
        ),
    )
    expect_wall(page, layer, 128)
    values = cnnviz.feature_maps(
        cnnviz.model("mini_resnet"), cnnviz.sample("cat").centre_square(64), [layer]
    )[layer]
    with np.load(io.BytesIO(take_file(page, "Maps as NPZ")[1])) as file:
        assert list(file) == [layer]
        assert file[layer].dtype == np.float32
        np.testing.assert_allclose(file[layer], values, rtol=1e-4, atol=1e-5)
    rows = list(csv.DictReader(io.StringIO(take_file(page, "Table as CSV")[1].decode(), newline="")))
    assert [int(row["channel"]) for row in rows] == list(range(128))
    assert [float(row["mean"]) for row in rows] == pytest.approx(values.mean((1, 2)), rel=1e-4, abs=1e-5)
    with Image.open(io.BytesIO(take_file(page, "Wall as PNG")[1])) as picture:
        assert picture.format == "PNG"
        columns, rows, cell = 12, 11, 64 + 2  # 128 maps of 8×8, drawn 8 times as large
        assert picture.size == (columns * cell + 2, rows * cell + 2)


def test_the_channels_are_compared_in_a_bar_chart_on_demand(server: Server, page: Page):
    visit(page, server.at("feature_maps?maps_view=A+layer&weights=Random&maps_side=32%C3%9732"))
    expect_wall(page, "block1.conv1", 64)
    expect(page.get_by_test_id("stPlotlyChart")).to_have_count(0)
    page.get_by_text("Channels compared").click()
    expect(page.get_by_test_id("stPlotlyChart").locator(".bars .point")).to_have_count(64)


def test_the_code_on_the_page_names_what_is_on_screen(server: Server, page: Page):
    visit(
        page,
        server.at(
            "feature_maps?maps_view=A+layer&weights=Random&model=MiniResNet&maps_layer=layer1.0&maps_side=64%C3%9764&seed=3"
        ),
    )
    expect_wall(page, "layer1.0", 64)
    code = open_files(page).get_by_test_id("stCode")
    for part in ('cnnviz.sample("cat").centre_square(64)', '"mini_resnet", seed=3', json.dumps("layer1.0")):
        expect(code).to_contain_text(part)


def test_a_network_of_torchvision_is_found_by_typing_and_its_wall_is_right(server: Server, page: Page):
    visit(page, server.at("feature_maps?maps_view=A+layer&weights=Random&maps_side=64%C3%9764"))
    expect_wall(page, "block1.conv1", 64)
    box = by_key(page, "model").get_by_role("combobox")
    box.click()
    page.keyboard.type("squeezenet1_1")
    page.keyboard.press("Enter")
    expect(box).to_have_value("squeezenet1_1")
    expect_wall(page, "features.0", 64)
    tree_item(page, "features.3.expand3x3").click()
    expect_wall(page, "features.3.expand3x3", 64)
    picture = cnnviz.sample("cat").centre_square(64)
    values = cnnviz.feature_maps(cnnviz.model("squeezenet1_1"), picture, ["features.3.expand3x3"])
    maps = values["features.3.expand3x3"]
    assert_every_tile_is_painted(page, maps, np.arange(64), map_limits(maps, float(np.abs(maps).max())))
    for index in (0, 31, 63):
        assert_wall_reads(page, maps, index, 4, 9)
    expect_no_errors(page)


def test_of_many_channels_the_strongest_are_on_the_wall_with_their_own_numbers(server: Server, page: Page):
    layer = "conv5.0"
    link = f"feature_maps?maps_view=A+layer&model=shufflenet_v2_x0_5&maps_layer={layer}&maps_side=64%C3%9764"
    visit(page, server.at(f"{link}&maps_order=Max&maps_channel=5"))
    picture = cnnviz.sample("cat").centre_square(64)
    maps = cnnviz.feature_maps(cnnviz.model("shufflenet_v2_x0_5"), picture, [layer])[layer]
    ranked = FeatureMaps.of(layer, maps).ranked("max")
    on_wall = [*ranked[:512], *([5] if 5 not in ranked[:512] else [])]
    expect_wall(page, layer, len(on_wall))
    expect(wall(page).locator(".large .name")).to_have_text("Channel 5")
    for index in (0, 200, 511):
        assert_wall_reads(page, maps, index, 1, 0, channel=int(on_wall[index]))
    expect(page.get_by_text(f"{len(on_wall)} of 1,024 channels are on the wall")).to_be_visible()
    expect_no_errors(page)


def test_the_tree_of_a_deep_network_scrolls_to_its_layer_and_is_walked_by_keys(server: Server, page: Page):
    layer = "features.denseblock4.denselayer32.conv2"
    visit(
        page,
        server.at(
            f"feature_maps?maps_view=A+layer&model=densenet201&maps_layer={layer}&maps_side=32%C3%9732"
        ),
    )
    expect_wall(page, layer, 32)
    chosen = tree_item(page, layer)
    expect(chosen).to_be_in_viewport()
    expect(chosen).to_have_attribute("aria-selected", "true")
    chosen.focus()
    page.keyboard.press("Home")
    expect(tree_item(page, "features")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect_wall(page, "features.conv0", 64)
    expect(by_key(page, "maps_tree").locator('[aria-selected="true"]')).to_have_count(1)
