"""Reads panels that stand side by side; downloads files and answers questions of a page."""

import csv
import io
import re
import xml.etree.ElementTree as ElementTree

import torch
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.screen import (
    NUMBER,
    assert_shows,
    by_key,
    hover_cell,
    point_until,
    readout,
    settled,
    take_file,
)


def stage(page: Page, key: str, index: int) -> Locator:
    return by_key(page, key).locator(".stage").nth(index)


def point_at(page: Page, key: str, index: int, row: int, column: int, shape: tuple[int, int]) -> None:
    """Point at a cell of a panel until the readout names it."""
    title = by_key(page, key).locator("figcaption .title").nth(index).inner_text()
    canvas = stage(page, key, index).locator("canvas")
    point_until(
        page,
        lambda: hover_cell(page, canvas, row, column, shape),
        readout(by_key(page, key)),
        f"{title} row {row}, column {column}: ",
    )


def read_line(page: Page, key: str, index: int) -> tuple[int, int, list[str]]:
    """Row, column and numbers of a panel's line in the readout."""
    line = readout(by_key(page, key)).locator(":scope > span").nth(index).inner_text()
    where = re.search(r"row (\d+), column (\d+): (.*)$", line)
    assert where, line
    return int(where[1]), int(where[2]), re.findall(NUMBER, where[3])


def assert_panel_reads(page: Page, key: str, index: int, values: torch.Tensor) -> None:
    """The readout's line of a panel has the values (C, H, W), or whole counts, of the place it names."""
    row, column, numbers = read_line(page, key, index)
    assert len(numbers) == len(values)
    for text, value in zip(numbers, values[:, row, column], strict=True):
        if values.dtype == torch.int64:
            assert text == f"{value:,}"
        else:
            assert_shows(text, float(value), float(values.abs().max()))


def expect_text(page: Page, key: str, index: int, words: str) -> None:
    expect(by_key(page, key).locator(".words").nth(index)).to_contain_text(words)


def panel(part: Locator, title: str) -> Locator:
    return part.locator("figure").filter(has=part.page.locator(f'.title:text-is("{title}")'))


def line(part: Locator, title: str) -> Locator:
    """What the readout says of a panel."""
    return part.locator(".readout > span").filter(has=part.page.locator(f'strong:text-is("{title}")'))


def hover_panel(page: Page, part: Locator, title: str, row: int, column: int, size: tuple[int, int]) -> None:
    canvas = panel(part, title).locator(".stage canvas")
    canvas.evaluate("canvas => canvas.scrollIntoView({block: 'center'})")
    point_until(
        page,
        lambda: hover_cell(page, canvas, row, column, size),
        line(part, title),
        f"row {row}, column {column}: ",
    )


def assert_reads(part: Locator, title: str, expected: torch.Tensor, row: int, column: int) -> None:
    """The readout has the values (C, H, W) of a place, up to rounding."""
    words = line(part, title)
    expect(words).to_contain_text(f"row {row}, column {column}: ")
    values = words.inner_text().rpartition(": ")[2].split(" · ")
    assert len(values) == expected.shape[0]
    for value, channel in zip(values, expected, strict=True):
        assert_shows(value, float(channel[row, column]), 1.0)


def assert_figure_files(page: Page, titles: list[str]) -> None:
    """A PNG of a fair size, and an SVG with a picture for each title."""
    with Image.open(io.BytesIO(take_file(page, "Figure as PNG")[1])) as image:
        assert image.format == "PNG"
        assert min(image.size) > 300
        assert len(image.convert("L").getcolors() or range(999)) > 20
    root = ElementTree.fromstring(take_file(page, "Figure as SVG")[1])
    assert len([e for e in root.iter() if e.tag.endswith("}image")]) >= len(titles)


def table(page: Page) -> list[dict[str, str]]:
    text = take_file(page, "Table as CSV")[1].decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def answer(page: Page, key: str, value: int, words: str) -> None:
    """Open the question if need be, answer it, and read what is said."""
    settled(page)
    field = page.locator(f".st-key-{key}_guess input")
    if not field.is_visible():
        by_key(page, f"{key}_question").locator("summary").click()
    field.fill(str(value))
    field.press("Enter")
    expect(page.get_by_text(re.compile(re.escape(words)))).to_be_visible()
