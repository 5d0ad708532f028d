import math

import numpy as np
import pytest
import torch
from PIL import Image

from cnnviz.data.shape_masks import FIGURES
from cnnviz.data.shapes import CLASSES, SIDE, Shapes, _colours, gallery
from cnnviz.errors import CnnvizError

FINE = np.linspace(-1.6, 1.6, 1601)
GRID = FINE[None, :], FINE[:, None]
CELL = (FINE[1] - FINE[0]) ** 2


def test_there_are_ten_classes():
    assert len(set(CLASSES)) == 10


def test_a_picture_is_the_same_whatever_was_drawn_before():
    alone = Shapes(3).pixels(12)
    np.random.seed(5)  # noqa: NPY002
    among = Shapes(3).batch([40, 12, 7])[0][1]
    assert alone.dtype == np.uint8 and alone.shape == (SIDE, SIDE, 3)
    assert np.array_equal(among.permute(1, 2, 0).numpy(), alone)


def test_no_two_pictures_or_seeds_are_alike():
    pictures = [Shapes(seed).pixels(i).tobytes() for seed in (0, 1, 2**64 - 1) for i in (*range(20), 2**40)]
    assert len(set(pictures)) == len(pictures)


def test_ten_in_a_row_hold_every_class_once():
    pictures, labels = Shapes().batch(range(30, 40))
    assert sorted(labels.tolist()) == list(range(10))
    assert pictures.shape == (10, 3, SIDE, SIDE) and pictures.dtype == torch.uint8


@pytest.mark.parametrize("make", [lambda: Shapes(-1), lambda: Shapes(2**64), lambda: Shapes().pixels(-1)])
def test_a_number_below_zero_is_refused(make):
    with pytest.raises(CnnvizError, match="from 0"):
        make()


def test_the_gallery_has_a_column_for_each_class():
    seen = gallery(rows=3, seed=2)
    assert seen.shape == (3 * SIDE, 10 * SIDE, 3)
    assert np.array_equal(seen[SIDE : 2 * SIDE, 4 * SIDE : 5 * SIDE], Shapes(2).pixels(14))


def area(name, seed=0):
    return (FIGURES[name](np.random.default_rng(seed), *GRID) > 0).sum() * CELL


def drawn(low, high, seed=0):
    return np.random.default_rng(seed).uniform(low, high)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("disc", math.pi * 0.9**2),
        ("ring", math.pi * (0.95**2 - (0.95 - 2 * drawn(0.1, 0.22)) ** 2)),
        ("square", 1.6 * 2 * drawn(0.65, 0.8)),
        ("triangle", 3 * math.sqrt(3) * 0.55**2),  # of an equilateral triangle with this inradius
        ("cross", 8 * drawn(0.2, 0.32) - 4 * drawn(0.2, 0.32) ** 2),
    ],
)
def test_figures_have_the_area_that_geometry_gives(name, expected):
    assert area(name) == pytest.approx(expected, rel=0.01)


def test_a_star_has_the_area_of_its_triangles():
    rng = np.random.default_rng(0)
    tips, inner = rng.integers(5, 7), rng.uniform(0.4, 0.5)
    assert area("star") == pytest.approx(tips * 1.05 * inner * math.sin(math.pi / tips), rel=0.01)


def test_stripes_and_checks_cover_half_of_their_patch_and_a_spiral_half_of_its_disc():
    for name, patch in (("stripes", 0.5), ("checkerboard", 0.5)):
        shares = []
        for seed in range(12):
            kind = np.random.default_rng(seed).integers(3)
            whole = FIGURES[("disc", "square", "triangle")[kind]]
            rng = np.random.default_rng(seed)
            rng.integers(3)
            outline = (whole(rng, GRID[0] / 1.1, GRID[1] / 1.1) > 0).sum() * CELL
            shares.append(area(name, seed) / outline)
        assert np.mean(shares) == pytest.approx(patch, abs=0.08), name
    assert area("spiral") == pytest.approx(0.48 * math.pi, rel=0.05)


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("seed", range(4))
def test_edges_are_one_pixel_soft(name, seed):
    """What a figure returns is a distance: across its edge it changes by 1 over a length of 1."""
    inside = FIGURES[name](np.random.default_rng(seed), *GRID)
    slope = np.hypot(*np.gradient(inside, FINE[1] - FINE[0]))
    edge = np.abs(inside) < 0.01
    assert edge.any() and np.median(slope[edge]) == pytest.approx(1, abs=0.12)


def test_some_figures_are_as_bright_as_their_background_and_none_has_its_colour():
    rng = np.random.default_rng(0)
    pairs = np.array([_colours(rng) for _ in range(1000)])
    assert np.abs(pairs[:, 0] - pairs[:, 1]).max(1).min() > 0.35
    grey = np.array([Image.fromarray((p * 255).astype(np.uint8)[None]).convert("L") for p in pairs], int)
    assert 0.1 < (np.abs(grey[:, 0, 0] - grey[:, 0, 1]) <= 1).mean() < 0.3


def test_a_linear_model_fails():
    """Ridge regression on all 12,288 values, at the best of several strengths."""
    x, labels = Shapes(1).batch(range(1500))
    x = x.flatten(1).double() / 255
    x = x - x[:1200].mean(0)
    kernel = x @ x[:1200].T
    targets = torch.nn.functional.one_hot(labels[:1200]).double() - 0.1
    best = 0.0
    for strength in (1e1, 1e3, 1e5):
        dual = torch.linalg.solve(kernel[:1200] + strength * torch.eye(1200), targets)
        best = max(best, ((kernel[1200:] @ dual).argmax(1) == labels[1200:]).double().mean().item())
    assert best < 0.2
