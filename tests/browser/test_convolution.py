"""The convolution lab in the browser: sliders, kernels, numbers under the pointer, links."""

import io
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from playwright.sync_api import Page, expect

import cnnviz
from cnnviz.figures.theme import scale
from cnnviz.ops.geometry import Window
from cnnviz.ops.kernels import kernel_names, named_kernel
from tests.browser.conftest import OpenPage, Server
from tests.browser.screen import (
    SlowServer,
    assert_shows,
    by_key,
    canvas_pixels,
    cells,
    choose,
    conv_view,
    eventually,
    expect_no_errors,
    expect_output_size,
    expect_whole_pictures,
    hover_cell,
    kernel_note,
    move_slider,
    open_more,
    output_caption,
    point_until,
    readout,
    settled,
    slider,
    source,
    take_file,
    upload,
    visit,
    watch_runs,
)

PATTERN = "source=Pattern&pattern=Rings&conv_resolution=28+px"
LUMA = torch.tensor([0.299, 0.587, 0.114])[:, None, None]


def rings() -> torch.Tensor:
    return cnnviz.draw_pattern(cnnviz.Pattern("rings"), 28).tensor()


def cat(side: int = 168) -> torch.Tensor:
    return cnnviz.sample("cat").fitted(side).tensor()


def summed(x: torch.Tensor, kernel: np.ndarray, **options: int) -> torch.Tensor:
    """The kernel on R, G and B, summed: (H', W')."""
    weight = torch.tensor(np.array(kernel), dtype=torch.float32).expand(1, 3, *kernel.shape)
    return F.conv2d(x, weight, **options)[0, 0]


def headline(page: Page):
    return readout(conv_view(page)).locator("strong")


def output_canvas(page: Page):
    return conv_view(page).locator(".output canvas.picture")


def assert_output_reads(page: Page, expected: torch.Tensor, row: int, column: int) -> None:
    """Point at a unit of the output and compare the number."""
    shape = (int(expected.shape[0]), int(expected.shape[1]))
    point_until(
        page,
        lambda: hover_cell(page, output_canvas(page), row, column, shape),
        headline(page),
        f"Output row {row}, column {column}: ",
    )
    value, largest = float(expected[row, column]), float(expected.abs().max())
    # A number that stands there already follows a change of the kernel.
    eventually(page, lambda: assert_shows(headline(page).inner_text().partition(": ")[2], value, largest))


def assert_output_is_painted(page: Page, expected: torch.Tensor) -> None:
    """Every pixel of the output has its value's colour, up to one step of the scale."""
    painted = scale("activation").paint(expected.numpy(), float(expected.abs().max())).astype(int)
    shown = canvas_pixels(output_canvas(page)).astype(int)
    assert shown.shape[:2] == painted.shape[:2]
    assert np.abs(shown[..., :3] - painted).max() <= 6


def test_each_slider_redraws_the_output_at_its_right_size(server: Server, page: Page):
    visit(page, server.at("convolution"))
    settings = {"kernel_size": 3, "stride": 1, "padding": 0, "dilation": 1}
    moves = (
        ("kernel_size", 5),
        ("padding", 4),
        ("dilation", 3),
        ("stride", 3),
        ("kernel_size", 2),
        ("dilation", 1),
    )
    keys = {name: f"conv_{name}" for name in settings} | {"kernel_size": "conv_kernel_height"}
    for name, value in moves:
        settings[name] = value
        move_slider(page, keys[name], value)
        size, options = settings["kernel_size"], {k: v for k, v in settings.items() if k != "kernel_size"}
        expected = summed(cat(), cnnviz.kernel("sobel_x", size), **options)
        expect_output_size(page, tuple(expected.shape))
    assert_output_reads(page, expected, 11, 17)
    assert_output_is_painted(page, expected)
    expect_no_errors(page)


@pytest.mark.parametrize(
    ("query", "x"), [(PATTERN, rings), ("conv_resolution=84+px", lambda: cat(84))], ids=["pattern", "photo"]
)
def test_the_output_under_the_pointer_has_pytorchs_value(server: Server, page: Page, query: str, x):
    visit(page, server.at(f"convolution?{query}&conv_stride=2&conv_padding=1&conv_kernel_height=5"))
    expected = summed(x(), cnnviz.kernel("sobel_x", 5), stride=2, padding=1)
    expect_output_size(page, tuple(expected.shape))
    height, width = expected.shape
    for row, column in ((0, 0), (height - 1, width - 1), (height // 2, 3), (2, width // 2)):
        assert_output_reads(page, expected, row, column)
    assert_output_is_painted(page, expected)


def read_count(size: int, mode: str, padding: int, row: int, column: int, **options: int) -> int:
    """How many outputs of 28×28 pixels change with one of them, itself or as padding."""
    poked = torch.zeros(1, 1, 28, 28)
    poked[0, 0, row, column] = 1
    padded = F.pad(poked, (padding,) * 4, mode=mode)
    return int((F.conv2d(padded, torch.ones(1, 1, size, size), **options) != 0).sum())


@pytest.mark.parametrize("mode", ["Zeros", "Reflect", "Replicate", "Circular"])
def test_an_input_pixel_says_how_many_outputs_read_it(server: Server, page: Page, mode: str):
    options = {"stride": 3, "dilation": 2}
    query = "&".join(f"conv_{name}={value}" for name, value in options.items())
    visit(
        page,
        server.at(
            f"convolution?{PATTERN}&conv_kernel_height=4&{query}&conv_padding=4&conv_padding_mode={mode}"
        ),
    )
    expect_output_size(page, (10, 10))
    torchs_name = {"Zeros": "constant"}.get(mode, mode.lower())
    picture = conv_view(page).locator(".input canvas.picture")
    counts = set()
    for row, column in ((0, 0), (4, 4), (2, 26), (14, 14), (13, 14), (27, 27), (27, 3), (11, 9)):
        count = read_count(4, torchs_name, 4, row, column, **options)
        counts.add(count)
        words = {0: "is read by no output", 1: "is read by 1 output:"}.get(
            count, f"is read by {count} outputs:"
        )
        hover_cell(page, picture, row, column, (28, 28))
        expect(headline(page)).to_contain_text(f"Input row {row}, column {column}: ")
        expect(readout(conv_view(page))).to_contain_text(words)
    assert len(counts) >= 3


def test_every_kernel_by_name_gives_its_own_output(server: Server, page: Page):
    visit(page, server.at(f"convolution?{PATTERN}"))
    for name in kernel_names():
        choose(page, "conv_kernel", named_kernel(name).label)
        expected = summed(rings(), cnnviz.kernel(name, 3))
        expect(output_canvas(page)).to_have_attribute(
            "aria-label", re.compile(f"^{named_kernel(name).label} of")
        )
        assert_output_reads(page, expected, 13, 9)
    expect_no_errors(page)


def type_weight(page: Page, kernel: np.ndarray, index: int, value: float) -> None:
    """Type a weight into the grid, and put it into `kernel`."""
    kernel.flat[index] = value
    cells(page).nth(index).fill(str(value))
    cells(page).nth(index).press("Enter")
    expect(by_key(page, "conv_kernel").get_by_role("combobox")).to_have_value("By hand")


def test_a_weight_typed_into_the_grid_counts_at_once_and_travels_in_the_link(
    server: Server, page: Page, new_page: OpenPage
):
    visit(page, server.at(f"convolution?{PATTERN}"))
    kernel = np.array(cnnviz.kernel("sobel_x", 3))
    for index, value in ((4, -7.25), (0, 0.5)):
        type_weight(page, kernel, index, value)
        expect(output_canvas(page)).to_have_attribute("aria-label", re.compile("^A kernel made by hand of"))
        expected = summed(rings(), kernel)
        low = f"{float(expected.min()):.4g}"
        expect(output_canvas(page)).to_have_attribute("aria-label", re.compile(f"values from {low} to"))
        assert_output_reads(page, expected, 10, 12)
        page.wait_for_url(re.compile(r"conv_kernel=By\+hand.*conv_weights="))  # after the first edit as well
    page.wait_for_url(re.compile(r"conv_weights=0\.5\+0\+1%3B"))
    there = new_page()
    visit(there, page.url)
    expect(by_key(there, "conv_kernel").get_by_role("combobox")).to_have_value("By hand")
    assert_output_reads(there, expected, 10, 12)
    assert_output_is_painted(there, expected)
    expect(cells(there).nth(4)).to_have_value("−7.25")


@pytest.mark.own_tab
def test_a_weight_typed_while_the_lab_waits_to_rerun_is_kept(server: Server, page: Page):
    """What brings the link up to date must not send the weights of before along."""
    slow = SlowServer(page)
    visit(page, server.at(f"convolution?{PATTERN}"))
    kernel = np.array(cnnviz.kernel("sobel_x", 3))
    for index, value in ((4, -7.25), (0, 0.5)):
        type_weight(page, kernel, index, value)
        if not slow.holding:
            page.wait_for_timeout(600)
            slow.holding = True
    page.wait_for_timeout(600)  # now the lab would rerun, were it not for the second edit
    slow.release()
    page.wait_for_url(re.compile(r"conv_weights=0\.5\+0\+1%3B"))
    page.wait_for_timeout(1500)
    settled(page)
    assert_output_reads(page, summed(rings(), kernel), 10, 12)


def test_what_is_no_weight_is_flagged_beside_the_grid_and_changes_nothing(server: Server, page: Page):
    visit(page, server.at(f"convolution?{PATTERN}"))
    expected = summed(rings(), cnnviz.kernel("sobel_x", 3))
    cell = cells(page).nth(3)
    for text in ("abc", "", "1e308", "inf", "NaN", "1 2", "--3", "1001"):
        cell.fill(text)
        cell.press("Tab")
        expect(kernel_note(page)).to_have_text("A weight is a number from −1000 to 1000.")
        expect(cell).to_have_attribute("aria-invalid", "true")
        expect(cell).to_have_value(text)
        cell.press("Escape")
        expect(kernel_note(page)).to_have_text("")
        expect(cell).to_have_value("−2")
    assert_output_reads(page, expected, 5, 5)
    cell.fill("2.5")
    cell.press("Enter")
    kernel = np.array(cnnviz.kernel("sobel_x", 3))
    kernel.flat[3] = 2.5
    expect(output_canvas(page)).to_have_attribute("aria-label", re.compile("^A kernel made by hand of"))
    assert_output_reads(page, summed(rings(), kernel), 5, 5)


def test_a_matrix_is_pasted_as_text_and_nonsense_is_explained(server: Server, page: Page):
    visit(page, server.at(f"convolution?{PATTERN}"))
    open_more(page)
    field = page.get_by_role("textbox", name="Kernel by hand, as text")
    field.fill("[[1, 0, -1, 2], [0.5, 0, 0, 1], [2, 2, 2, -3]]")
    field.press("Enter")
    kernel = np.array([[1, 0, -1, 2], [0.5, 0, 0, 1], [2, 2, 2, -3]])
    expected = summed(rings(), kernel)
    expect_output_size(page, (26, 25))
    expect(cells(page)).to_have_count(12)
    assert_output_reads(page, expected, 20, 20)
    field.fill("1 2; three")
    field.press("Enter")
    expect(page.get_by_test_id("stAlert")).to_contain_text("is not a number from")
    assert_output_reads(page, expected, 20, 20)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_depthwise_shows_each_colour_and_all_together(server: Server, page: Page):
    visit(page, server.at("convolution?conv_kernel=Box+blur&conv_resolution=42+px&conv_channels=Depthwise"))
    expect_output_size(page, (26, 40))
    x = cat(42)
    each = F.conv2d(x, torch.full((3, 1, 3, 3), 1 / 9), groups=3)[0]
    buttons = conv_view(page).get_by_role("group", name="Output channel").get_by_role("button")
    expect(buttons).to_have_text(["Together", "R", "G", "B"])
    shown = canvas_pixels(output_canvas(page))[..., :3].astype(int)
    assert np.abs(shown - (255 * each.permute(1, 2, 0).numpy())).max() < 1.01
    hover_cell(page, output_canvas(page), 7, 9, (26, 40))
    for channel, name in enumerate("RGB"):
        conv_view(page).get_by_role("button", name=name, exact=True).click()
        hover_cell(page, output_canvas(page), 7, 9, (26, 40))
        expect(headline(page)).to_contain_text(f"Output row 7, column 9: {name} ")
        assert_shows(headline(page).inner_text().split()[-1], float(each[channel, 7, 9]), 1.0)
    expect(conv_view(page).get_by_role("button", name="B", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )


@pytest.mark.parametrize("mode", ["Reflect", "Replicate", "Circular"])
def test_each_padding_mode_pads_as_pytorch_does(server: Server, page: Page, mode: str):
    visit(page, server.at(f"convolution?{PATTERN}&conv_padding=5&conv_padding_mode={mode}"))
    padded = F.pad(rings(), (5, 5, 5, 5), mode=mode.lower())
    expected = summed(padded, cnnviz.kernel("sobel_x", 3))
    expect_output_size(page, (36, 36))
    for row, column in ((0, 0), (35, 2), (3, 35)):
        assert_output_reads(page, expected, row, column)
    assert_output_is_painted(page, expected)


def png(height: int, width: int) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_a_picture_of_one_pixel_runs_and_says_what_limits_it(server: Server, page: Page):
    visit(page, server.at("convolution?conv_padding_mode=Reflect&conv_resolution=28+px&conv_padding=9"))
    upload(page, "dot.png", png(1, 1))
    words = page.get_by_test_id("stSidebar").get_by_text("dot.png, 1×1 pixels, height × width.")
    expect(words).to_be_visible()
    expect(headline(page)).to_contain_text("Output row")
    expect(conv_view(page).locator(".input canvas.picture")).to_have_attribute(
        "aria-label", "The input, dot.png"
    )
    expect_no_errors(page)


def test_a_ribbon_of_a_picture_limits_reflection_and_says_why(server: Server, page: Page):
    visit(page, server.at("convolution?conv_padding_mode=Reflect&conv_resolution=168+px&conv_locked=false"))
    upload(page, "ribbon.png", png(20, 5000))
    expect(page.get_by_test_id("stSidebar").get_by_text(re.compile("made smaller"))).to_be_visible()
    expect(conv_view(page).locator(".input .size")).to_have_text(re.compile("^1×168"))
    expect_no_errors(page)
    expect(slider(page, "conv_padding")).to_be_disabled()
    by_key(page, "conv_padding").get_by_role("button").hover()
    expect(page.get_by_role("tooltip")).to_contain_text("Reflect padding can fill at most 0 here")
    expect(slider(page, "conv_padding_width")).to_be_enabled()


def test_both_axes_are_set_apart_when_unlocked(server: Server, page: Page):
    visit(page, server.at(f"convolution?{PATTERN}"))
    open_more(page)
    page.get_by_role("switch", name="Same on both axes").or_(
        page.get_by_role("checkbox", name="Same on both axes")
    ).first.dispatch_event("click")
    move_slider(page, "conv_stride_width", 3)
    move_slider(page, "conv_kernel_width", 6)
    move_slider(page, "conv_padding", 2)
    expected = summed(rings(), cnnviz.kernel("sobel_x", (3, 6)), stride=(1, 3), padding=(2, 0))
    expect_output_size(page, tuple(expected.shape))
    assert_output_reads(page, expected, 12, 4)


def test_limits_that_move_while_keys_are_pressed_run_the_lab_alone_and_nothing_is_forgotten(
    server: Server, page: Page
):
    runs = watch_runs(page)
    visit(page, server.at(f"convolution?{PATTERN}&conv_locked=false&conv_kernel_width=5"))
    assert runs == ["page"]
    slider(page, "conv_kernel_width").focus()
    for key in (["ArrowRight"] * 3 + ["ArrowLeft"] * 3) * 4 + ["ArrowRight"] * 4:
        page.keyboard.press(key)
        page.wait_for_timeout(15)
    page.wait_for_url(re.compile(r"conv_kernel_width=9&conv_locked=false&conv_resolution=28"))
    expect(slider(page, "conv_kernel_width")).to_have_value("9")
    expect_output_size(page, (26, 20))
    # With 9 taps the dilation is at most 3. The value of a slider with new limits is in the link as well.
    expect(slider(page, "conv_dilation_width")).to_have_attribute("max", "3")
    move_slider(page, "conv_dilation_width", 2)
    page.wait_for_url(re.compile("conv_dilation_width=2"))
    expect_output_size(page, (26, 12))
    move_slider(page, "conv_kernel_width", 10)
    page.wait_for_timeout(600)  # longer than a rerun would wait
    settled(page)
    assert "conv_dilation_width=2" in page.url
    assert set(runs[1:]) == {"fragment"}


def test_the_output_is_walked_with_the_arrow_keys(server: Server, page: Page):
    visit(page, server.at(f"convolution?{PATTERN}&conv_padding=1"))
    expect_output_size(page, (28, 28))
    conv_view(page).locator(".output .stage").focus()
    for key, place in (("ArrowRight", (14, 15)), ("ArrowUp", (13, 15)), ("ArrowLeft", (13, 14))):
        page.keyboard.press(key)
        expect(headline(page)).to_contain_text(f"Output row {place[0]}, column {place[1]}: ")
    for _ in range(30):
        page.keyboard.press("ArrowDown")
    expect(headline(page)).to_contain_text("Output row 27, column 14: ")


def test_a_burst_of_keys_ends_with_the_right_picture(server: Server, page: Page):
    visit(page, server.at("convolution"))
    slider(page, "conv_stride").focus()
    for key in ["ArrowRight"] * 7 + ["ArrowLeft"] * 7 + ["ArrowRight"] * 6:
        page.keyboard.press(key)
    slider(page, "conv_kernel_height").focus()
    for key in ["ArrowRight"] * 12 + ["ArrowLeft"] * 8:
        page.keyboard.press(key)
    expect(slider(page, "conv_stride")).to_have_value("7")
    expect(slider(page, "conv_kernel_height")).to_have_value("7")
    expected = summed(cat(), cnnviz.kernel("sobel_x", 7), stride=7)
    expect_output_size(page, tuple(expected.shape))
    assert_output_is_painted(page, expected)
    assert_output_reads(page, expected, 3, 3)
    expect_whole_pictures(page)
    expect_no_errors(page)


TELLING_CASES = {
    "Sobel on a step edge": (26, 26),
    "Blur each colour": (112, 168),
    "Stride 4 keeps one in sixteen": (28, 42),
    "Dilation 4: a 3×3 kernel spans 9": (112, 168),
    "One bright pixel shows the kernel": (28, 28),
}


def test_a_preset_is_one_click_away_and_its_link_gives_it_back(
    server: Server, page: Page, new_page: OpenPage
):
    visit(page, server.at("convolution"))
    expect_output_size(page, (110, 166))
    there = new_page()
    for label, size in TELLING_CASES.items():
        page.get_by_role("button", name=label).click()
        expect_output_size(page, size)
        if "bright pixel" in label or "Blur" in label:
            page.wait_for_url("**conv_kernel_height=**")  # follows a moment after the slider's limits
        settled(page)
        expect_no_errors(page)
        visit(there, page.url)
        expect_output_size(there, size)
        name = output_canvas(page).get_attribute("aria-label") or "?"
        expect(output_canvas(there)).to_have_attribute("aria-label", name)


def test_the_output_is_taken_home(server: Server, page: Page, tmp_path):
    visit(page, server.at(f"convolution?{PATTERN}&conv_stride=2"))
    expected = summed(rings(), cnnviz.kernel("sobel_x", 3), stride=2)
    expect_output_size(page, (13, 13))
    for label, name in (("Numbers as NPZ", "convolution.npz"), ("Output as PNG", "convolution_output.png")):
        given, data = take_file(page, label)
        assert given == name
        (tmp_path / name).write_bytes(data)
    with np.load(tmp_path / "convolution.npz") as file:
        np.testing.assert_allclose(file["output"][0], expected.numpy(), rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(file["input"], (rings()[0] * 255).round().byte().permute(1, 2, 0))
    with Image.open(tmp_path / "convolution_output.png") as picture:
        side = 13 * 28 + 2 * 2  # each pixel 28 times as large, so that the whole is at least 360
        assert picture.size == (side, side)


def test_the_sizes_of_another_picture_are_taken_over(server: Server, page: Page):
    visit(page, server.at("convolution?conv_kernel_height=15&conv_resolution=28+px"))
    expect(output_caption(page)).to_have_text(re.compile("^5×14"))
    source(page, "Pattern")
    expect(output_caption(page)).to_have_text(re.compile("^14×14"))
    expect_no_errors(page)


def test_pixel_use_is_read_under_the_pointer_before_and_after_a_change(server, page):
    visit(page, server.at("convolution?conv_mode=Pixel+use&conv_resolution=28+px"))
    part = by_key(page, "conv_use")
    for stride in (1, 4):
        move_slider(page, "conv_stride", stride)
        window = Window(3, stride)
        counts = cnnviz.read_counts(window, window, 19, 28)
        expect(part.locator(".legend span").last).to_have_text(str(counts.max()))
        for row, column in ((8, 8), (9, 11), (0, 27)):
            hover_cell(page, part.locator(".stage canvas").nth(1), row, column, (19, 28))
            expect(part.locator(".readout")).to_contain_text(
                f"Times read row {row}, column {column}: {counts[row, column]}"
            )


def test_a_text_that_is_no_kernel_says_so_beside_its_field(server, page):
    visit(page, server.at("convolution"))
    open_more(page)
    field = by_key(page, "conv_weights").locator("input")
    field.fill("1 a 2")
    field.press("Enter")
    expect(page.get_by_test_id("stAlert")).to_contain_text("'a' is not a number from −1000 to 1000.")
