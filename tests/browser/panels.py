"""The panels of pictures and maps, as a person reads them; files that a page gives."""

import csv
import io
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import torch
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.screen import assert_shows, hover_cell


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


def download(page: Page, label: str, folder: Path) -> bytes:
    with page.expect_download() as started:
        page.get_by_role("button", name=label).click()
    place = folder / started.value.suggested_filename
    started.value.save_as(place)
    return place.read_bytes()


def assert_figure_files(page: Page, folder: Path, titles: list[str]) -> None:
    """A PNG of a fair size, and an SVG with a picture for each title."""
    with Image.open(io.BytesIO(download(page, "Figure as PNG", folder))) as image:
        assert image.format == "PNG"
        assert min(image.size) > 300
        assert len(image.convert("L").getcolors() or range(999)) > 20
    root = ElementTree.fromstring(download(page, "Figure as SVG", folder))
    assert len([e for e in root.iter() if e.tag.endswith("}image")]) >= len(titles)


def table(page: Page, folder: Path) -> list[dict[str, str]]:
    text = download(page, "Table as CSV", folder).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def answer(page: Page, key: str, value: int, words: str, title: str = "Check yourself") -> None:
    """Open the question if need be, answer it, and read what is said."""
    field = page.locator(f".st-key-{key}_guess input")
    if not field.is_visible():
        page.get_by_test_id("stExpander").get_by_text(title, exact=True).click()
    field.fill(str(value))
    field.press("Enter")
    expect(page.get_by_text(re.compile(re.escape(words)))).to_be_visible()
