"""The picture follows the pointer: the browser convolves while a control is dragged, Python settles it."""

import re
from functools import partial

import numpy as np
import pytest
from playwright.sync_api import expect

import cnnviz
from cnnviz.figures.theme import scale
from cnnviz.ops.filtering import CHANNEL_MODES, PictureFilter, filter_picture
from cnnviz.ops.geometry import PADDING_MODES, Window
from tests.browser.modules import load_modules
from tests.browser.screen import (
    SlowServer,
    by_key,
    canvas_pixels,
    eventually,
    expect_no_errors,
    settled,
    slider,
    visit,
)

CONVOLVE = """
([bytes, channels, height, width, settings]) => {
  const found = convolvePlanes(planesOf(Uint8Array.from(bytes), channels), height, width, settings);
  return found && { ...found, values: [...found.values] };
}
"""


@pytest.fixture
def convolve(page):
    load_modules(page, "shared/whole_picture.js")
    return lambda *given: page.evaluate(CONVOLVE, list(given))


def axis(window):
    return {name: getattr(window, name) for name in ("kernel_size", "stride", "padding", "dilation")}


@pytest.mark.own_tab
def test_the_browser_convolves_as_python_does(convolve):
    draw = np.random.default_rng(5)
    compared = 0
    for _ in range(200):
        height, width = (int(n) for n in draw.integers(4, 20, 2))
        picture = cnnviz.Picture(draw.integers(0, 256, (height, width, 3), dtype=np.uint8), "noise")
        rows, columns = (
            Window(*(int(draw.integers(*bounds)) for bounds in ((1, 5), (1, 4), (0, 4), (1, 4))))
            for _ in range(2)
        )
        kernel = draw.normal(size=(rows.kernel_size, columns.kernel_size))
        mode, channels = str(draw.choice(PADDING_MODES)), str(draw.choice(CHANNEL_MODES))
        layer = PictureFilter(kernel, channels, rows, columns, mode, float(draw.normal()))
        shape = {"height": rows.kernel_size, "width": columns.kernel_size}
        settings = {
            "rows": axis(rows), "columns": axis(columns), "mode": mode, "bias": layer.bias,
            "kernel": {"values": kernel.ravel().tolist(), **shape},
        }  # fmt: skip
        found = convolve(picture.pixels.ravel().tolist(), channels, height, width, settings)
        try:
            expected = filter_picture(picture, layer)
        except cnnviz.CnnvizError:
            assert found is None
            continue
        compared += 1
        assert tuple(found["shape"]) == expected.output.shape
        np.testing.assert_allclose(
            found["values"], expected.output.ravel(), atol=2e-6 * max(1.0, expected.limit)
        )
        assert found["limit"] == pytest.approx(expected.limit, abs=2e-6 * max(1.0, expected.limit))
    assert compared > 150


def live_slider(page):
    return by_key(page, "conv_view").locator(".live input")


def choose_live_control(page, label):
    by_key(page, "conv_view").locator(".live select").select_option(label=label)


def updates(page):
    return int(by_key(page, "conv_view").locator(".root").get_attribute("data-live") or 0)


def expect_update(page, move):
    """Dragging changes the picture."""
    before = updates(page)
    move()

    def turned():
        assert updates(page) > before

    eventually(page, turned)


def output_pixels(page):
    return canvas_pixels(by_key(page, "conv_view").locator(".output canvas.picture"))[..., :3]


def painted_by_python(kernel, window):
    """The output of the cat as Python computes and paints it."""
    expected = filter_picture(
        cnnviz.sample("cat").fitted(84), PictureFilter(kernel, "summed", window, window)
    )
    return scale("activation").paint(expected.output[0], expected.limit)


def grab(page):
    live_slider(page).hover()
    box = live_slider(page).bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, y)
    page.mouse.down()
    return lambda share: page.mouse.move(box["x"] + 8 + share * (box["width"] - 16), y)


def test_the_picture_follows_the_hand_and_ends_as_the_server_has_it(server, page):
    visit(page, server.at("convolution?conv_kernel=Gabor&conv_kernel_height=9&conv_resolution=84+px"))
    size = by_key(page, "conv_view").locator(".output .size")
    expect(size).to_have_text(re.compile("^48×76"))
    choose_live_control(page, "Angle (degrees)")
    before = output_pixels(page)
    move = grab(page)
    for share in (0.2, 0.4, 0.6, 0.5):
        expect_update(page, partial(move, share))
    assert not np.array_equal(output_pixels(page), before)  # the slider is still held
    page.mouse.up()
    expect(slider(page, "conv_angle")).to_have_value("90")
    expect(page).to_have_url(re.compile("conv_angle=90"))
    settled(page)
    painted = painted_by_python(cnnviz.kernel("gabor", 9, angle=90), Window(9))
    assert np.abs(output_pixels(page).astype(int) - painted).max() <= 4
    expect_no_errors(page)


@pytest.mark.parametrize(
    ("label", "key", "window"),
    [
        ("Kernel size k", "conv_kernel_height", Window(4)),
        ("Stride s", "conv_stride", Window(3, stride=2)),
        ("Padding p", "conv_padding", Window(3, padding=1)),
        ("Dilation d", "conv_dilation", Window(3, dilation=2)),
    ],
)
def test_each_setting_is_dragged_by_keyboard(server, page, label, key, window):
    visit(page, server.at("convolution?conv_kernel=Box+blur&conv_resolution=84+px"))
    choose_live_control(page, label)
    before = int(slider(page, key).input_value())
    live_slider(page).press("ArrowRight")
    size = by_key(page, "conv_view").locator(".output .size")
    wanted = re.compile(f"^{window.output_size(56)}×{window.output_size(84)}")
    expect(size).to_have_text(wanted)
    expect(slider(page, key)).to_have_value(str(before + 1))
    expect(size).to_have_text(wanted)


@pytest.mark.own_tab
def test_a_late_answer_does_not_take_the_hand_back(server, page):
    slow = SlowServer(page)
    visit(page, server.at("convolution?conv_kernel=Box+blur&conv_resolution=84+px"))
    size = by_key(page, "conv_view").locator(".output .size")
    expect(size).to_have_text(re.compile("^54×82"))
    choose_live_control(page, "Stride s")
    slow.holding = True
    live_slider(page).press("ArrowRight")
    expect(size).to_have_text(re.compile("^27×41"))
    slow.wait_for_answer(page)
    live_slider(page).press("ArrowRight")
    expect(size).to_have_text(re.compile("^18×28"))
    slow.let_go()
    expect(slider(page, "conv_stride")).to_have_value("2")
    expect(size).to_have_text(re.compile("^18×28"))
    slow.release()
    expect(slider(page, "conv_stride")).to_have_value("3")
    expect(size).to_have_text(re.compile("^18×28"))


def test_it_is_dragged_by_touch_on_a_phone(server, new_page):
    phone = new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    visit(phone, server.at("convolution?conv_kernel=Box+blur&conv_resolution=84+px"))
    choose_live_control(phone, "Stride s")
    expect(by_key(phone, "conv_view").locator(".output .size")).to_have_text(re.compile("^54×82"))
    live_slider(phone).scroll_into_view_if_needed()
    box = live_slider(phone).bounding_box()
    live_slider(phone).tap(position={"x": box["width"] - 4, "y": box["height"] / 2})
    expect(by_key(phone, "conv_stride").locator("input[type=range]")).to_have_value("8")
    expect(by_key(phone, "conv_view").locator(".output .size")).to_have_text(re.compile("^7×11"))


@pytest.mark.own_tab
def test_a_slider_turns_the_picture_before_the_server_answers(server, page):
    slow = SlowServer(page)
    visit(page, server.at("convolution?conv_kernel=Box+blur&conv_resolution=84+px"))
    size = by_key(page, "conv_view").locator(".output .size")
    expect(size).to_have_text(re.compile("^54×82"))
    slow.holding = True
    slider(page, "conv_stride").press("ArrowRight")
    expect(size).to_have_text(re.compile("^27×41"))
    slow.wait_for_answer(page)
    slider(page, "conv_stride").press("ArrowRight")
    expect(size).to_have_text(re.compile("^18×28"))
    slow.let_go()  # the answer to the first press comes late
    page.wait_for_timeout(300)
    expect(size).to_have_text(re.compile("^18×28"))
    slow.release()
    settled(page)
    expect(size).to_have_text(re.compile("^18×28"))
    painted = painted_by_python(cnnviz.kernel("box", 3), Window(3, 3))
    assert np.abs(output_pixels(page).astype(int) - painted).max() <= 4
    expect_no_errors(page)


@pytest.mark.own_tab
def test_the_dilation_lab_follows_its_sliders_before_the_server_answers(server, page):
    slow = SlowServer(page)
    visit(page, server.at("dilation?dil_view=Whole+picture"))
    view = by_key(page, "dil_picture")
    size = view.locator(".output .size")
    expect(size).to_have_text(re.compile("^108×164"))
    slow.holding = True
    slider(page, "dil_dilation").press("ArrowRight")
    expect(size).to_have_text(re.compile("^106×162"))
    slow.wait_for_answer(page)
    slider(page, "dil_kernel_size").press("ArrowRight")
    expect(size).to_have_text(re.compile("^103×159"))
    slow.release()
    expect(by_key(page, "dil_facts").locator(".result").first).to_have_text("103")
    settled(page)
    expect(size).to_have_text(re.compile("^103×159"))
    window = Window(4, dilation=3)
    layer = PictureFilter(cnnviz.kernel("sobel_x", 4), "grey", window, window)
    expected = filter_picture(cnnviz.sample("cat").fitted(168), layer)
    painted = scale("activation").paint(expected.output[0], expected.limit)
    pixels = canvas_pixels(view.locator(".output canvas.picture"))[..., :3]
    assert np.abs(pixels.astype(int) - painted).max() <= 4
    expect_no_errors(page)


def test_a_slider_that_is_dragged_turns_the_picture_while_it_is_held(server, page):
    visit(page, server.at("convolution?conv_kernel=Gabor&conv_kernel_height=9&conv_resolution=84+px"))
    expect(by_key(page, "conv_view").locator(".output .size")).to_have_text(re.compile("^48×76"))
    by_key(page, "conv_angle").locator("[data-testid=stSlider]").hover()  # until it is at rest
    thumb = by_key(page, "conv_angle").locator("[data-testid=stSliderThumbValue]").bounding_box()
    track = by_key(page, "conv_angle").locator("[data-testid=stSlider]").bounding_box()
    seen = output_pixels(page)
    x, y = thumb["x"] + thumb["width"] / 2, thumb["y"] + thumb["height"] + 8
    page.mouse.move(x, y)
    page.mouse.down()
    for share in (0.2, 0.4, 0.5):
        expect_update(page, partial(page.mouse.move, x + share * track["width"], y))
    assert not np.array_equal(output_pixels(page), seen)
    page.wait_for_timeout(1300)  # the slider is still held
    held = output_pixels(page)
    numbers = by_key(page, "conv_facts")
    expect(numbers).to_have_css("opacity", "0.35")  # they are still those of before
    page.mouse.up()
    settled(page)
    expect(numbers).to_have_css("opacity", "1")
    angle = int(slider(page, "conv_angle").input_value())
    assert angle > 0
    painted = painted_by_python(cnnviz.kernel("gabor", 9, angle=angle), Window(9))
    for shown in (held, output_pixels(page)):
        assert np.abs(shown.astype(int) - painted).max() <= 4


@pytest.mark.own_tab
def test_a_preset_has_its_way_with_a_slider_just_moved(server, page):
    slow = SlowServer(page)
    visit(page, server.at("convolution?conv_kernel=Box+blur"))
    size = by_key(page, "conv_view").locator(".output .size")
    expect(size).to_have_text(re.compile("^110×166"))
    slow.holding = True
    slider(page, "conv_stride").press("ArrowRight")
    expect(size).to_have_text(re.compile("^55×83"))
    slow.wait_for_answer(page)
    slow.held.clear()  # a run that the next one cuts short may say nothing of the picture
    page.get_by_role("button", name="Dilation 4").click()
    slow.wait_for_answer(page)
    slow.release()
    expect(size).to_have_text(re.compile("^112×168"))
    expect(slider(page, "conv_stride")).to_have_value("1")
    expect_no_errors(page)
