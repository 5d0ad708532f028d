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
