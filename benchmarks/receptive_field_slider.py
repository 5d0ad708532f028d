"""From a key press on the receptive field page's layer slider to the new box, against a bare Streamlit page.

Measured in the browser, in ms: from the keydown event on the slider of layers to the first frame that
names the new field. The peer is the least page that does such a thing, as in `slider_latency`.
"""

import tempfile
from pathlib import Path

from benchmarks.common import Result, browser, interleaved, opened, quartiles, ratio_result, served
from benchmarks.slider_latency import BARE_IMAGE, BARE_PAGE, GOAL, PRESSES, presses

LAYER = ".st-key-rf_layer [role=slider], .st-key-rf_layer input[type=range]"

# The words on the field, and how many units the map has: one of them changes with each layer.
FIELD = """() => {
  const words = bench.inside('rf_boxes', '.readout strong')?.textContent;
  return words ? words + bench.inside('rf_boxes', '.map .size').textContent : null;
}"""


def measure() -> list[Result]:
    """Both pages in one browser, in turns."""
    with tempfile.TemporaryDirectory() as folder, browser() as shared:
        Path(folder, "bare.py").write_text(BARE_PAGE, encoding="utf-8")
        with served("app.py") as app, served("bare.py", Path(folder)) as bare:
            lab = opened(shared, f"{app}/receptive_field?rf_layer=block1.conv2", LAYER)
            peer = opened(shared, bare, "input[type=range]")
            found = interleaved(
                {
                    "lab": presses(lab, LAYER, FIELD),
                    "bare": presses(peer, "input[type=range]", BARE_IMAGE),
                },
                PRESSES,
                warm_up=8,
            )
    result = ratio_result("layer slider to box", found["lab"], "bare Streamlit page", found["bare"], GOAL)
    spread = f"middle half {quartiles(found['lab'])}; bare {quartiles(found['bare'])} ms"
    return [result, Result("  of which", spread)]
