"""The receptive field page: every network opens, and what it says and gives is what the trace says."""

import re
import time

import numpy as np
import pytest
import torch

import cnnviz
from cnnviz.analysis.stack import follow, parse_stack
from cnnviz.figures.field_growth import Growth, growth_chart, rows_with_field
from cnnviz.nets.catalog import ModelSpec, catalog_entry, model_names, model_outline
from cnnviz.ui import cache, receptive_field_lab
from cnnviz.ui.effective_field_lab import MOST_MACS, MOST_PARAMETERS
from cnnviz.ui.effective_runs import EffectiveRequest, EffectiveRun, EffectiveRuns
from cnnviz.ui.receptive_field_facts import outgrown_words
from cnnviz.ui.receptive_field_lab import unit_from_text
from cnnviz.ui.receptive_field_presets import _PRESETS as PRESETS
from tests.app.running import open_drawers, run, shown_code

VIEWS = ("box", "growth", "effective", "stack", "table")


def markdown(at):
    return " ".join(m.value for m in at.markdown)


@pytest.fixture
def seen_boxes(monkeypatch):
    """What was last handed to the component that draws boxes."""
    shown = {}

    def note(row, seen, picture, grey, pinned, global_words, *_):
        shown.update(row=row, seen=seen, picture=picture, grey=grey, pinned=pinned, words=global_words)

    monkeypatch.setattr(receptive_field_lab, "field_view", note)
    return shown


def test_every_network_opens_or_says_why_not(open_page, assert_fine, seen_boxes):
    at = open_page("receptive_field")
    for name in model_names():
        at.session_state["model"] = name
        seen_boxes.clear()
        at.run()
        assert_fine(at)
        found = cache.traced(name, catalog_entry(name).input_shape[2])
        row = found.last_map
        assert seen_boxes["row"].layer == row.layer
        assert seen_boxes["pinned"] == tuple(n // 2 for n in row.units)
        assert bool(seen_boxes["words"]) == row.is_global
        assert seen_boxes["picture"].height == found.input_shape[2]
        assert seen_boxes["grey"] == (name == "lenet5")


def test_sizes_that_do_not_fit_are_not_offered_and_a_chosen_one_comes_back(open_page, assert_fine):
    at = open_page("receptive_field", model="vgg16")
    at.select_slider(key="rf_side").set_value(32).run()
    assert_fine(at)
    at.session_state["model"] = "vit_b_32"
    at.run()
    assert_fine(at)
    assert "Input size: **224×224**" in markdown(at)
    assert any("vit_b_32 is built for this size alone" in caption.value for caption in at.caption)
    at.session_state["model"] = "inception_v3"
    at.run()
    assert_fine(at)
    assert at.select_slider(key="rf_side").value == 96
    assert any("cannot take 32×32 or 64×64" in caption.value for caption in at.caption)
    at.session_state["model"] = "vgg16"
    at.run()
    assert at.select_slider(key="rf_side").value == 32


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("model", ["lenet5", "efficientnet_b0"])
def test_every_view_opens(open_page, assert_fine, view, model):
    at = open_drawers(open_page("receptive_field", rf_view=view, model=model))
    assert_fine(at)
    assert at.code or view == "effective", "measured on demand only"


def test_every_preset_shows_what_its_name_says(open_page, assert_fine, seen_boxes):
    sizes = {}
    for label in PRESETS:
        at = open_page("receptive_field")
        at.button(key=f"preset {label}").click().run()
        assert_fine(at)
        view = at.session_state["rf_view"]
        if view == "box":
            sizes[label] = seen_boxes["seen"].size[0]
            assert seen_boxes["row"].layer == PRESETS[label]["rf_layer"]
        elif view == "stack":
            sizes[label] = run(shown_code(at))["sizes"]
    assert sizes["VGG-style: 3, 5, 6, 10"] == [3, 5, 6, 10]
    assert sizes["Two 3×3 against one 5×5"][-1] == 5
    assert sizes["Dilated 1, 2, 4: 15 wide"][-1] == 15
    assert sizes["VGG-16 stays inside: 212"] == 212
    assert sizes["ResNet-50 outgrows the picture: 427"] == 427
    assert len(sizes) == len(PRESETS) - 1


def test_the_code_gives_the_box_and_the_curves_on_screen(open_page, assert_fine, seen_boxes):
    at = open_page(
        "receptive_field", model="mini_resnet", rf_side=64, rf_layer="layer2.0.conv2", rf_unit="1, 6"
    )
    assert_fine(at)
    names = run(shown_code(at))
    assert names["field"].size == seen_boxes["seen"].size
    assert names["box"] == seen_boxes["seen"].box(1, 6) and seen_boxes["pinned"] == (1, 6)
    at = open_page("receptive_field", rf_view="growth", rf_others=["alexnet", "lenet5"])
    assert_fine(at)
    growth = run(shown_code(at))["growth"]
    assert {name: max(sizes[:-1]) for name, sizes in growth.items()}.keys() == {
        "simple_cnn",
        "alexnet",
        "lenet5",
    }
    chart = growth_chart([Growth.of("LeNet-5", cache.traced("lenet5", 32))], False)
    np.testing.assert_array_equal(chart.data[0].y, growth["lenet5"])
    assert chart.data[0].text[0].endswith("sees 5×5 pixels")


def test_the_last_layer_may_be_gone_with_another_network(open_page, assert_fine, seen_boxes):
    at = open_page("receptive_field", model="mini_resnet", rf_layer="layer2.0.conv2")
    at.session_state["model"] = "simple_cnn"
    at.run()
    assert_fine(at)
    assert seen_boxes["row"].layer == "block3.relu2"


@pytest.mark.parametrize(
    ("text", "unit"), [("", (28, 28)), ("3, 4", (3, 4)), ("0 55", (0, 55)), ("999,1", (55, 1))]
)
def test_a_unit_is_read_from_text(text, unit):
    assert unit_from_text(text, cache.traced("simple_cnn", 224).last_map) == unit


def test_a_bad_unit_is_said_beside_it_and_the_middle_shown(open_page, assert_fine, seen_boxes):
    at = open_page("receptive_field", rf_unit="three, 4")
    assert_fine(at)
    assert "Type a row and a column" in markdown(at)
    assert seen_boxes["pinned"] == (28, 28)


def test_a_bad_stack_is_explained_and_a_good_one_follows(open_page, assert_fine):
    at = open_page("receptive_field", rf_view="stack")
    at.text_input(key="rf_stack").set_value("3, pol 2").run()
    assert "begins with “pol”" in at.warning[0].value
    at.text_input(key="rf_stack").set_value("7 s2 p3, pool 3 s2 p1, 3 d2").run()
    assert_fine(at)
    sizes = run(shown_code(at))["sizes"]
    assert sizes == [step.size for step in follow(parse_stack("7 s2 p3, pool 3 s2 p1, 3 d2"))[1:]]
    assert f"**{', '.join(map(str, sizes))}** pixels" in markdown(at)


def test_questions_have_the_answers_of_a_longer_stack(open_page):
    at = open_drawers(open_page("receptive_field", rf_view="stack"))
    at.number_input(key="rf_stack_quiz_guess").set_value(14).run()
    assert follow(parse_stack("3, 3, pool 2, 3, 3 s2"))[-1].size == 14
    assert "**Right: 14.**" in markdown(at)
    at.number_input(key="rf_stack_quiz_guess").set_value(16).run()
    assert "k − 1, not k" in markdown(at)
    at = open_drawers(open_page("receptive_field", rf_layer="block2.conv2"))
    network = torch.nn.Sequential(model_outline("simple_cnn").block1, model_outline("simple_cnn").block2[:4])
    row = cnnviz.trace(network.append(torch.nn.Conv2d(128, 1, 5, stride=2, device="meta"))).last_map
    at.number_input(key="rf_quiz_guess").set_value(row.receptive_field.size[0]).run()
    assert "**Right:" in markdown(at)


def test_where_the_field_outgrows_the_picture():
    found = cache.traced("resnet50", 224)
    words = outgrown_words(Growth.of("resnet50", found))
    layer = re.search(r"from (\S+) on", words)[1]
    rows = rows_with_field(found)
    at = [row.layer for row in rows].index(layer)
    assert found[layer].receptive_field.size[0] > 224
    assert all(row.receptive_field.size[0] <= 224 for row in rows[:at])
    assert "no local field is larger" in outgrown_words(Growth.of("vgg16", cache.traced("vgg16", 224)))


def wait_for(at, text):
    deadline = time.monotonic() + 25
    while text not in markdown(at) and time.monotonic() < deadline:
        time.sleep(0.1)
        at.run()
    assert text in markdown(at)


def test_the_effective_field_is_measured_on_demand_and_is_that_of_the_code(open_page, assert_fine):
    at = open_page(
        "receptive_field", rf_view="effective", rf_side=32, rf_samples=2, rf_layer="block2.relu1", seed=3
    )
    assert_fine(at)
    assert "billion MACs" in markdown(at)
    next(b for b in at.button if b.label == "Measure the effective field").click().run()
    wait_for(at, "of the mass lies in the theoretical box")
    assert_fine(at)
    mass = run(shown_code(at))["mass"]
    request = EffectiveRequest(ModelSpec("simple_cnn", None, 3), "block2.relu1", 32, 2)
    np.testing.assert_allclose(cache.effective_runs().find(request).mass, mass, rtol=1e-3, atol=1e-7)


def test_without_trained_weights_the_random_result_stays(open_page, assert_fine):
    runs = cache.effective_runs()
    random = EffectiveRequest(ModelSpec("squeezenet1_1"), "features.2", 64, 1)
    trained = EffectiveRequest(ModelSpec("squeezenet1_1", "imagenet"), "features.2", 64, 1)
    mass = np.zeros((64, 64))
    mass[31, 31] = 1
    runs._runs[random] = EffectiveRun(random, mass=mass)
    runs._runs[trained] = EffectiveRun(trained, problem="The weights cannot be downloaded.")
    at = open_page(
        "receptive_field", rf_view="effective", rf_side=64, rf_samples=1, rf_layer="features.2",
        rf_trained=True, model="squeezenet1_1",
    )  # fmt: skip
    assert_fine(at)
    assert [info.value for info in at.info] == ["The weights cannot be downloaded."]
    assert "pixels holds 95 % of the mass" in markdown(at)
    assert "trained on ImageNet" in markdown(at)


@pytest.mark.parametrize(
    ("model", "limit"), [("vit_h_14", MOST_PARAMETERS), ("convnext_large", MOST_PARAMETERS)]
)
def test_what_is_too_large_is_refused_with_its_numbers(open_page, model, limit):
    at = open_page("receptive_field", rf_view="effective", model=model)
    (said,) = [w.value for w in at.warning]
    assert f"{cache.traced(model, 224).parameters:,} parameters" in said and f"{int(limit):,}" in said
    assert not [b for b in at.button if b.label == "Measure the effective field"]


def test_a_pass_that_is_too_long_is_refused_with_its_numbers(open_page):
    at = open_page("receptive_field", rf_view="effective", model="vgg16", rf_side=384)
    (said,) = [w.value for w in at.warning]
    assert cache.traced("vgg16", 384).macs > MOST_MACS
    assert "billion MACs" in said and "limit is 20 billion" in said


def request(samples=1):
    return EffectiveRequest(ModelSpec("simple_cnn"), "block1.conv1", 32, samples)


def test_a_run_that_nobody_wants_ends_and_can_be_asked_for_again():
    entered = []

    def measure(_request, progress, cancelled):
        entered.append(1)
        while not cancelled():
            progress(0.5)
            time.sleep(0.01)
        raise cnnviz.analysis.effective_field.CancelledError("")

    runs = EffectiveRuns(measure)
    first, same = runs.start(request(), "a"), runs.start(request(), "b")
    assert first is same and first.running
    first.leave("a")
    time.sleep(0.05)
    assert first.running, "somebody else still wants it"
    first.leave("b")
    deadline = time.monotonic() + 10
    while first.running and time.monotonic() < deadline:
        time.sleep(0.01)
    assert first.cancelled and runs.find(request()) is None
    again = runs.start(request(), "a")
    assert again is not first
    again.leave("a")


def test_what_cannot_be_measured_is_kept_as_a_sentence():
    def measure(_request, _progress, _cancelled):
        raise cnnviz.CnnvizError("The weights cannot be downloaded.")

    runs = EffectiveRuns(measure)
    started = runs.start(request(), "a")
    while started.running:
        time.sleep(0.01)
    assert runs.find(request()).problem == "The weights cannot be downloaded."
