"""Figures of receptive fields: what they show is where the fields lie."""

import io

import numpy as np
import pytest
from PIL import Image

from cnnviz.figures.downloads import figure_file
from cnnviz.figures.field_boxes import box_figure, effective_chart, effective_figure
from cnnviz.figures.field_growth import Growth, growth_chart, growth_figure
from cnnviz.ui import cache

MASS = np.outer(np.arange(1, 9), np.ones(6)) / 216


@pytest.mark.parametrize("box", [((2, 4), (1, 3)), ((-90, 90), (-90, 90)), (None, (0, 1))])
def test_boxes_are_drawn_wherever_they_lie(box):
    for figure in (
        box_figure(np.full((8, 6, 3), 200, np.uint8), box, "a unit"),
        effective_figure({"a unit": (MASS, box, ((3, 5), (2, 4)))}),
    ):
        with Image.open(io.BytesIO(figure_file(figure, "png"))) as image:
            assert min(image.size) > 300
    chart = effective_chart(MASS, box, ((3, 5), (2, 4)), 0.95)
    edges = [(s.y0, s.y1, s.x0, s.x1) for s in chart.layout.shapes]
    assert edges[0] == (-0.5, 7.5, -0.5, 5.5) and edges[-1] == (2.5, 5.5, 1.5, 4.5)
    if box[0]:
        assert edges[1] == (box[0][0] - 0.5, box[0][1] + 0.5, box[1][0] - 0.5, box[1][1] + 0.5)
    assert chart.data[0].customdata.max() == 100


@pytest.mark.parametrize("logarithmic", [False, True])
def test_the_curves_are_the_rows_and_the_picture_is_a_line(logarithmic):
    found = cache.networks.traced("simple_cnn", 32)
    growth = Growth.of("SimpleCNN", found)
    chart = growth_chart([growth], logarithmic)
    expected = [
        row.receptive_field.size[0] for row in found if row.layer != "block3.pool" and row.receptive_field
    ]
    assert chart.data[0].y.tolist() == expected
    assert [shape.y0 for shape in chart.layout.shapes] == [32]
    assert figure_file(growth_figure([growth], logarithmic), "svg").startswith(b"<?xml")
