"""Dragging the live control of the convolution lab: how many pictures a second, and is the last one right?

Measured in the browser: the pictures that some frame showed while the pointer dragged the control
over its whole range for a few seconds; and, once the server has answered, the largest difference of
a colour between the picture on screen and the one that Python's own convolution would paint.
"""

import base64
import io
import time

import numpy as np
from PIL import Image
from playwright.sync_api import Page

import cnnviz
from benchmarks.common import Result, browser, opened, served, settle
from cnnviz.figures.theme import scale
from cnnviz.ops.filtering import PictureFilter, filter_picture
from cnnviz.ops.geometry import Window

GOAL = 20.0
SECONDS = 3.0
_SIZE = 9
_PAGE = f"convolution?conv_kernel=Gabor&conv_kernel_height={_SIZE}"
_SIDE = 168  # the lab's own resolution
_KEY = "conv_view"
_CANVAS = f".st-key-{_KEY} .output canvas.picture"
# A few rows of the picture tell one angle's from another's.
_PICTURE = f"""() => {{
  const canvas = bench.inside('{_KEY}', '.output .picture');
  const {{ data }} = canvas.getContext('2d').getImageData(0, canvas.height >> 1, canvas.width, 2);
  return String(data.reduce((sum, value, i) => (sum * 31 + value * (i % 7)) % 1000003, 7));
}}"""


def drag(page: Page) -> tuple[float, int]:
    """Pictures a second while the control is dragged to and fro, and the angle it ends at."""
    page.locator(f".st-key-{_KEY} .live select").select_option(label="Angle (degrees)")
    box = page.locator(f".st-key-{_KEY} .live input").bounding_box()
    assert box is not None
    y, left, width = box["y"] + box["height"] / 2, box["x"] + 8, box["width"] - 16
    page.mouse.move(left, y)
    page.mouse.down()
    page.evaluate(f"bench.record({_PICTURE})")
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < SECONDS:
        page.mouse.move(left + width * abs(2 * (elapsed / 1.5 % 1) - 1), y)
    shown = page.evaluate("bench.shown.length") - 1
    page.mouse.up()
    page.wait_for_timeout(500)
    settle(page)
    return shown / elapsed, int(page.locator(".st-key-conv_angle input[type=range]").input_value())


def _difference(page: Page, angle: int) -> int:
    """Largest difference of a colour between the screen and Python's own painting."""
    url = page.locator(_CANVAS).evaluate("canvas => canvas.toDataURL('image/png')")
    seen = np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB"))
    layer = PictureFilter(cnnviz.kernel("gabor", _SIZE, angle=angle), "summed", Window(_SIZE), Window(_SIZE))
    expected = filter_picture(cnnviz.sample("cat").fitted(_SIDE), layer)
    painted = scale("activation").paint(expected.output[0], expected.limit)
    return int(np.abs(seen.astype(int) - painted).max())


def measure() -> list[Result]:
    """One drag."""
    with browser() as shared, served("app.py") as app:
        page = opened(shared, f"{app}/{_PAGE}", _CANVAS)
        rate, angle = drag(page)
        difference = _difference(page, angle)
    return [
        Result("live convolution", f"{rate:.0f} pictures a second", "", "", f"≥ {GOAL:.0f}", rate >= GOAL),
        Result("  last picture", f"{difference} of 255 from Python's", "", "", "≤ 4", difference <= 4),
    ]
