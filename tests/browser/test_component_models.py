"""What the components' models compute: layouts, selections, counts and windows, against NumPy and PyTorch."""

import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from tests.browser.modules import load_modules

pytestmark = pytest.mark.own_tab
GAP = 3


def test_the_wall_has_a_place_for_each_map_and_draws_whole_pixels_where_it_can(page):
    """Tiles fit the place and do not overlap; a larger whole factor would be too tall or too wide."""
    load_modules(page, "map_wall/layout.js")
    draw = np.random.default_rng(0)
    cases = [
        [int(draw.integers(1, 513)), *map(int, draw.integers(1, 225, 2)), place, ratio]
        for place in (340, 700, 1100)
        for ratio in (1, 2)
        for _ in range(40)
    ]
    found = page.evaluate("cases => cases.map((case_) => layoutWall(...case_))", cases)
    for (count, height, width, place, ratio), wall in zip(cases, found, strict=True):
        assert (wall["tileWidth"], wall["tileHeight"]) == (width * wall["scale"], height * wall["scale"])
        assert (wall["stepX"], wall["stepY"]) == (wall["tileWidth"] + GAP, wall["tileHeight"] + GAP)
        rows = math.ceil(count / wall["columns"])
        assert wall["wallWidth"] == wall["left"] + wall["columns"] * wall["stepX"]
        assert wall["wallHeight"] == wall["top"] + rows * wall["stepY"]
        assert wall["wallWidth"] <= place + GAP or wall["columns"] == 1
        factor = wall["scale"] * ratio
        if factor >= 1:
            assert factor == pytest.approx(round(factor)) and wall["wallHeight"] <= 720 + GAP
        elif factor > 0.06:
            assert wall["wallHeight"] <= 560 + GAP


MESSAGE = """order => ({
  header: {
    layer: "conv1", order, kept: [...order].sort((a, b) => a - b), selected: order[0], pinned: null,
    edit_version: 0, axes: null,
  },
  arrays: { maps: { values: Float32Array.from({ length: 24 * order.length }, (_, i) => i),
                    shape: [order.length, 4, 6] },
            picture: { values: [], shape: [8, 12, 3] },
            mean: { values: order.map((_, i) => 10 * i), shape: [order.length] } },
})"""


def test_the_wall_is_walked_in_pythons_order_and_reads_each_channels_own_values(page):
    load_modules(page, "map_wall/model.js")
    order = [7, 2, 9, 4]
    page.evaluate(f"order => {{ window.wall = wallOf(({MESSAGE})(order), newState()); }}", order)
    walked = page.evaluate(
        """() => {
          const seen = [wall.state.selected];
          for (let next; (next = channelAfter(wall, 1)) !== undefined; ) {
            selectChannel(wall, next);
            seen.push(next);
          }
          return [seen, channelAfter(wall, -1), channelAfter(wall, -9) ?? null];
        }"""
    )
    assert walked == [order, order[-2], None]
    values = np.arange(24 * 4).reshape(4, 4, 6)
    for channel in order:
        slot = sorted(order).index(channel)
        read = page.evaluate(
            "channel => [valueOf(wall, channel, { row: 3, column: 5 }), numberOf(wall, 'mean', channel)]",
            channel,
        )
        assert read == [values[slot, 3, 5], 10 * slot]


def test_a_pin_is_set_and_taken_back_and_steps_stay_on_the_map(page):
    load_modules(page, "map_wall/model.js")
    page.evaluate(f"() => {{ window.wall = wallOf(({MESSAGE})([0, 1]), newState()); }}")
    unit = {"row": 1, "column": 5}
    assert page.evaluate("unit => (togglePin(wall, unit), pinnedUnit(wall))", unit) == unit
    assert page.evaluate("() => [unitAfter(wall, 1), unitAfter(wall, -99)]") == [
        {"row": 2, "column": 0},
        None,
    ]
    assert page.evaluate("unit => (togglePin(wall, unit), pinnedUnit(wall))", unit) is None
    assert page.evaluate("() => pixelAfter(wall, [-9, 99])") == [0, 11]
    newest = page.evaluate("() => (togglePin(wall, { row: 0, column: 0 }), wall.state.pinned)")
    late = f"wallOf({{ ...({MESSAGE})([0, 1]) }}, wall.state).state.pinned"
    assert page.evaluate(late) == newest == [0, 0]  # a message that does not know the last edit


def test_counts_by_true_and_predicted_class(page):
    load_modules(page, "training_epochs/model.js")
    draw = np.random.default_rng(1)
    labels, predicted = draw.integers(0, 5, (2, 400))
    expected = np.histogram2d(labels, predicted, bins=np.arange(-0.5, 5.5))[0]
    counts = page.evaluate(
        "([labels, predicted]) => confusion(labels, predicted, 5)", [labels.tolist(), predicted.tolist()]
    )
    np.testing.assert_array_equal(counts, expected)


def test_keys_read_every_weight_of_the_filters_in_order_and_skip_the_gaps(page):
    load_modules(page, "training_epochs/model.js")
    weights = np.random.default_rng(3).normal(size=(2, 3, 3, 4, 5)).astype(np.float16).astype(float)
    page.evaluate(
        """([values, shape]) => {
          const state = { index: 1, places: { filters: { index: 0, row: 0, column: 0 } } };
          const header = { epochs: [0, 7], changes: ["", "moved"] };
          window.epochs = { header, arrays: { filters: { values, shape } }, state };
        }""",
        [weights.ravel().tolist(), weights.shape],
    )
    read = page.evaluate(
        """() => {
          const seen = [];
          for (let last = -1; ; readNext(epochs, "filters", [0, 1])) {
            const place = epochs.state.places.filters;
            const here = (place.index * 4 + place.row) * 17 + place.column;
            if (here === last) return seen;
            seen.push(weightAt(epochs, 1, place).value);
            last = here;
          }
        }"""
    )
    rows = weights[1].transpose(0, 2, 1, 3)  # filter, row, colour, column
    np.testing.assert_array_equal(read, rows.ravel())


def test_ticks_are_round_lie_between_the_ends_and_are_not_many(page):
    load_modules(page, "training_curves/model.js")
    draw = np.random.default_rng(4)
    cases = [
        [bool(log), *sorted((10 ** draw.uniform(-5, 5, 2) * [1, 3]).tolist())]
        for log in draw.integers(0, 2, 300)
    ]
    found = page.evaluate("cases => cases.map(([log, low, high]) => ticks({ log, low, high }))", cases)
    for (log, low, high), marks in zip(cases, found, strict=True):
        if log:
            powers = np.log10(marks)
            np.testing.assert_allclose(powers, np.rint(powers), atol=1e-9)
            assert len(marks) <= 6 and all(low <= mark <= high for mark in marks)
            assert bool(marks) == (np.ceil(np.log10(low)) <= np.floor(np.log10(high)))
        else:
            step = marks[1] - marks[0]
            assert float(f"{step:.0e}") == pytest.approx(step) and f"{step:.0e}"[0] in "125"
            assert 2 <= len(marks) <= 5
            assert marks[0] == low and high - step < marks[-1] <= high + 1e-6 * step


def test_the_point_nearest_to_the_pointer_is_read_and_keys_go_on_from_there(page):
    load_modules(page, "training_curves/model.js")
    draw = np.random.default_rng(5)
    at = np.sort(draw.choice(5000, 60, replace=False)).tolist()
    pointed = draw.uniform(-100, 5100, 200).tolist()
    read = page.evaluate(
        """([at, pointed]) => {
          window.curves = { arrays: { at: { values: Float32Array.from(at) } }, state: { at: null } };
          return pointed.map((step) => (readNearest(curves, step), curves.state.at));
        }""",
        [at, pointed],
    )
    assert [at[k] for k in read] == [min(at, key=lambda step: abs(step - x)) for x in pointed]
    steps = [-1, -1000, 1, 1000]
    assert page.evaluate(
        "steps => (curves.state.at = null, steps.map((by) => (readNext(curves, by), curves.state.at)))", steps
    ) == [58, 0, 1, 59]


def test_maps_of_a_column_lie_in_it_in_order_and_each_is_found_where_it_lies(page):
    load_modules(page, "glance/model.js")

    @given(
        st.lists(st.tuples(st.integers(1, 12), st.integers(1, 64), st.integers(1, 64)), min_size=1),
        st.integers(100, 2000),
    )
    def check(shapes, room):
        boxes, found, layout = page.evaluate(
            """([shapes, room]) => {
              const columns = shapes.map(() => ({ maps: true }));
              const arrays = Object.fromEntries(shapes.map((shape, i) => [`maps${i}`, { shape }]));
              const glance = { header: { columns, most: 12 }, arrays, state: {} };
              const layout = layoutGlance(glance, room);
              const places = (i) => [...Array(placesOf(glance, layout, i)).keys()];
              const boxes = columns.map((_, i) => places(i).map((at) => boxOfMap(glance, layout, i, at)));
              const placeIn = (i, { top, height }) => placeAt(glance, layout, i, top + height / 2);
              const found = boxes.map((column, i) => column.map((box) => placeIn(i, box)));
              return [boxes, found, layout];
            }""",
            [shapes, room],
        )
        for (channels, height, width), column, places in zip(shapes, boxes, found, strict=True):
            assert places == list(range(min(channels, layout["rows"])))
            for above, below in itertools.pairwise(column):
                assert above["top"] + above["height"] < below["top"]
            for box in column:
                assert box["left"] >= 0 and box["left"] + box["width"] <= layout["tile"] * (1 + 1e-9)
                assert box["top"] + box["height"] <= layout["tall"] * (1 + 1e-9)
                assert box["width"] * height == pytest.approx(box["height"] * width)

    check()


AXES = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 3), st.integers(1, 2))
NAMES = ("kernel_size", "stride", "padding", "dilation")


def test_a_window_reads_the_taps_that_pytorchs_gradient_reaches(page):
    """Of an output: its inputs and the taps in the padding; of an input: the outputs that read it."""
    load_modules(page, "conv_view/model.js")

    @given(rows=AXES, columns=AXES, height=st.integers(9, 12), width=st.integers(9, 12), data=st.data())
    def check(rows, columns, height, width, data):
        x = torch.zeros(1, 1, height, width, requires_grad=True)
        kernel, stride, padding, dilation = zip(rows, columns, strict=True)
        y = F.conv2d(x, torch.ones(1, 1, *kernel), None, stride, padding, dilation)
        row, column = (data.draw(st.integers(0, size - 1)) for size in y.shape[2:])
        (reached,) = torch.autograd.grad(y[0, 0, row, column], x)
        state = {
            "settings": {
                "rows": dict(zip(NAMES, rows, strict=True)),
                "columns": dict(zip(NAMES, columns, strict=True)),
                "mode": "zeros",
            },
            "arrays": {
                "input": {"values": [0] * 3 * height * width, "shape": [height, width, 3]},
                "output": {"values": [0] * y.numel(), "shape": list(y.shape[1:])},
            },
            "channel": "0",
        }
        window = page.evaluate(
            "([state, row, column]) => readWindow(state, { row, column })", [state, row, column]
        )
        inside = [
            [r, c]
            for r in window["rowTaps"]
            for c in window["columnTaps"]
            if 0 <= r < height and 0 <= c < width
        ]
        assert sorted(inside) == reached[0, 0].nonzero().tolist()
        padded = kernel[0] * kernel[1] - len(inside)
        assert ("taps lie in the padding" in window["detail"]) == (padded > 0)
        assert not padded or f"{padded} of {kernel[0] * kernel[1]} taps" in window["detail"]
        one = torch.zeros(1, 1, height, width)
        one[0, 0, height - 1, 0] = 1
        read = page.evaluate("([state, row]) => readInput(state, { row, column: 0 })", [state, height - 1])
        outputs = [[r, c] for r in read["rowReaders"] for c in read["columnReaders"]]
        expected = F.conv2d(one, torch.ones(1, 1, *kernel), None, stride, padding, dilation)[0, 0].nonzero()
        assert outputs == expected.tolist()

    check()


def test_the_sliding_window_computes_pytorchs_convolution_and_keeps_its_step_within(page):
    load_modules(page, "sliding_window/model.js")
    draw = np.random.default_rng(2)
    picture = draw.random((1, 20, 30)).astype(np.float32)
    weights = draw.normal(size=(3, 3)).round(2)
    settings = {
        "kernel_size": [3, 3], "stride": [2, 1], "padding": [1, 0], "dilation": [1, 2], "mode": "zeros",
        "weights": weights.tolist(), "bias": 0.5, "patch": {"top": 4, "left": 25, "size": 8},
    }  # fmt: skip
    header = {
        "kind": "convolution", "matrix": None, "channels": "grey", "options": {"outputPadding": 0},
        "limits": {}, "kernels": {5: np.ones((5, 5)).tolist()},
    }  # fmt: skip
    page.evaluate(
        """([header, settings, values, shape]) => {
          window.header = header;
          const pin = { on: "output", row: 0, column: 99 };
          window.state = { settings, step: 1000, pin, hover: null, channel: 0 };
          window.result = compute(header, state, { values, shape });
        }""",
        [header, settings, picture.ravel().tolist(), picture.shape],
    )
    patch = torch.from_numpy(picture[:, 4:12, 22:30].astype(float))[None]  # moved into the picture
    kernel = torch.from_numpy(weights)[None, None]
    expected = F.conv2d(patch, kernel, torch.tensor([0.5]).double(), (2, 1), (1, 0), (1, 2))[0, 0]
    values, limit = page.evaluate("() => [result.values, result.limit]")
    np.testing.assert_allclose(values, expected.ravel().numpy(), rtol=1e-6, atol=1e-9)
    assert limit == pytest.approx(float(expected.abs().max()))
    kept = page.evaluate("() => (keepWithin(state, result), [state.step, state.pin, focusOf(state, result)])")
    last = [n - 1 for n in expected.shape]
    assert kept == [expected.numel() - 1, None, {"output": last}]
    cells = page.evaluate(
        "() => [[-1, 0], [-2, 0], [0, -1], [8, 7], [9, 7]].map((at) => isInput(state, result.op, ...at))"
    )
    assert cells == [True, False, False, True, False]
    after = page.evaluate(
        "() => [['stride', 3], ['kernel_size', 5]].map((to) => afterStep(header, state.settings, ...to))"
    )
    assert after == [{"stride": [3, 3]}, {"kernel_size": [5, 5], "weights": np.ones((5, 5)).tolist()}]
