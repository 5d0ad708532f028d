"""What the prediction rests on: every method's map is Captum's, and work can be stopped and fail."""

import threading
import time

import numpy as np
import pytest
import torch
from captum import attr
from torch import nn

import cnnviz
from cnnviz.analysis.attribution import Attribution, Passes
from cnnviz.errors import CancelledError
from cnnviz.figures.attributions import METHOD_LABELS, AttributionMap, attribution_figure, colour_limit
from cnnviz.figures.numbers import significant
from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui import cache
from cnnviz.ui.attribution import controls as attribution_controls
from cnnviz.ui.attribution import lab as maps_attribution
from cnnviz.ui.attribution.controls import (
    MOST_MACS_IN_ALL,
    MOST_PASSES,
    AttributionChoice,
    class_labels,
    require_small,
)
from cnnviz.ui.attribution.formulas import attribution_formula, completeness
from cnnviz.ui.attribution.presets import PRESETS
from cnnviz.ui.attribution.texts import cost_text, map_text
from cnnviz.ui.components.equations import as_text
from cnnviz.ui.jobs.attribution_request import AttributionJobs, AttributionRequest
from cnnviz.ui.jobs.passes import Scores
from tests.app.running import run, shown_code

SHAPES = {"model": "mini_resnet", "weights": "shapes", "maps_view": "why", "maps_side": 64}
SHAPES |= {"source": "pattern", "pattern": "checkerboard", "pattern_period": 12}
SETTINGS = {"why_steps": 6, "why_window": 24, "why_stride": 16}
CHECKERBOARD, DOTS = 7, 8
LAYER = "layer3.1"


@pytest.fixture(scope="module")
def network():
    return cnnviz.model("mini_resnet", weights="shapes").eval()


@pytest.fixture(scope="module")
def x():
    picture = cnnviz.draw_pattern(cnnviz.Pattern("checkerboard", 12)).centre_square(64)
    return cnnviz.network_input(picture, "mini_resnet", "shapes")


@pytest.fixture
def on_screen(monkeypatch):
    """The maps that were handed to the component last, by method."""
    shown = {}

    def note(_picture, maps, _key):
        shown.clear()
        shown.update({one.method: one for one in maps})

    monkeypatch.setattr(maps_attribution, "attribution_view", note)
    return shown


@pytest.fixture
def class_bars_shown(monkeypatch):
    """What the bars of classes were given last."""
    given = {}

    def note(classes, selected, _key, _on_choose):
        given.update(classes=classes, selected=selected)

    monkeypatch.setattr(attribution_controls, "class_bars", note)
    return given


def by_captum(network, x, class_index):
    """What Captum itself gives for the settings above."""
    x = x.clone().requires_grad_()
    maps = attr.LayerGradCam(network, network.get_submodule(LAYER)).attribute(
        x, class_index, relu_attributions=True
    )
    window, stride = (3, 24, 24), (3, 16, 16)
    gradients = attr.IntegratedGradients(network)
    return {
        "grad_cam": nn.functional.interpolate(maps, (64, 64), mode="bilinear")[0, 0],
        "integrated_gradients": gradients.attribute(x, 0, class_index, n_steps=6).sum(1)[0],
        "occlusion": attr.Occlusion(network).attribute(x, window, stride, 0, class_index)[0, 1],
        "saliency": attr.Saliency(network).attribute(x, class_index).amax(1)[0],
    }


def markdown(at):
    return " ".join(m.value for m in at.markdown)


def button(at, label):
    return next((b for b in at.button if b.label == label), None)


def until(holds):
    deadline = time.monotonic() + 25
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def computed(at, on_screen):
    """Start what does not start by itself, and wait for all maps."""
    if button(at, "Compute"):
        button(at, "Compute").click().run()
    until(lambda: all(one.values is not None for one in on_screen.values()) or not at.run())


@pytest.mark.parametrize("method", ["grad_cam", "all"])
def test_each_method_gives_captums_map_and_the_code_gives_it_too(
    open_page, assert_fine, on_screen, shown_facts, network, x, method
):
    at = open_page("feature_maps", **SHAPES, **SETTINGS, why_method=method, why_layer=LAYER)
    assert (button(at, "Compute") is None) == (method == "grad_cam"), "short work starts by itself"
    computed(at, on_screen)
    assert_fine(at)
    wanted = METHOD_LABELS if method == "all" else (method,)
    assert list(on_screen) == list(wanted)
    expected, given = by_captum(network, x, CHECKERBOARD), run(shown_code(at))
    maps = given["maps"]
    assert list(maps) == list(wanted)
    for name, shown in on_screen.items():
        reach = float(expected[name].detach().abs().max())
        assert reach > 0
        np.testing.assert_allclose(
            shown.values, expected[name].detach(), rtol=2e-3, atol=1e-4 * reach, err_msg=name
        )
        np.testing.assert_allclose(maps[name], shown.values, rtol=2e-3, atol=1e-4 * reach)
    with torch.no_grad():
        score, zeros = (float(network(one)[0, CHECKERBOARD]) for one in (x, torch.zeros_like(x)))
    assert given["gain"] == pytest.approx(score - zeros, rel=1e-3)
    if method == "all":
        _, total, gain, _ = shown_facts["Integrated gradients"]
        assert total == significant(float(on_screen["integrated_gradients"].values.sum(dtype=np.float64)))
        assert float(gain.rpartition(" = ")[2]) == pytest.approx(score - zeros, rel=1e-3)


def test_completeness_is_written_with_its_difference():
    lines = completeness(np.full((2, 2), 0.5, np.float32), 1.5, -1.0)
    assert [as_text(right) for _, right in lines] == [
        "2.000",
        "1.500 − (−1.000) = 2.500",
        "2.000 − 2.500 = −0.5000, 20.00 % of the gain",
    ]


def test_the_class_is_the_users_choice(open_page, assert_fine, on_screen, class_bars_shown, network, x):
    at = open_page("feature_maps", **SHAPES, why_method="saliency")
    box = at.selectbox(key="why_class")
    assert class_bars_shown["selected"] == CHECKERBOARD and box.value == -1
    assert box.options[:3] == ["The likeliest", "checkerboard (7)", "dots (8)"]
    with torch.no_grad():
        probabilities = network(x).softmax(1)[0]
    assert [c[0] for c in class_bars_shown["classes"]] == probabilities.argsort(descending=True)[:5].tolist()
    assert [c[2] for c in class_bars_shown["classes"]] == pytest.approx(
        probabilities.sort(descending=True)[0][:5], rel=1e-3
    )
    first = on_screen["saliency"].values
    box.set_value(DOTS).run()
    computed(at, on_screen)
    assert_fine(at)
    assert class_bars_shown["selected"] == DOTS and "**dots (8):**" in markdown(at)
    assert "it predicts checkerboard (7)" in markdown(at)
    expected = by_captum(network, x, DOTS)["saliency"]
    np.testing.assert_allclose(on_screen["saliency"].values, expected, rtol=2e-3, atol=1e-5)
    assert not np.allclose(first, expected, rtol=0.1)
    at.session_state["why_class"] = 2  # what a click on a bar does
    at.run()
    assert class_bars_shown["selected"] == 2 and len(class_bars_shown["classes"]) == len(
        {c[0] for c in class_bars_shown["classes"]}
    )


@pytest.fixture
def own_runs(monkeypatch):
    """Runs of this test alone; the work is what is put in place of it."""

    def use(work):
        runs = AttributionJobs(work)
        monkeypatch.setattr(cache.maps, "attribution_jobs", lambda: runs)
        monkeypatch.setattr(maps_attribution, "_MOMENT_SECONDS", 0.05)
        return runs

    return use


@pytest.mark.parametrize("method", ["occlusion", "grad_cam"])
def test_work_is_cancelled_and_does_not_start_again_by_itself(
    open_page, assert_fine, on_screen, own_runs, method
):
    started, stopped = [], threading.Event()

    def work(request, progress, cancelled):
        started.append(request)
        progress(0.25)
        until(cancelled)
        stopped.set()
        raise CancelledError("")

    own_runs(work)
    at = open_page("feature_maps", **SHAPES, **SETTINGS, why_method=method)
    if method == "occlusion":
        assert not started
        button(at, "Compute").click().run()
    assert button(at, "Cancel") and not button(at, "Compute")
    assert on_screen[method].values is None
    button(at, "Cancel").click().run()
    assert stopped.wait(10)
    at.run()
    assert_fine(at)
    assert button(at, "Compute") and not button(at, "Cancel") and len(started) == 1
    button(at, "Compute").click().run()
    until(lambda: len(started) == 2)
    button(at, "Cancel").click().run()


def test_a_run_that_fails_says_so_in_its_place_and_the_others_go_on(
    open_page, assert_fine, on_screen, own_runs
):
    broken = [True]

    def work(request, _progress, _cancelled):
        if broken[0] and request.how.method == "occlusion":
            raise cnnviz.CnnvizError("The sun has set.")
        if broken[0] and request.how.method == "saliency":
            raise ZeroDivisionError
        return np.ones((64, 64), np.float32)

    own_runs(work)
    at = open_page("feature_maps", **SHAPES, **SETTINGS, why_method="all")
    button(at, "Compute").click().run()
    until(lambda: button(at.run(), "Try again"))
    assert_fine(at)
    assert on_screen["occlusion"].words == "The sun has set."
    assert "The log has the details under" in on_screen["saliency"].words
    assert on_screen["grad_cam"].values.all() and on_screen["integrated_gradients"].values.all()
    assert "occlusion" not in shown_code(at)
    broken[0] = False
    button(at, "Try again").click().run()
    until(lambda: not button(at.run(), "Try again"))
    assert all(one.values is not None for one in on_screen.values())
    assert_fine(at)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_lead_where_they_say(open_page, assert_fine, class_bars_shown, own_runs, preset):
    own_runs(lambda *_: np.zeros((64, 64), np.float32))
    at = open_page("feature_maps", maps_view="why", maps_side=64, why_method="saliency")
    button(at, preset).click().run()
    assert_fine(at)
    names = [name for _, name, _ in class_bars_shown["classes"]]
    first = {
        "A checkerboard, recognised": "checkerboard (7)",
        "A cup, to a network of shapes": "ring (1)",
        "Its second guess for the cat": "cross (5)",
    }
    assert names[0] == first.get(preset, names[0])
    if preset == "Its second guess for the cat":
        assert names[1] == "checkerboard (7)" and class_bars_shown["selected"] == CHECKERBOARD
    assert ("Nothing learned to explain" in markdown(at)) == (preset == "Nothing learned")


def test_networks_too_large_are_refused_with_their_numbers(open_page, monkeypatch):
    monkeypatch.setattr(attribution_controls, "MOST_PARAMETERS", 1_000_000)
    at = open_page("feature_maps", maps_view="why", maps_side=64)
    (said,) = [w.value for w in at.warning]
    assert (
        f"{cache.networks.traced('simple_cnn', 64).parameters:,} parameters" in said and "1,000,000" in said
    )
    assert not at.exception and not button(at, "Compute")
    with pytest.raises(cnnviz.CnnvizError, match="billion MACs, and the limit is 20 billion"):
        monkeypatch.undo()
        require_small(ModelSpec("vgg19"), cache.networks.traced("vgg19", 256))


def choice_of(name, side, *hows):
    picture = cnnviz.sample("cat").centre_square(side)
    scores = Scores(np.zeros(3), np.zeros(3), None)
    return AttributionChoice(
        ModelSpec(name), cache.networks.traced(name, side), picture, scores, ("a", "b", "c"), 0, hows
    )


def test_work_of_minutes_is_refused_with_its_numbers():
    long = choice_of("vgg19", 224, Attribution("integrated_gradients", steps=200))
    assert 400 * long.found.macs > MOST_MACS_IN_ALL
    with pytest.raises(cnnviz.CnnvizError, match="limit is 2,000 billion"):
        long.require_short()
    many = choice_of("simple_cnn", 64, Attribution("occlusion", window=2, stride=1))
    assert many.passes.forward == 63 * 63 + 1 > MOST_PASSES
    with pytest.raises(cnnviz.CnnvizError, match="3,970 forward passes"):
        many.require_short()
    choice_of("resnet18", 224, Attribution("integrated_gradients"), Attribution("occlusion")).require_short()


def test_names_of_classes_tell_them_apart():
    assert class_labels(ModelSpec("mini_resnet"), 10)[3] == "class 3"
    labels = class_labels(ModelSpec("resnet18", "imagenet"), 1000)
    assert len(set(labels)) == 1000 and labels[281].startswith("tabby")


def test_the_cost_is_given_in_passes_and_macs():
    assert cost_text(Passes(197, 0), 182_000_000) == "Cost: 197 forward passes, 35.85 billion MACs."
    assert cost_text(Passes(1, 1), 10**9) == (
        "Cost: 1 forward pass, 1.000 billion MACs; 1 gradient, about 1.000 billion more."
    )


def test_colours_end_where_few_pixels_are_beyond():
    values = np.arange(1000, dtype=np.float32).reshape(10, 100)
    assert colour_limit(values) == pytest.approx(989.01)
    assert "the 99th percentile of the magnitudes; the largest is 999.0" in map_text(
        Attribution("saliency"), values
    )
    assert colour_limit(np.eye(100, dtype=np.float32)[:, :1] * 3) == pytest.approx(0.03, abs=3)
    nothing = np.zeros((4, 4), np.float32)
    assert "nothing in these maps speaks for the class" in map_text(Attribution("grad_cam"), nothing)
    assert attribution_formula("saliency", None, 1.0, 0.0)[1:] == []


def test_the_figure_has_the_picture_and_what_was_computed():
    maps = [AttributionMap("saliency", np.ones((8, 8)), ""), AttributionMap("occlusion", None, "Failed.")]
    figure = attribution_figure(cnnviz.sample("cat").centre_square(8), maps)
    titles = [axes.get_title().partition("\n")[0] for axes in figure.axes]
    assert [title for title in titles if title] == ["Picture", "Saliency"]


def test_requests_for_equal_pictures_are_one():
    picture = cnnviz.sample("cat").centre_square(32)
    same, other = cnnviz.sample("cat").centre_square(32), cnnviz.sample("coffee").centre_square(32)
    one, two, three = (
        AttributionRequest(ModelSpec("simple_cnn"), p.digest, 0, Attribution("saliency"), p)
        for p in (picture, same, other)
    )
    assert one == two and hash(one) == hash(two) and one != three
