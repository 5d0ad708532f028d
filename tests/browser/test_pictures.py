"""One picture for all pages: chosen, uploaded, refused, kept."""

import io
import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Server
from tests.browser.screen import (
    choose,
    conv_view,
    expect_glance,
    expect_no_errors,
    expect_whole_pictures,
    give_file,
    output_caption,
    sidebar,
    source,
    upload,
    visit,
)


def picture_file(kind: str, height: int = 90, width: int = 160) -> bytes:
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def huge_header() -> bytes:
    """A PNG that claims 60,000×60,000 pixels and holds one row."""
    size = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", size), (b"IDAT", zlib.compress(bytes(180_001))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


BAD_FILES = {
    "empty": ("nothing.png", b"", "Nothing.png is empty|nothing.png is empty"),
    "text": ("letter.png", b"Dear reader, this is no picture. " * 20, "is not a picture"),
    "cut": ("cut.jpg", picture_file("JPEG", 400, 600)[:4000], "damaged or cut short"),
    "svg": ("drawing.png", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "is an SVG drawing"),
    "huge": ("huge.png", huge_header(), "more than 40 megapixels|at most 40 megapixels"),
}


def go_to(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
    heading = "See how" if name == "Home" else name
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(heading))


def test_bad_files_get_one_plain_sentence_each_and_the_picture_stays(server: Server, page: Page):
    visit(page, server.at("convolution"))
    upload(page, "first.png", picture_file("PNG"))
    expect(sidebar(page).get_by_text("first.png, 90×160 pixels, height × width.")).to_be_visible()
    for name, data, words in BAD_FILES.values():
        give_file(page, name, data)
        alert = sidebar(page).get_by_test_id("stAlert")
        expect(alert).to_have_text(re.compile(words))
        expect(alert).to_have_count(1)
        assert "Traceback" not in alert.inner_text() and len(alert.inner_text()) < 160
        expect(sidebar(page).get_by_text("first.png, 90×160 pixels, height × width.")).to_be_visible()
        expect(conv_view(page).locator(".input canvas.picture")).to_have_attribute(
            "aria-label", "The input, first.png"
        )
        expect(page.get_by_test_id("stException")).to_have_count(0)
    give_file(page, "second.webp", picture_file("WEBP", 50, 50))
    expect(sidebar(page).get_by_text("Second.webp, 50×50 pixels, height × width.")).to_be_visible()
    expect(output_caption(page)).to_have_text(re.compile("^166×166"))
    expect_no_errors(page)


def test_a_picture_stays_when_the_page_changes(server: Server, page: Page):
    visit(page, server.at("convolution?source=Photo"))
    choose(page, "photo", "Astronaut")
    expect(sidebar(page).get_by_text("Astronaut, 512×512 pixels, height × width.")).to_be_visible()
    go_to(page, "Feature maps")
    expect_glance(page, 16)
    expect(sidebar(page).get_by_text("Astronaut, 512×512 pixels, height × width.")).to_be_visible()
    expect(page.get_by_role("combobox", name="Photograph")).to_have_value("Astronaut")
    go_to(page, "Convolution")
    expect(conv_view(page).locator(".input canvas.picture")).to_have_attribute(
        "aria-label", "The input, astronaut"
    )


def test_an_upload_stays_on_every_page_and_out_of_the_link(server: Server, page: Page, new_page: OpenPage):
    visit(page, server.at("convolution"))
    upload(page, "secret_garden.png", picture_file("PNG"))
    expect(sidebar(page).get_by_text("secret_garden.png, 90×160 pixels, height × width.")).to_be_visible()
    expect(sidebar(page).get_by_text("A copied link does not carry your own picture.")).to_be_visible()
    go_to(page, "Feature maps")
    expect_glance(page, 16)
    expect(
        page.locator('canvas[aria-label="The picture that the network is shown: secret_garden.png"]')
    ).to_be_visible()
    expect(sidebar(page).get_by_text("A copied link does not carry your own picture")).to_be_visible()
    assert "garden" not in page.url
    go_to(page, "Home")
    expect(page.locator('canvas[aria-label="secret_garden.png, in grey"]')).to_be_visible()
    there = new_page()
    visit(there, page.url)
    expect(there.locator('canvas[aria-label="cat, in grey"]')).to_be_visible()
    assert "garden" not in there.content()
    expect_whole_pictures(there)


def test_an_upload_is_still_there_after_a_look_at_a_photograph(server: Server, page: Page):
    visit(page, server.at("convolution"))
    upload(page, "mine.png", picture_file("PNG"))
    expect(sidebar(page).get_by_text("mine.png, 90×160 pixels, height × width.")).to_be_visible()
    source(page, "Photo")
    expect(sidebar(page).get_by_text("Cat, 300×451 pixels, height × width.")).to_be_visible()
    source(page, "Upload")
    expect(sidebar(page).get_by_text("mine.png, 90×160 pixels, height × width.")).to_be_visible()


@pytest.mark.parametrize("pattern", ["Grating", "Rings"])
def test_a_pattern_is_drawn_as_its_sliders_say_and_linked(
    server: Server, page: Page, new_page: OpenPage, pattern: str
):
    visit(page, server.at("convolution"))
    source(page, "Pattern")
    choose(page, "pattern", pattern)
    output = conv_view(page).locator(".output canvas.picture")
    expect(output).to_have_attribute("aria-label", re.compile(f"of {pattern.lower()}: "))
    before = output.get_attribute("aria-label") or "?"
    page.get_by_role("slider", name="Period (pixels)").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**pattern_period=13**")
    expect(output).not_to_have_attribute("aria-label", before)
    label = output.get_attribute("aria-label") or "?"
    there = new_page()
    visit(there, page.url)
    expect(there.get_by_role("slider", name="Period (pixels)")).to_have_value("13")
    expect(conv_view(there).locator(".output canvas.picture")).to_have_attribute("aria-label", label)
