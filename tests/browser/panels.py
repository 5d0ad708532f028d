"""Panels beside each other, as a person reads them; files and questions of a page."""

import csv
import io
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import torch
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.screen import NUMBER, assert_shows, by_key, hover_cell, point_until, readout


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


def expect_words(page: Page, key: str, index: int, words: str) -> None:
    expect(by_key(page, key).locator(".words").nth(index)).to_contain_text(words)


def download(page: Page, name: str, label: str) -> bytes:
    """What a button of the row to take home gives."""
    with page.expect_download() as started:
        by_key(page, f"{name}_take_home").get_by_role("button", name=label).click()
    return started.value.path().read_bytes()


def panel(part: Locator, title: str) -> Locator:
    return part.locator("figure").filter(has=part.page.locator(f'.title:text-is("{title}")'))


def line(part: Locator, title: str) -> Locator:
    """What the readout says of a panel."""
    return part.locator(".readout > span").filter(has=part.page.locator(f'strong:text-is("{title}")'))


def hover_panel(page: Page, part: Locator, title: str, row: int, column: int, size: tuple[int, int]) -> None:
    canvas = panel(part, title).locator(".stage canvas")
    canvas.evaluate("canvas => canvas.scrollIntoView({block: 'center'})")
    hover_cell(page, canvas, row, column, size)


def assert_reads(part: Locator, title: str, expected: torch.Tensor, row: int, column: int) -> None:
    """The readout has the values (C, H, W) of a place, up to rounding."""
    words = line(part, title)
    expect(words).to_contain_text(f"row {row}, column {column}: ")
    values = words.inner_text().rpartition(": ")[2].split(" · ")
    assert len(values) == expected.shape[0]
    for value, channel in zip(values, expected, strict=True):
        assert_shows(value, float(channel[row, column]), 1.0)


def _saved(page: Page, label: str, folder: Path) -> bytes:
    with page.expect_download() as started:
        page.get_by_role("button", name=label).click()
    place = folder / started.value.suggested_filename
    started.value.save_as(place)
    return place.read_bytes()


def assert_figure_files(page: Page, folder: Path, titles: list[str]) -> None:
    """A PNG of a fair size, and an SVG with a picture for each title."""
    with Image.open(io.BytesIO(_saved(page, "Figure as PNG", folder))) as image:
        assert image.format == "PNG"
        assert min(image.size) > 300
        assert len(image.convert("L").getcolors() or range(999)) > 20
    root = ElementTree.fromstring(_saved(page, "Figure as SVG", folder))
    assert len([e for e in root.iter() if e.tag.endswith("}image")]) >= len(titles)


def table(page: Page, folder: Path) -> list[dict[str, str]]:
    text = _saved(page, "Table as CSV", folder).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def answer(page: Page, key: str, value: int, words: str, title: str = "Check yourself") -> None:
    """Open the question if need be, answer it, and read what is said."""
    field = page.locator(f".st-key-{key}_guess input")
    if not field.is_visible():
        page.get_by_test_id("stExpander").get_by_text(title, exact=True).click()
    field.fill(str(value))
    field.press("Enter")
    expect(page.get_by_text(re.compile(re.escape(words)))).to_be_visible()
