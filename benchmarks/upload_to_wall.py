"""From a picture chosen for upload to all 512 maps of MiniResNet's last ReLU on the wall.

Measured in the browser, in ms: from the file input's change event to the first frame that shows the
new picture's maps. For comparison: CNN Explainer, which computes in the browser, takes 770 ms for
103 small maps.
"""

import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image
from playwright.sync_api import Page

from benchmarks.common import Result, browser, opened, quartiles, served, settle, time_answer

GOAL_MS = 400
UPLOADS, WARM_UP = 10, 3
_ADDRESS = "feature_maps?source=Upload&maps_view=A+layer&model=MiniResNet&maps_layer=layer4.1.relu2"
_FILE = "section[data-testid=stSidebar] input[type=file]"

# The label names the picture; the component sets it in the same task that paints the maps.
_LABEL = """() => {
  const canvas = bench.inside('maps_wall', '.wall canvas');
  return canvas?.width ? canvas.getAttribute('aria-label') : null;
}"""

# A sum over the wall's pixels, and the share of them that is painted.
_PIXELS = """() => {
  const canvas = bench.inside('maps_wall', '.wall canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let [sum, painted] = [0, 0];
  for (let i = 0; i < data.length; i += 4) {
    sum = (31 * sum + data[i] + 3 * data[i + 1] + 7 * data[i + 2]) % 1000000007;
    painted += data[i + 3] > 0;
  }
  return { sum, painted: (4 * painted) / data.length };
}"""


def _pictures(folder: Path, how_many: int) -> list[Path]:
    """Different 640×480 JPEG files, smooth like photographs."""
    random = np.random.default_rng(0)
    paths = [folder / f"picture{index}.jpg" for index in range(how_many)]
    for path in paths:
        coarse = Image.fromarray(random.integers(0, 256, (24, 32, 3), dtype=np.uint8))
        coarse.resize((640, 480), Image.Resampling.BICUBIC).save(path, quality=90)
    return paths


def uploads(page: Page, pictures: list[Path]) -> Callable[[], float]:
    """A run that uploads the next picture and times its maps."""
    turn = count()
    seen: set[int] = set()

    def upload() -> float:
        picture = pictures[next(turn) % len(pictures)]
        elapsed, label = time_answer(
            page, "change", _LABEL, lambda: page.locator(_FILE).set_input_files(picture)
        )
        settle(page)
        wall = page.evaluate(_PIXELS)
        if picture.name not in label or "512" not in label or wall["sum"] in seen or wall["painted"] < 0.5:
            raise RuntimeError(f"The wall does not show 512 new maps of {picture.name}: {label}, {wall}.")
        seen.add(wall["sum"])
        return elapsed

    return upload


def measure() -> list[Result]:
    """One page, several pictures one after the other."""
    with tempfile.TemporaryDirectory() as folder, browser() as shared, served("app.py") as app:
        page = opened(shared, f"{app}/{_ADDRESS}", _FILE)
        upload = uploads(page, _pictures(Path(folder), WARM_UP + UPLOADS))
        times = [upload() for _ in range(WARM_UP + UPLOADS)][WARM_UP:]
    return [
        Result(
            "upload to 512 maps",
            f"{median(times):.0f} ms (middle half {quartiles(times)})",
            "CNN Explainer: 770 ms for 103 maps",
            f"{median(times):.0f} ms",
            f"≤ {GOAL_MS} ms",
            median(times) <= GOAL_MS,
        )
    ]
