"""The sliding window is handled alike on every page that has it: by mouse, by keyboard, by touch.

Each page's numbers are held against PyTorch.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
import torch.nn.functional as F
from playwright.sync_api import Locator, Page, expect
from torch import Tensor

import cnnviz
from tests.browser.screen import by_key, expect_no_errors, hover_cell, number, visit

KERNEL = torch.tensor(cnnviz.kernel("sobel_x").copy(), dtype=torch.float32)[None, None]
# Bilinear for stride 2, as the page's stamp.
STAMP = torch.tensor([[0.25, 0.5, 0.25], [0.5, 1.0, 0.5], [0.25, 0.5, 0.25]])[None, None]


def patch(size: int, row: int = 16, column: int = 24) -> Tensor:
    """The brightness of a square of the page's picture."""
    x = cnnviz.sample("cat").fitted(64).tensor()
    grey = (x * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    return grey[..., row : row + size, column : column + size]


@dataclass(frozen=True)
class Played:
    """A page with its own setting: what it computes, and how its grids are laid out.

    `changed` is what it computes after one press of `stepper`, which the link then tells as `query`.
    """

    address: str
    prefix: str
    size: int
    compute: Callable[[Tensor], Tensor]
    cells: tuple[int, int, int]  # across the input grid and the output grid; of them before the input
    stepper: str
    changed: Callable[[Tensor], Tensor]
    query: str


def slides(dilation: int = 1, stride: int = 1) -> Callable[[Tensor], Tensor]:
    return lambda x: F.conv2d(x, KERNEL, stride=stride, dilation=dilation)


PAGES = {
    "convolution": Played(
        "convolution?conv_mode=Pixel+by+pixel&conv_channels=Grey", "conv", 8, slides(), (12, 10, 2),
        "Stride larger", slides(stride=2), "conv_stride=2",
    ),
    "max pooling": Played(
        "pooling?pool_view=Pixel+by+pixel", "pool", 8, lambda x: F.max_pool2d(x, 2), (12, 10, 2),
        "Stride larger", lambda x: F.max_pool2d(x, 2, 3), "pool_stride=3",
    ),
    "average pooling": Played(
        "pooling?pool_view=Pixel+by+pixel&pool_kind=Average+pooling", "pool", 8, lambda x: F.avg_pool2d(x, 2),
        (12, 10, 2), "Kernel larger", lambda x: F.avg_pool2d(x, 3, 2), "pool_kernel_size=3",
    ),
    "dilation": Played(
        "dilation?dil_view=Pixel+by+pixel", "dil", 12, slides(2), (12, 12, 0),
        "Dilation larger", slides(3), "dil_dilation=3",
    ),
    "transposed convolution": Played(
        "transposed_convolution?up_view=Pixel+by+pixel", "up", 5,
        lambda x: F.conv_transpose2d(x, STAMP, stride=2), (8, 12, 0),
        "Padding larger", lambda x: F.conv_transpose2d(x, STAMP, stride=2, padding=1), "up_padding=1",
    ),
}  # fmt: skip
played = pytest.mark.parametrize("name", PAGES)


def opened(page: Page, server, name: str) -> tuple[Played, Locator, Tensor]:
    spec = PAGES[name]
    visit(page, server.at(spec.address))
    window = by_key(page, f"{spec.prefix}_sliding")
    y = spec.compute(patch(spec.size))[0, 0]
    expect_at(window, y, y.shape[0] // 2, y.shape[1] // 2)
    return spec, window, y


def expect_at(window: Locator, y: Tensor, row: int, column: int) -> None:
    """The readout tells that output, with PyTorch's value."""
    head = window.locator(".readout strong")
    expect(head).to_have_text(re.compile(f"^Output row {row}, column {column} = "))
    value = number(head.inner_text().rpartition("= ")[2])
    assert value == pytest.approx(float(y[row, column]), rel=1e-3, abs=1e-5)


def expect_step(window: Locator, y: Tensor, index: int) -> None:
    expect(window.locator(".where")).to_have_text(f"output {index + 1} of {y.numel()}")
    expect_at(window, y, index // y.shape[1], index % y.shape[1])


def point(page: Page, window: Locator, spec: Played, grid: str, row: int, column: int) -> None:
    """At an input or an output, by its own row and column."""
    offset = spec.cells[2] if grid == "input" else 0
    cells = spec.cells[0 if grid == "input" else 1]
    hover_cell(page, window.locator(f".{grid} canvas"), row + offset, column + offset, (cells, cells))


def readers(spec: Played, row: int, column: int) -> int:
    """How many outputs a single input reaches, every weight being 1."""
    one = torch.zeros(1, 1, spec.size, spec.size)
    one[..., row, column] = 1
    ones = torch.ones(1, 1, 3, 3)
    reached = {
        "conv": lambda: F.conv2d(one, ones),
        "pool": lambda: F.avg_pool2d(one, 2),
        "dil": lambda: F.conv2d(one, ones, dilation=2),
        "up": lambda: F.conv_transpose2d(one, ones, stride=2),
    }
    return int((reached[spec.prefix]() > 0).sum())


@played
def test_it_is_played_by_mouse(page: Page, server, name: str):
    spec, window, y = opened(page, server, name)
    middle = (y.shape[0] // 2) * y.shape[1] + y.shape[1] // 2
    button = lambda words: window.get_by_role("button", name=words, exact=True)  # noqa: E731
    button("One step forth").click()
    expect_step(window, y, middle + 1)
    button("One step back").click()
    expect_step(window, y, middle)
    window.get_by_role("slider", name="Output number").fill("3")
    expect_step(window, y, 3)
    window.get_by_role("combobox", name="Speed").select_option("1")
    button("To the first output").click()
    expect_step(window, y, 0)
    button("Play").click()
    expect(window.locator(".where")).not_to_have_text(f"output 1 of {y.numel()}")
    button("Pause").click()
    # Output, input, tap and term under the pointer.
    point(page, window, spec, "output", 1, 0)
    expect_at(window, y, 1, 0)
    point(page, window, spec, "input", 2, 3)
    head = window.locator(".readout strong")
    expect(head).to_have_text(re.compile(r"^Input row 2, column 3: "))
    assert number(head.inner_text().rpartition(": ")[2]) == pytest.approx(
        float(patch(spec.size)[0, 0, 2, 3]), abs=0.0051
    )
    count = readers(spec, 2, 3)
    expect(window.locator(".readout")).to_contain_text(f"read by {count} output{'s' if count > 1 else ''}")
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(1, 1)
    expect(head).to_have_text(re.compile(r"^Input row 2, column 3: "))  # pinned
    point(page, window, spec, "output", 1, 1)
    page.mouse.down()
    page.mouse.up()
    expect_step(window, y, y.shape[1] + 1)
    window.locator(".kernel input").nth(1).hover()
    expect(head).to_have_text("Kernel row 0, column 1")
    page.mouse.move(1, 1)
    term = window.locator(".term").first
    term.hover()
    expect(term).to_have_class(re.compile(r"\blit\b"))
    m, n = term.get_attribute("data-tap").split(",")
    width = 2 if spec.prefix == "pool" else 3
    expect(window.locator(".kernel input").nth(int(m) * width + int(n))).to_have_class("lit")
    # A setting inside the window, and the patch.
    button(spec.stepper).click()
    expect(page).to_have_url(re.compile(spec.query))
    changed = spec.changed(patch(spec.size))[0, 0]
    expect(window.locator(".output .size")).to_have_text(f"{changed.shape[0]}×{changed.shape[1]}")
    point(page, window, spec, "output", 0, 1)
    expect_at(window, changed, 0, 1)
    frame = window.locator(".thumb canvas")
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + spec.size, box["y"] + spec.size, steps=3)
    page.mouse.up()
    expect(page).to_have_url(re.compile(f"{spec.prefix}_patch_row=0&{spec.prefix}_patch_column=0"))
    point(page, window, spec, "output", 0, 1)
    expect_at(window, spec.changed(patch(spec.size, 0, 0))[0, 0], 0, 1)
    expect_no_errors(page)


@played
def test_it_is_played_by_keyboard(page: Page, server, name: str):
    spec, window, y = opened(page, server, name)
    stage = window.locator(".output .stage")
    stage.focus()
    keys = (("Home", 0), ("ArrowRight", 1), ("ArrowDown", 1 + y.shape[1]), ("ArrowLeft", y.shape[1]))
    for key, index in (*keys, ("ArrowUp", 0), ("End", y.numel() - 1)):
        page.keyboard.press(key)
        expect_step(window, y, index)
    page.keyboard.press(" ")
    expect(window.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press(" ")
    expect(window.get_by_role("button", name="Play")).to_be_visible()
    page.keyboard.press("Home")
    head = window.locator(".readout strong")
    window.locator(".input .stage").press("ArrowRight")
    half = spec.size // 2
    expect(head).to_have_text(re.compile(f"^Input row {half}, column {half}: "))
    page.keyboard.press("ArrowRight")
    expect(head).to_have_text(re.compile(f"^Input row {half}, column {half + 1}: "))
    page.keyboard.press("Escape")
    expect_step(window, y, 0)
    window.locator(".expression").press("ArrowRight")
    expect(window.locator(".term.lit")).to_have_count(1)
    window.locator(".kernel input").nth(1).focus()
    expect(head).to_have_text("Kernel row 0, column 1")
    window.get_by_role("button", name=spec.stepper, exact=True).press("Enter")
    expect(page).to_have_url(re.compile(spec.query))
    window.locator(".thumb").press("ArrowLeft")
    expect(page).to_have_url(re.compile(f"{spec.prefix}_patch_column=23"))
    expect_no_errors(page)


@played
def test_it_is_played_by_touch(new_page, server, name: str):
    phone = new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    spec, window, y = opened(phone, server, name)

    def tap(grid: str, row: int, column: int) -> None:
        canvas = window.locator(f".{grid} canvas")
        cells = spec.cells[0 if grid == "input" else 1]
        offset = spec.cells[2] if grid == "input" else 0
        side = canvas.bounding_box()["width"] / cells
        canvas.tap(position={"x": (column + offset + 0.5) * side, "y": (row + offset + 0.5) * side})

    tap("output", 1, 1)
    expect_step(window, y, y.shape[1] + 1)
    tap("input", 1, 2)
    expect(window.locator(".readout strong")).to_have_text(re.compile("^Input row 1, column 2: "))
    window.get_by_role("button", name="One step forth").tap()
    expect_step(window, y, y.shape[1] + 2)
    window.get_by_role("combobox", name="Speed").select_option("0.5")
    window.get_by_role("button", name="Play").tap()
    window.get_by_role("button", name="Pause").tap()
    window.get_by_role("button", name=spec.stepper, exact=True).tap()
    expect(phone).to_have_url(re.compile(spec.query))
    window.locator(".thumb canvas").tap(position={"x": 2, "y": 2})
    expect(phone).to_have_url(re.compile(f"{spec.prefix}_patch_row=0&{spec.prefix}_patch_column=0"))
    expect_no_errors(phone)
