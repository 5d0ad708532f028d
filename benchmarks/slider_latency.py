"""From a key press on a slider to the new picture: the convolution lab against a bare Streamlit page.

Measured in the browser, in ms: from the keydown event on the stride slider to the first frame that
shows the new output picture. The peer is the least page that does such a thing: one `st.slider` and
one `st.image` of the same size, no torch, Streamlit's default settings.

The first new picture is the browser's own convolution, which follows the slider; Python's numbers,
told in a further line, come after it and settle the picture. With Streamlit's default `postScriptGC`,
every run ends in a garbage collection of about 140 ms as soon as torch is imported: that line shows it.
"""

import tempfile
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page

from benchmarks.common import (
    Result,
    browser,
    interleaved,
    opened,
    quartiles,
    ratio_result,
    served,
    time_answer,
)

GOAL = 1.3
PRESSES = 30
STRIDE = ".st-key-conv_stride input[type=range]"
PADDING_FREE = 168, 112, 3  # the cat at the lab's own resolution, and the kernel

# The output's size in pixels and in the caption, and whether its middle is painted.
OUTPUT = """() => {
  const canvas = bench.inside('conv_view', '.output .picture');
  if (!canvas?.width) return null;
  const middle = canvas.getContext('2d').getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1).data;
  const caption = bench.inside('conv_view', '.output .size').textContent;
  return middle[3] ? `${canvas.height}×${canvas.width} ${caption}` : null;
}"""

# The output size in the formulas, as Python has it.
NUMBERS = "() => bench.inside('conv_facts', '.facts')?.textContent ?? null"

BARE_IMAGE = """() => {
  const image = document.querySelector('[data-testid=stImage] img');
  return image?.complete && image.naturalWidth ? image.src : null;
}"""

BARE_PAGE = f"""
import io
import streamlit as st
from PIL import Image

stride = st.slider("Stride", 1, 8)
width, height, kernel_size = {PADDING_FREE}
size = (width - kernel_size) // stride + 1, (height - kernel_size) // stride + 1
picture = io.BytesIO()
Image.effect_noise(size, 40 + stride).save(picture, "PNG", compress_level=1)
st.image(picture.getvalue(), output_format="PNG")
"""


def presses(page: Page, slider: str, probe: str) -> Callable[[], float]:
    """A run that presses one arrow key on the slider, up and down in turns, and times the picture."""
    keys = cycle(["ArrowRight"] * 4 + ["ArrowLeft"] * 4)

    def press() -> float:
        page.locator(slider).focus()
        return time_answer(page, "keydown", probe, lambda: page.keyboard.press(next(keys)))[0]

    return press


def measure() -> list[Result]:
    """Both pages in one browser, in turns."""
    with tempfile.TemporaryDirectory() as folder, browser() as shared:
        Path(folder, "bare.py").write_text(BARE_PAGE, encoding="utf-8")
        with served("app.py") as app, served("bare.py", Path(folder)) as bare:
            return _compare(shared, app, bare)


def _compare(shared: Browser, app: str, bare: str) -> list[Result]:
    lab = opened(shared, f"{app}/convolution", STRIDE)
    numbers = opened(shared, f"{app}/convolution", STRIDE)
    peer = opened(shared, bare, "input[type=range]")
    found = interleaved(
        {
            "lab": presses(lab, STRIDE, OUTPUT),
            "numbers": presses(numbers, STRIDE, NUMBERS),
            "bare": presses(peer, "input[type=range]", BARE_IMAGE),
        },
        PRESSES,
        warm_up=8,
    )
    result = ratio_result("slider to picture", found["lab"], "bare Streamlit page", found["bare"], GOAL)
    spread = f"middle half {quartiles(found['lab'])}; bare {quartiles(found['bare'])} ms"
    ratio = median(found["numbers"]) / median(found["bare"])
    settled = f"{median(found['numbers']):.3g} ms ({ratio:.2f}×)"
    return [result, Result("  of which", spread), Result("  Python's numbers", settled)]
