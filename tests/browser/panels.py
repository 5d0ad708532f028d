"""Panels beside each other, as a person reads them."""

import re

import torch
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
    """The readout's line of a panel has the values (C, H, W) of the place that it names."""
    row, column, numbers = read_line(page, key, index)
    assert len(numbers) == len(values)
    for text, value in zip(numbers, values[:, row, column], strict=True):
        assert_shows(text, float(value), float(values.abs().max()))


def expect_words(page: Page, key: str, index: int, words: str) -> None:
    expect(by_key(page, key).locator(".words").nth(index)).to_contain_text(words)


def download(page: Page, name: str, label: str) -> bytes:
    """What a button of the row to take home gives."""
    with page.expect_download() as started:
        by_key(page, f"{name}_take_home").get_by_role("button", name=label).click()
    return started.value.path().read_bytes()
