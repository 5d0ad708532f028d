"""What the components' shared modules compute, against Python's."""

import math
import struct

import numpy as np
import pytest

from cnnviz.analysis.field.receptive_field import Axis
from cnnviz.errors import CnnvizError
from cnnviz.figures.numbers import power_of_ten, significant
from cnnviz.figures.theme import scale
from cnnviz.ops.kernel_text import parse_kernel, resized_kernel
from cnnviz.ui.components.payload import pack
from tests.browser.modules import load_modules
from tests.number_cases import CASES

pytestmark = pytest.mark.own_tab


def test_numbers(page):
    load_modules(page, "shared/numbers.js")
    values, texts = zip(*CASES, strict=True)
    assert page.evaluate("values => values.map((value) => format(value))", values) == list(texts)

    draw = np.random.default_rng(0)
    anything = [struct.unpack("<d", draw.bytes(8))[0] for _ in range(2000)]
    some = [*anything, *map(float, draw.normal(0, 1e4, 1000)), *map(float, draw.normal(0, 1, 1000).round(4))]
    assert page.evaluate("values => values.map((value) => format(value))", some) == [*map(significant, some)]
    finite = [value for value in some if math.isfinite(value) and value]
    powers = page.evaluate("values => values.map((value) => powerOfTen(value, 2))", finite)
    assert powers == [*map(power_of_ten, finite)]

    lists = [[], [3], [0, 1, 2, 3, 25, 26, 27], [-2, -1, 4]]
    assert page.evaluate("lists => lists.map(inWords)", lists) == ["", "3", "0–3, 25–27", "−2–−1, 4"]
    counts = page.evaluate("values => values.map(formatCount)", [0, 1234567, -1234, 0.25])
    assert counts == ["0", "1,234,567", "−1,234", "0.2500"]
    assert page.evaluate("[clamp(5, 0, 3), clamp(-1, 0, 3), clamp(2, 0, 3), clamp(1, 0, -1)]") == [3, 0, 2, 0]


def test_a_message_is_read_back(page):
    """Every half float there is, and headers of all lengths before arrays of all types."""
    load_modules(page, "shared/payload.js")
    every_half = np.arange(2**16, dtype=np.uint16).view(np.float16)
    draw = np.random.default_rng(1)
    for text, halves in (("", every_half), *((text, every_half[:5]) for text in ("a", "ä", "π≈3", "🐱"))):
        arrays = {
            "bytes": draw.integers(0, 256, (3, 5), dtype=np.uint8),
            "halves": halves,
            "floats": draw.normal(size=(2, 1, 3)).astype(np.float32),
        }
        header, found = page.evaluate(
            """message => {
              const { header, arrays } = unpack(Uint8Array.from([0, ...message]).subarray(1));
              const read = ([name, { values, shape }]) => [name, [...values], shape];
              return [header, Object.entries(arrays).map(read)];
            }""",
            list(pack({"name": text}, arrays)),
        )
        assert header == {"name": text}
        assert [(name, tuple(shape)) for name, _, shape in found] == [(n, a.shape) for n, a in arrays.items()]
        for (_, values, _), array in zip(found, arrays.values(), strict=True):
            np.testing.assert_array_equal(np.array(values), array.ravel().astype(float))


def test_colours(page):
    load_modules(page, "shared/colours.js")
    draw = np.random.default_rng(2)
    values = [*draw.normal(0, 1, 500).astype(np.float32).astype(float).tolist(), 0.0, 1.3, -1.3, math.nan]
    for limit in (0.0, 1.3):
        indices = page.evaluate(
            "([values, limit]) => values.map((value) => colourIndex(value, limit))", [values, limit]
        )
        for name in ("activation", "weight"):
            colours = scale(name)
            painted = colours.colours.ravel()[np.array(indices)[:, None] + np.arange(3)]
            np.testing.assert_array_equal(painted, colours.paint(np.array(values), limit))
    grounds = [[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [135, 135, 135], [134, 134, 134]]
    texts = page.evaluate("grounds => grounds.map((ground) => textColourOn(...ground))", grounds)
    assert texts == ["#fff", "#111", "#fff", "#111", "#111", "#fff"]


def test_unit_fields(page):
    """The edges of every unit, and which units see a pixel."""
    load_modules(page, "shared/unit_fields.js")
    axes = [
        Axis(2, ((-1, 1),)),
        Axis(4, ((-3, 7), (1, 9), None)),
        Axis(0, ((0, 27),)),
    ]
    for axis in axes:
        units = 11
        settings = [{"advance": int(axis.advance), "edges": axis.edges}, units]
        fields = page.evaluate("([axis, units]) => fieldsAlong(axis, units)", settings)
        expected = [axis.at(unit) for unit in range(units)]
        assert [field and tuple(field) for field in fields] == expected
        seeing = page.evaluate(
            "fields => Array.from({ length: 28 }, (_, pixel) => unitsSeeing(fields, pixel))", fields
        )
        for pixel, units_found in enumerate(seeing):
            assert units_found == [
                n for n, edge in enumerate(expected) if edge and edge[0] <= pixel <= edge[1]
            ]
        shares = page.evaluate("fields => fields.map((field) => field && shareInside(field, 20))", fields)
        for share, edge in zip(shares, expected, strict=True):
            inside = edge and sum(0 <= pixel < 20 for pixel in range(edge[0], edge[1] + 1))
            assert share == (edge and pytest.approx(inside / (edge[1] - edge[0] + 1)))
    ranges = page.evaluate("[[3, 3], [-2, 1234]].map(rangeText)")
    assert ranges == ["3", "−2 to 1,234"]


def parsed(word: str) -> float | None:
    try:
        return float(parse_kernel(word)[0, 0]) if len(word.split()) == 1 else None
    except CnnvizError:
        return None


def test_kernels(page):
    """A weight is read, and a kernel resized, as in Python."""
    load_modules(page, "shared/kernel_cells.js")
    draw = np.random.default_rng(3)
    words = ["0", "-0", "1", "−2.5", " 7 ", ".5", "5.", "1e3", "1e-3", "+4", "-1000", "1000.1", "1e308"]
    words += [
        "",
        "-",
        "abc",
        "inf",
        "Infinity",
        "NaN",
        "1 2",
        "--3",
        *map(repr, draw.normal(0, 500, 50).tolist()),
    ]
    assert page.evaluate("words => words.map(parseWeight)", words) == [*map(parsed, words)]
    assert page.evaluate("parseWeight('2,5')") == 2.5  # as it is written in many countries
    for _ in range(50):
        height, width, size = (int(n) for n in draw.integers(1, 16, 3))
        weights = draw.normal(size=(height, width))
        resized = page.evaluate("([weights, size]) => resizedKernel(weights, size)", [weights.tolist(), size])
        np.testing.assert_array_equal(resized, resized_kernel(weights, size, size))
