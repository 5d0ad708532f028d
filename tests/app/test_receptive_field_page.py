"""The receptive field page: every network opens, and what it says and gives is what the trace says."""

import re
import threading
import time

import numpy as np
import pytest
import torch

import cnnviz
from cnnviz.analysis.stack import follow, parse_stack
from cnnviz.errors import CancelledError
from cnnviz.figures.field_boxes import effective_figure
from cnnviz.figures.field_growth import Growth, growth_chart, rows_with_field
from cnnviz.nets.catalog import ModelSpec, catalog_entry, meta_model
from cnnviz.nets.classifiers import weights_file
from cnnviz.ui import cache
from cnnviz.ui.components.equations import result
from cnnviz.ui.jobs import downloads
from cnnviz.ui.jobs.effective_request import EffectiveJobs, EffectiveRequest
from cnnviz.ui.receptive_field import effective as effective_field_lab
from cnnviz.ui.receptive_field import facts as receptive_field_facts
from cnnviz.ui.receptive_field import growth as receptive_field_growth
from cnnviz.ui.receptive_field import lab as receptive_field_lab
from cnnviz.ui.receptive_field.effective import MOST_MACS, MOST_PARAMETERS, PANEL, can_be_measured
from cnnviz.ui.receptive_field.facts import growth_text, outgrown_text
from cnnviz.ui.receptive_field.formulas import growth_formula
from cnnviz.ui.receptive_field.lab import unit_from_text
from cnnviz.ui.receptive_field.presets import PRESETS
from cnnviz.ui.receptive_field.snippets import box_code, growth_code, table_code
from cnnviz.ui.shell import sidebar
from cnnviz.ui.shell.waiting import PendingRequests
from tests.app.running import families_of_networks, open_expanders, run, shown_code

VIEWS = ("box", "growth", "effective", "stack", "table")


def markdown(at):
    return " ".join(m.value for m in at.markdown)


def is_grey(pixels):
    return bool((pixels == pixels[..., :1]).all())


@pytest.fixture
def seen_boxes(monkeypatch):
    """What was last handed to the component that draws boxes."""
    shown = {}

    def note(row, seen, picture, pinned, global_text, *_):
        shown.update(row=row, seen=seen, picture=picture, pinned=pinned, words=global_text)

    monkeypatch.setattr(receptive_field_lab, "field_view", note)
    return shown


@families_of_networks
def test_every_family_opens_on_its_last_map(open_page, assert_fine, seen_boxes, part):
    at = open_page("receptive_field")
    for name in part:
        at.session_state["model"] = name
        seen_boxes.clear()
        at.run()
        assert_fine(at)
        found = cache.networks.traced(name, catalog_entry(name).input_shape[2], None)  # the page's own trace
        row = found.last_map
        assert seen_boxes["row"].layer == row.layer
        assert seen_boxes["pinned"] == tuple(n // 2 for n in row.units)
        assert bool(seen_boxes["words"]) == row.is_global
        assert seen_boxes["picture"].height == found.input_shape[2]
        assert is_grey(seen_boxes["picture"].pixels) == (name == "lenet5")
        assert can_be_measured(row), "the effective view opens on it, too"


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
    at = open_expanders(open_page("receptive_field", rf_view=view, model=model))
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


def test_the_code_gives_every_curve_on_screen(open_page, assert_fine, monkeypatch):
    charts = []

    def drawn(growths, logarithmic):
        charts.append(growth_chart(growths, logarithmic))
        return charts[-1]

    monkeypatch.setattr(receptive_field_growth, "growth_chart", drawn)
    at = open_page("receptive_field", rf_view="growth", rf_others=["mobilenet_v3_small", "lenet5"])
    assert_fine(at)
    growth = run(shown_code(at))["growth"]
    assert list(growth) == ["simple_cnn", "mobilenet_v3_small", "lenet5"]
    assert [curve.y.tolist() for curve in charts[-1].data] == list(growth.values())
    assert charts[-1].data[2].text[0].endswith("sees 5×5 pixels")


def test_the_code_is_that_of_the_weights_which_may_want_another_size():
    spec, shape = ModelSpec("vit_b_16", "IMAGENET1K_SWAG_E2E_V1"), (1, 3, 384, 384)
    with pytest.raises(cnnviz.CnnvizError):
        cnnviz.trace(meta_model("vit_b_16"), shape)
    names = run(box_code(spec, shape, "conv_proj", (23, 0)))
    assert names["row"].units == (24, 24) and names["box"] == ((368, 383), (0, 15))
    for code in (growth_code({spec: shape}), table_code(spec, shape)):
        assert 'cnnviz.trace(meta_model("vit_b_16", "IMAGENET1K_SWAG_E2E_V1"), (1, 3, 384, 384))' in code


def test_the_figure_has_the_colours_on_screen(open_page, seen_boxes, monkeypatch):
    drawn = []
    monkeypatch.setattr(receptive_field_lab, "box_figure", lambda pixels, *_: drawn.append(pixels))
    monkeypatch.setattr(receptive_field_lab, "export_panel", lambda name, code, figure, table: figure())
    open_page("receptive_field", model="lenet5")
    assert is_grey(drawn[-1])
    np.testing.assert_array_equal(drawn[-1], seen_boxes["picture"].pixels)


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
    assert unit_from_text(text, cache.networks.traced("simple_cnn", 224).last_map) == unit


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
    at = open_expanders(open_page("receptive_field", rf_view="stack"))
    at.number_input(key="rf_stack_quiz_guess").set_value(14).run()
    assert follow(parse_stack("3, 3, pool 2, 3, 3 s2"))[-1].size == 14
    assert "**Right: 14.**" in markdown(at)
    at.number_input(key="rf_stack_quiz_guess").set_value(16).run()
    assert "k − 1, not k" in markdown(at)
    at = open_expanders(open_page("receptive_field", rf_layer="block2.conv2"))
    network = torch.nn.Sequential(meta_model("simple_cnn").block1, meta_model("simple_cnn").block2[:4])
    row = cnnviz.trace(network.append(torch.nn.Conv2d(128, 1, 5, stride=2, device="meta"))).last_map
    at.number_input(key="rf_quiz_guess").set_value(row.receptive_field.size[0]).run()
    assert "**Right:" in markdown(at)


def test_where_the_field_outgrows_the_picture():
    found = cache.networks.traced("resnet50", 224)
    words = outgrown_text(Growth.of("resnet50", found))
    layer = re.search(r"from (\S+) on", words)[1]
    rows = rows_with_field(found)
    at = [row.layer for row in rows].index(layer)
    assert found[layer].receptive_field.size[0] > 224
    assert all(row.receptive_field.size[0] <= 224 for row in rows[:at])
    assert "no local field is larger" in outgrown_text(
        Growth.of("vgg16", cache.networks.traced("vgg16", 224))
    )


def wait_for(at, text):
    deadline = time.monotonic() + 25
    while text not in markdown(at) and time.monotonic() < deadline:
        time.sleep(0.1)
        at.run()
    assert text in markdown(at)


def test_the_effective_field_is_measured_on_demand_and_is_that_of_the_code(open_page, assert_fine):
    layer = {"rf_view": "effective", "rf_side": 32, "rf_samples": 2, "rf_layer": "block2.relu1"}
    at = open_page("receptive_field", **layer, weights="random", seed=3)
    assert_fine(at)
    assert "billion MACs" in markdown(at)
    next(b for b in at.button if b.label == "Measure the effective field").click().run()
    wait_for(at, "of the mass lies in the theoretical box")
    assert_fine(at)
    (mass,) = run(shown_code(at))["fields"].values()
    request = EffectiveRequest(ModelSpec("simple_cnn", None, 3), "block2.relu1", 32, 2)
    np.testing.assert_allclose(cache.maps.effective_jobs().find(request).result, mass, rtol=1e-3, atol=1e-7)


SQUEEZED = {"rf_view": "effective", "model": "squeezenet1_1", "rf_layer": "features.2"}
SQUEEZED |= {"rf_side": 64, "rf_samples": 1}
RANDOM = EffectiveRequest(ModelSpec("squeezenet1_1"), "features.2", 64, 1)
TRAINED = EffectiveRequest(ModelSpec("squeezenet1_1", "imagenet"), "features.2", 64, 1)


def one_pixel(at):
    mass = np.zeros((64, 64))
    mass[at, at] = 1
    return mass


@pytest.fixture
def asked(monkeypatch):
    """The requests that were measured, by this test's own runs: one pixel each, no weights are needed."""
    requests = []

    def measure(request, _progress, _cancelled):
        requests.append(request)
        return one_pixel(33 if request.spec.weights else 31)

    runs = EffectiveJobs(measure)
    monkeypatch.setattr(cache.maps, "effective_jobs", lambda: runs)
    return requests


@pytest.fixture
def weights_there(hub):
    (hub / weights_file("squeezenet1_1", "imagenet").name).touch()


def press(at, label):
    next(button for button in at.button if button.label == label).click().run()


def measured(at):
    """Whose fields are on screen, once they all are."""
    wait_for(at, "The stronger the colour")
    return [m.value for m in at.markdown if m.value.startswith("**squeezenet")]


@pytest.mark.usefixtures("weights_there")
def test_the_trained_field_is_measured_although_the_random_one_is_done(open_page, assert_fine, asked):
    at = open_page("receptive_field", **SQUEEZED)
    press(at, "Measure the effective field")
    assert len(measured(at)) == 1
    at.toggle(key="rf_beside").set_value(True).run()
    assert "Cost: 1 input," in markdown(at), "the other one is done"
    press(at, "Measure the effective field")
    assert len(measured(at)) == 2
    assert_fine(at)
    assert asked == [RANDOM, TRAINED]
    in_the_code = re.findall(r'^    "(.+)": cnnviz\.model\(', shown_code(at), re.MULTILINE)
    assert in_the_code == ["random (seed 0)", "trained on ImageNet"]


@pytest.mark.usefixtures("asked", "weights_there")
def test_two_fields_are_taken_home_in_one_figure(open_page, monkeypatch):
    drawn = []
    monkeypatch.setattr(effective_field_lab, "effective_figure", drawn.append)
    monkeypatch.setattr(effective_field_lab, "export_panel", lambda name, code, figure, table: figure())
    for request in (RANDOM, TRAINED):
        cache.maps.effective_jobs().start(request, "a")
    at = open_page("receptive_field", **SQUEEZED, rf_beside=True)
    assert len(measured(at)) == 2
    assert [field[0].argmax() for field in drawn[-1].values()] == [31 * 65, 33 * 65]
    assert len(effective_figure(drawn[-1]).axes) == 2


@pytest.mark.usefixtures("weights_there")
def test_the_weights_of_the_sidebar_are_measured_and_random_ones_beside(
    open_page, assert_fine, asked, monkeypatch
):
    monkeypatch.setattr(sidebar, "_current_model", lambda: TRAINED.spec)
    at = open_page("receptive_field", **SQUEEZED)
    press(at, "Measure the effective field")
    assert measured(at) == ["**squeezenet1_1, trained on ImageNet**"]
    at.toggle(key="rf_beside").set_value(True).run()
    press(at, "Measure the effective field")
    assert len(measured(at)) == 2
    assert_fine(at)
    assert asked == [TRAINED, RANDOM]


def until(holds):
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.usefixtures("hub")
def test_weights_are_fetched_before_anything_is_measured(asked, monkeypatch):
    allowed = threading.Event()

    def arrive(name, weights):
        allowed.wait(20)
        weights_file(name, weights).touch()

    monkeypatch.setattr(downloads, "download_weights", arrive)
    own = downloads.Downloads()
    monkeypatch.setattr(cache.resources, "downloads", lambda: own)
    waiting = PendingRequests([RANDOM, TRAINED], PANEL.jobs, PANEL.label)
    until(lambda: "5 MB" in waiting.advance().text)
    assert asked == [RANDOM] and not waiting.ended
    allowed.set()
    until(lambda: waiting.advance() is None)
    assert asked == [RANDOM, TRAINED] and waiting.ended


@pytest.mark.usefixtures("hub", "offline")
def test_without_trained_weights_the_random_result_stays_and_one_can_try_again(open_page, assert_fine, asked):
    at = open_page("receptive_field", **SQUEEZED, rf_beside=True)
    press(at, "Measure the effective field")
    assert len(measured(at)) == 2
    assert_fine(at)
    (said,) = [info.value for info in at.info]
    assert "could not be downloaded" in said and "no route to host" in said
    assert "pixels holds 95 % of the mass" in markdown(at)
    other = open_page("receptive_field", **SQUEEZED, rf_beside=True)
    assert not other.info, "a failure is not shown to others"
    assert "Measure the effective field" in [button.label for button in other.button]
    weights_file("squeezenet1_1", "imagenet").touch()
    press(at, "Try again")
    until(lambda: not at.run().info and len(measured(at)) == 2)
    assert asked == [RANDOM, TRAINED]


def test_reshaped_outputs_are_not_offered_for_measuring(open_page, assert_fine):
    layer = "stage2.1.view"
    found = cache.networks.traced("shufflenet_v2_x0_5", 64, None)
    with pytest.raises(cnnviz.CnnvizError, match="gives no maps"):
        cnnviz.effective_receptive_field(meta_model("shufflenet_v2_x0_5"), layer, (1, 3, 64, 64), 1)
    at = open_page("receptive_field", model="shufflenet_v2_x0_5", rf_side=64, rf_layer=layer)
    assert_fine(at)
    assert at.select_slider(key="rf_layer").value == layer
    at.session_state["rf_view"] = "effective"
    at.run()
    assert_fine(at)
    offered = at.select_slider(key="rf_layer")
    assert layer not in offered.options and offered.value == found.last_map.layer
    assert offered.options == [row.layer for row in rows_with_field(found) if len(row.output_shape) == 4]


@pytest.mark.parametrize(
    ("model", "limit"), [("vit_h_14", MOST_PARAMETERS), ("convnext_large", MOST_PARAMETERS)]
)
def test_what_is_too_large_is_refused_with_its_numbers(open_page, model, limit):
    at = open_page("receptive_field", rf_view="effective", model=model)
    (said,) = [w.value for w in at.warning]
    assert (
        f"{cache.networks.traced(model, 224).parameters:,} parameters" in said and f"{int(limit):,}" in said
    )
    assert not [b for b in at.button if b.label == "Measure the effective field"]


def test_a_pass_that_is_too_long_is_refused_with_its_numbers(open_page):
    at = open_page("receptive_field", rf_view="effective", model="vgg16", rf_side=384)
    (said,) = [w.value for w in at.warning]
    assert cache.networks.traced("vgg16", 384).macs > MOST_MACS
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
        raise CancelledError("")

    runs = EffectiveJobs(measure)
    first, same = runs.start(request(), "a"), runs.start(request(), "b")
    assert first is same and not first.ended
    first.leave("a")
    time.sleep(0.05)
    assert not first.ended, "somebody else still wants it"
    first.leave("b")
    deadline = time.monotonic() + 10
    while not first.ended and time.monotonic() < deadline:
        time.sleep(0.01)
    assert first.state == "cancelled" and runs.find(request()) is None
    again = runs.start(request(), "a")
    assert again is not first
    again.leave("a")


def test_what_cannot_be_measured_is_kept_as_a_sentence():
    def measure(_request, _progress, _cancelled):
        raise cnnviz.CnnvizError("The weights cannot be downloaded.")

    runs = EffectiveJobs(measure)
    started = runs.start(request(), "a")
    while not started.ended:
        time.sleep(0.01)
    assert started.problem == "The weights cannot be downloaded."
    assert runs.find(request()) is None, "nobody else gets it"


INCEPTION = "Mixed_6b.branch7x7_2.conv"


def words_and_formula(name, side, layer):
    found = cache.networks.traced(name, side, None)
    row, before = found[layer], receptive_field_facts._before(found, found[layer])
    return growth_text(found, row, before), growth_formula(row, before)


def test_a_kernel_that_is_not_square_is_described_on_both_axes(open_page):
    words, (_, height, width) = words_and_formula("inception_v3", 299, INCEPTION)
    assert words == "from 159 to 159×255 pixels."
    assert height == (["height"], ["159 + (1 − 1)·16 = ", result(159)])
    assert width == (["width"], ["159 + (7 − 1)·16 = ", result(255)])
    at = open_expanders(open_page("receptive_field", model="inception_v3", rf_side=299, rf_layer=INCEPTION))
    assert not [n for n in at.number_input if n.key == "rf_quiz_guess"], "there is no one answer"
    words, formula = words_and_formula("inception_v3", 299, "Mixed_6b.branch7x7_1.conv")
    assert words.startswith("works on each unit by itself") and len(formula) == 2


@pytest.mark.parametrize(
    ("name", "layer", "words"),
    [
        (
            "efficientnet_b0",
            "features.1.0.block.1.mul",
            "a branch from global pooling comes in, which sees the whole picture. "
            "The local field stays 7 pixels.",
        ),
        (
            "densenet121",
            "features.denseblock2.cat",
            "here 13 branches meet, 63 to 255 pixels. The field is their union, 255.",
        ),
        ("densenet121", "features.denseblock1.denselayer1.cat", "the field stays as it was."),
        (
            "googlenet",
            "inception3a.cat",
            "here 4 branches meet, 27, 43, 43 and 43 pixels. The field is their union, 43.",
        ),
        (
            "shufflenet_v2_x0_5",
            "stage2.0.cat",
            "here 2 branches meet, 15 pixels each. The field is their union, 15.",
        ),
    ],
)
def test_where_branches_meet(name, layer, words):
    assert words_and_formula(name, 224, layer) == (words, [])
