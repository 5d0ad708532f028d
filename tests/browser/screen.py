"""What a person sees and does on the pages, by name."""

import base64
import io
import re
import time
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, WebSocketRoute, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

MINUS = "−"
Found = TypeVar("Found")


def settled(page: Page) -> None:
    """Connected, and no script running; wait for an outcome where there is one."""
    page.wait_for_selector('[data-testid="stApp"][data-test-connection-state="CONNECTED"]')
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')


def eventually(page: Page, check: Callable[[], Found]) -> Found:
    """What `check` returns once it no longer fails; for what is read from the page in one go."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            page.wait_for_timeout(50)


def visit(page: Page, url: str) -> None:
    """Open a page, and wait until it is drawn and styled."""
    page.goto(url)
    settled(page)
    page.wait_for_selector("[data-testid=stHtml] style", state="attached")


def expect_no_errors(page: Page) -> None:
    """No error, no warning, no exception on the page; a hint in blue is none."""
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


def expect_whole_pictures(page: Page) -> None:
    """Every picture on the page has arrived."""
    page.wait_for_function(
        "() => [...document.images].every(image => image.complete && image.naturalWidth > 0)"
    )


def by_key(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key}")


def slider(page: Page, key: str) -> Locator:
    return by_key(page, key).locator("input[type=range]")


def move_slider(page: Page, key: str, value: int) -> None:
    """To a value by arrow keys, on a slider that counts in ones."""
    handle = slider(page, key)

    def go() -> None:
        # A slider whose limits move with another one is drawn anew, and keys on their way are lost.
        steps = value - int(handle.input_value())
        handle.focus()
        for _ in range(abs(steps)):
            page.keyboard.press("ArrowRight" if steps > 0 else "ArrowLeft")
        expect(handle).to_have_value(str(value), timeout=5000)

    eventually(page, go)


def choose(page: Page, key: str, label: str) -> None:
    """An entry of a select box."""
    box = by_key(page, key).get_by_role("combobox")
    box.click()
    page.get_by_role("option", name=label, exact=True).click()
    expect(box).to_have_value(label)


def open_files(page: Page) -> Locator:
    """The expander with the code and the files, open and at rest."""
    settled(page)  # the expander of the view before is gone
    expander = page.get_by_test_id("stExpander").filter(has=page.get_by_text("Code and files", exact=True))
    if not expander.get_by_test_id("stCode").is_visible():
        expander.locator("summary").click()
        expect(expander.get_by_test_id("stCode")).to_be_visible()
        settled(page)
    # While it unfolds it has a height of its own, and a button may move away under a click.
    expect(expander.locator("details")).not_to_have_attribute("style", re.compile("height"))
    return expander


def take_file(page: Page, label: str) -> tuple[str, bytes]:
    """Name and contents of what a button of the expander gives."""
    button = open_files(page).get_by_role("button", name=label)
    with page.expect_download() as started:
        button.click()
    return started.value.suggested_filename, started.value.path().read_bytes()


def open_more(page: Page) -> None:
    page.get_by_test_id("stExpander").get_by_text("More", exact=True).click()


def source(page: Page, label: str) -> None:
    page.get_by_role("radiogroup", name="Picture").get_by_role("radio", name=label).click()


def upload(page: Page, name: str, data: bytes) -> None:
    source(page, "Upload")
    give_file(page, name, data)


def give_file(page: Page, name: str, data: bytes) -> None:
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": data}
    )


def watch_runs(page: Page) -> list[str]:
    """Records what the server runs from now on, in order: "page" or "fragment"."""
    runs: list[str] = []

    def note(frame: str | bytes) -> None:
        message = ForwardMsg.FromString(frame) if isinstance(frame, bytes) else ForwardMsg()
        if message.WhichOneof("type") == "new_session":
            runs.append("fragment" if message.metadata.run.fragment_ids else "page")

    page.on("websocket", lambda socket: socket.on("framereceived", note))
    return runs


def _ends_a_run(frame: str | bytes) -> bool:
    message = ForwardMsg.FromString(frame) if isinstance(frame, bytes) else ForwardMsg()
    ended = message.WhichOneof("type") == "script_finished"
    return ended and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN


class SlowServer:
    """Holds back the server's messages on request."""

    def __init__(self, page: Page) -> None:
        self.held: list[str | bytes] = []
        self.holding = False
        page.route_web_socket("**/_stcore/stream", self._connect)

    def _connect(self, route: WebSocketRoute) -> None:
        self.route = route
        server = route.connect_to_server()
        server.on_message(self._say)
        route.on_message(server.send)

    def _say(self, message: str | bytes) -> None:
        if self.holding:
            self.held.append(message)
        else:
            self.route.send(message)

    def wait_for_answer(self, page: Page) -> None:
        """Wait until all messages of a run are held."""
        deadline = time.monotonic() + 60
        while not any(map(_ends_a_run, self.held)):
            assert time.monotonic() < deadline, "no run came to its end"
            page.wait_for_timeout(50)

    def release(self) -> None:
        """Hold nothing any more, and deliver what was held."""
        self.holding = False
        self.let_go()

    def let_go(self) -> None:
        """Deliver what was held so far; go on holding."""
        held, self.held = self.held, []
        for message in held:
            self.route.send(message)


def sidebar(page: Page) -> Locator:
    return page.get_by_test_id("stSidebar")


# --- the convolution lab


def conv_view(page: Page) -> Locator:
    return by_key(page, "conv_view")


def output_caption(page: Page) -> Locator:
    return conv_view(page).locator(".output .size")


def expect_output_size(page: Page, size: tuple[int, int]) -> None:
    """In the output's caption and in the formula."""
    expect(output_caption(page)).to_have_text(re.compile(rf"^{size[0]}×{size[1]}(,|$)"))
    expect(results(page).nth(0)).to_have_text(f"{size[0]:,}")
    expect(results(page).nth(1)).to_have_text(f"{size[1]:,}")


def results(page: Page) -> Locator:
    """Of the formulas: output height, output width, parameters, MACs."""
    return by_key(page, "conv_facts").locator(".result")


def cells(page: Page) -> Locator:
    return by_key(page, "conv_kernel_grid").locator("input")


def kernel_note(page: Page) -> Locator:
    return by_key(page, "conv_kernel_grid").locator(".note")


# --- the network at a glance


def glance(page: Page) -> Locator:
    return by_key(page, "maps_glance").filter(has=page.locator(".network"))


def expect_glance(page: Page, columns: int) -> None:
    """The glance shows that many columns."""
    expect(glance(page).locator(".root")).to_have_attribute("data-columns", str(columns))


# --- the wall of feature maps


def wall(page: Page) -> Locator:
    return by_key(page, "maps_wall")


def expect_wall(page: Page, layer: str, channels: int) -> None:
    """The wall shows that layer and has painted that many maps."""
    expect(wall(page).locator(f'.root[data-layer="{layer}"]')).to_have_attribute(
        "data-channels", str(channels)
    )


def tree_item(page: Page, layer: str) -> Locator:
    return by_key(page, "maps_tree").locator(f'[data-layer="{layer}"]')


# --- reading


def readout(part: Locator) -> Locator:
    return part.locator(".readout")


def hover_cell(page: Page, canvas: Locator, row: int, column: int, shape: tuple[int, int]) -> None:
    """Point at the middle of a cell of a canvas that shows `shape` cells."""
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(
        box["x"] + (column + 0.5) * box["width"] / shape[1],
        box["y"] + (row + 0.5) * box["height"] / shape[0],
    )


def point_until(page: Page, point: Callable[[], None], words: Locator, text: str) -> None:
    """Point again until the words are there: a picture that is redrawn meanwhile forgets the pointer."""
    deadline = time.monotonic() + 20
    while True:
        point()
        try:
            return expect(words).to_contain_text(text, timeout=1000)
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        page.mouse.move(1, 1)


def canvas_pixels(canvas: Locator) -> np.ndarray:
    """(height, width, 4) RGBA of a canvas as it was painted."""
    url = canvas.evaluate("canvas => canvas.toDataURL('image/png')")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGBA"))


NUMBER = rf"{MINUS}?(?:[\d,]+(?:\.\d+)?(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?|∞)"


def number(text: str) -> float:
    """A number as it stands on screen."""
    raised = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    return float(text.replace(MINUS, "-").replace(",", "").replace("·10", "e").translate(raised))


def shown(value: float, digits: int = 4) -> str:
    """A number as it should stand on screen: significant digits, thousands separators, a real minus."""
    if value == 0:
        return "0"
    exact = Decimal(value)
    exponent = exact.adjusted()
    rounded = exact.quantize(Decimal(1).scaleb(exponent - digits + 1), ROUND_HALF_UP)
    if abs(exact) >= 10_000_000 or abs(exact) < Decimal("1e-4"):
        mantissa, _, power = f"{rounded:.{digits - 1}e}".partition("e")
        raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"{mantissa}·10{raised}".replace("-", MINUS)
    places = max(0, digits - 1 - rounded.adjusted())
    return f"{rounded:,.{places}f}".replace("-", MINUS)


def assert_shows(text: str, value: float, scale: float) -> None:
    """`text` is `value` with four significant digits, up to a rounding error of numbers near `scale`."""
    read = number(text)
    assert text == shown(read), f"{text} is not how a number is written"
    last_digit = 10.0 ** (Decimal(abs(read)).adjusted() - 3) if read else 0.0
    assert abs(read - value) <= 0.5001 * last_digit + 1e-6 * scale, f"{text} on screen, {value} computed"
