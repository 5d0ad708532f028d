"""The weights that come with cnnviz are what their files say."""

import re
import shlex
from pathlib import Path

import pytest
import torch

from cnnviz.__main__ import _parser
from cnnviz.data.shapes import CLASSES
from cnnviz.nets.catalog import ModelSpec, model, reference_names
from cnnviz.nets.trained import weights_names, weights_source
from cnnviz.training.loop import count_correct
from cnnviz.training.pictures import TEST_SEED, ShapesPictures
from cnnviz.training.sources import StoredPictures


def test_both_files_together_are_at_most_25_megabytes():
    assert sum(weights_source(name, "shapes").path.stat().st_size for name in reference_names()) <= 25_000_000


@pytest.mark.parametrize("name", reference_names())
def test_the_file_tells_its_story(name):
    source = weights_source(name, "shapes")
    made = source.provenance
    assert weights_names(name) == ("shapes",)
    assert (made.network, made.data, made.classes, made.test_pictures) == (name, "shapes", CLASSES, 5000)
    assert made.command.startswith(f"python -m cnnviz train --model {name} --data shapes ")
    given = _parser().parse_args(shlex.split(made.command)[3:])
    assert (given.model, given.epochs) == (name, made.epochs)
    assert (given.pictures, given.seed) == (made.pictures, made.seed)
    assert given.out == Path(source.path.name)
    label = re.fullmatch(
        r"trained on cnnviz shapes, (.*) % test accuracy", ModelSpec(name, "shapes").weights_label
    )
    assert float(label[1]) == pytest.approx(100 * made.test_accuracy, abs=0.05)
    assert (float(label[1]) == 100) == (made.test_accuracy == 1)


@pytest.fixture(scope="module")
def held_out():
    """Every fifth of the 5,000 pictures on which their accuracy was measured."""
    return StoredPictures("shapes", CLASSES, *ShapesPictures(5_000, TEST_SEED).batch(range(0, 5_000, 5)))


@pytest.mark.xdist_group("held-out shapes")
@pytest.mark.parametrize("name", reference_names())
def test_it_names_97_of_100_pictures_that_it_has_never_seen(name, held_out):
    """Of a thousand: four deviations of chance above 97 in 100, and within four of what the file states."""
    *_, (count, correct) = count_correct(model(name, "shapes"), held_out, torch.device("cpu"), 1_000)
    assert count == 1_000 and correct / count >= 0.97 + 4 * (0.97 * 0.03 / 1_000) ** 0.5
    stated = weights_source(name, "shapes").provenance.test_accuracy
    deviation = (stated * (1 - stated) / 1_000) ** 0.5
    assert correct / count == pytest.approx(
        stated, abs=4 * deviation + 0.001
    )  # another processor rounds otherwise
