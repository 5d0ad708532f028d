import csv
import io
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

from cnnviz.figures.downloads import figure_file
from cnnviz.figures.panels import Panel, panels_figure
from cnnviz.figures.tables import csv_file
from cnnviz.figures.theme import scale

PANELS = [
    Panel("Photo", np.linspace(0, 1, 3 * 20 * 30).reshape(3, 20, 30)),
    Panel("Grey", np.full((1, 8, 8), 0.5)),
    Panel("Signed", np.array([[[-2.0, 0.0], [1.0, 2.0]]]), "signed"),
    Panel("Counts", np.array([[[0.0, 1.0], [3.0, 4.0]]]), "count"),
    Panel("Nothing", np.zeros((1, 5, 5)), "signed"),
]


def test_the_svg_is_well_formed_and_the_same_each_time():
    first, second = (figure_file(panels_figure(PANELS), "svg") for _ in range(2))
    assert first == second
    root = ElementTree.fromstring(first)
    images = [element for element in root.iter() if element.tag.endswith("}image")]
    assert len(images) >= len(PANELS)


def test_the_png_has_every_panel_in_the_colours_of_the_screen():
    with Image.open(io.BytesIO(figure_file(panels_figure(PANELS), "png"))) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    colours = {tuple(colour) for colour in pixels[::4, ::4].reshape(-1, 3).tolist()}
    signed, counts = scale("activation").colours, scale("count").colours
    for expected in (signed[0], signed[-1], signed[127], counts[-1], (127, 127, 127)):
        assert tuple(int(part) for part in expected) in colours


@pytest.mark.parametrize(("limit", "expected"), [(None, 2.0), (5.0, 5.0)])
def test_the_scale_ends_at_the_limit_or_the_largest_magnitude(limit, expected):
    assert Panel("", np.array([[[-2.0, 1.0]]]), "signed", limit).scale_limit == expected


def test_white_is_1_in_a_picture_unless_it_is_said_otherwise():
    values = np.full((1, 4, 4), 1.5)
    assert Panel("", values).scale_limit == 1.0
    panel = Panel("Bright", values, limit=3.0)
    with Image.open(io.BytesIO(figure_file(panels_figure([panel]), "png"))) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    middle = pixels[pixels.shape[0] // 2, pixels.shape[1] // 2]
    assert middle.tolist() == [127, 127, 127]


def test_a_csv_file_reads_back_as_it_was():
    rows = [
        {"way": "max, padded", "size": 56, "change": 0.25},
        {"way": 'a "quote"', "size": 1, "change": -1.0},
    ]
    read = list(csv.DictReader(io.StringIO(csv_file(rows).decode(), newline="")))
    assert read == [{key: str(value) for key, value in row.items()} for row in rows]


def large_areas(panel):
    """The colours that fill a twentieth of the figure or more: the cells, not the scale beside them."""
    with Image.open(io.BytesIO(figure_file(panels_figure([panel]), "png"))) as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    colours, counts = np.unique(pixels, axis=0, return_counts=True)
    return {tuple(int(part) for part in colour) for colour in colours[counts > len(pixels) / 20]}


def step(index):
    return tuple(int(part) for part in scale("count").colours[index])


def test_what_lies_outside_a_map_is_left_white_and_sets_no_limit():
    inside, outside = (np.array([[[corner, 0.0], [2.0, corner]]]) for corner in (1.0, np.nan))
    assert Panel("", outside, "count").scale_limit == 2.0
    assert large_areas(Panel("", outside, "count")) == {(255, 255, 255), step(127), step(254)}
    assert len(large_areas(Panel("", inside, "count"))) == 4


@pytest.mark.parametrize(("least", "index"), [(0.0, 127), (0.5, 191)])
def test_a_small_count_is_coloured_as_at_least_its_share(least, index):
    shown = large_areas(Panel("", np.array([[[0.1, 100.0]]]), "count", least=least))
    assert shown == {(255, 255, 255), step(index), step(254)}


@pytest.mark.parametrize(("size", "expected"), [("", "2×3"), ("field 5×5", "field 5×5")])
def test_the_size_stands_beside_the_title(size, expected):
    assert Panel("", np.zeros((1, 2, 3)), size=size).size_label == expected
