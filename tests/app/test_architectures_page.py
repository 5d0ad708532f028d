"""The architectures page: what it says of each network, held against torchvision, and its code."""

import re

import pytest

from cnnviz.figures.accuracy import accuracy_rows, accuracy_scatter, front_of
from cnnviz.nets.catalog import catalog_entry, meta_model
from cnnviz.nets.classifiers import classifier_names, torchvision_models
from cnnviz.nets.milestones import MILESTONES
from cnnviz.ui import cache
from cnnviz.ui.architectures.accuracy import families, published
from cnnviz.ui.architectures.blocks import blocks_at_own_size, first_to_open, openable, trail_to
from cnnviz.ui.architectures.presets import PRESETS
from cnnviz.ui.architectures.snippets import accuracy_code
from cnnviz.ui.components import block_view, timeline
from tests.app.running import families_of_networks, open_expanders, run, shown_code

NUMBERS = {
    # FACTS: the quoted number, and what its right name must say.
    "LeNet-5": ("", "MNIST"),
    "AlexNet": ("16.4 %", "Top-5 error on the ILSVRC-2012 test set, the average of 5"),
    "VGG-16": ("7.3 %", "Top-5 error on the ILSVRC-2014 test set, 7 networks"),
    "GoogLeNet": ("6.7 %", "Top-5 error on the ILSVRC-2014 test set, 7 networks"),
    "ResNet-152": ("3.6 %", "3.57 %: top-5 error on the ILSVRC-2015 test set, an ensemble of 6"),
    "DenseNet": ("3.5 %", "3.46 %: error on CIFAR-10, not ImageNet"),
    "EfficientNet-B7": ("2.9 %", "Top-5 error on the ImageNet validation set, one network, one crop"),
}


@pytest.fixture
def cards(monkeypatch):
    shown = []
    monkeypatch.setattr(timeline, "_mount", lambda data, **_: shown.__setitem__(slice(None), data["cards"]))
    return shown


@pytest.fixture
def drawn(monkeypatch):
    shown = []
    monkeypatch.setattr(block_view, "_mount", lambda data, **_: shown.append(data))
    return shown


def check_partition(block, rows):
    at = block.first
    for part in block.parts:
        assert part.first == at and part.last > at
        at = part.last
        assert part.parameters == sum(row.parameters for row in rows[part.first : part.last])
        check_partition(part, rows)
    assert not block.parts or at == block.last
    assert block.parameters == sum(part.parameters for part in block.parts) or not block.parts
    assert block.macs == sum(part.macs for part in block.parts) or not block.parts


@families_of_networks
def test_every_family_opens_block_by_block(open_page, assert_fine, drawn, part):
    at = open_page("architectures", arch_view="blocks")
    for name in part:
        drawn.clear()
        at.selectbox(key="model").set_value(name).run()
        assert_fine(at)
        trace, whole = blocks_at_own_size(name)
        assert (whole.first, whole.last) == (0, len(trace))
        check_partition(whole, trace.rows)
        unused = sum(skipped.parameters for skipped in trace.unreached)
        assert whole.parameters + unused == trace.parameters
        assert sum(stage["share"] for stage in drawn[-1]["stages"]) == pytest.approx(1)
        block = openable(whole)[drawn[-1]["open"] or "Whole network"]
        shown = [node["words"].split(": ")[0] for node in drawn[-1]["nodes"][1:]]
        assert shown == [part.path for part in block.parts]


def test_the_first_block_to_open_has_branches_where_the_network_has():
    assert first_to_open(cache.networks.blocks_of("resnet18", 224)) == "layer1.0"
    assert first_to_open(cache.networks.blocks_of("densenet121", 224)) == "features.denseblock1"
    assert first_to_open(cache.networks.blocks_of("vgg11", 224)) == "features.0–1"


@pytest.mark.parametrize("name", ["maxvit_t", "inception_v3", "efficientnet_b4", "vgg11", "swin_v2_t"])
def test_every_block_can_be_opened_and_has_its_trail(name):
    side = catalog_entry(name).input_shape[2]
    whole = cache.networks.blocks_of(name, side)
    found = openable(whole)
    for path, block in found.items():
        trail = trail_to(whole, path)
        assert trail[0] is whole and trail[-1] is block
        assert block is whole or block.path == path
    paths = [path for path, _ in meta_model(name).named_modules()]
    assert {path for path in found if "–" not in path} - {"Whole network"} <= set(paths)


def test_cards_say_what_is_computed_and_give_quoted_numbers_their_right_names(open_page, assert_fine, cards):
    at = open_page("architectures")
    assert_fine(at)
    rows = run(shown_code(at))["rows"]
    assert [card["name"] for card in cards] == list(NUMBERS)
    for card, milestone in zip(cards, MILESTONES, strict=True):
        quoted, meaning = NUMBERS[card["name"]]
        assert card["error"].replace("\u00a0", " ") == quoted
        assert meaning in card["meaning"].replace("\u00a0", " ")
        parameters, macs, size = rows[milestone.model]
        figures = dict(card["figures"])
        assert figures["Parameters"] == f"{parameters:,}"
        assert figures["MACs"] == f"{macs:,}"
        assert figures["Field of the last map"].startswith(f"{size[0]:,}×{size[1]:,} px")
        if milestone.model == "lenet5":
            assert "No weights for ImageNet" in card["comparable"]
            continue
        meta = torchvision_models().get_model_weights(milestone.model)["IMAGENET1K_V1"].meta
        assert parameters == meta["num_params"]
        assert macs == pytest.approx(meta["_ops"] * 1e9, rel=0.02)
        assert f"top-5 error {100 - meta['_metrics']['ImageNet-1K']['acc@5']:.2f}" in card["comparable"]
        assert f"top-1 error {100 - meta['_metrics']['ImageNet-1K']['acc@1']:.2f}" in card["comparable"]


@pytest.mark.parametrize("which", ["default", "first", "all"])
@pytest.mark.parametrize(("cost", "score"), [("parameters", "top1"), ("macs", "top5"), ("file", "top1")])
def test_points_and_front_are_those_of_the_code(which, cost, score):
    names = run(accuracy_code(which, cost, score))
    shown = published(which)
    rows = accuracy_rows(shown, cost, score)
    assert {(row["model"], row["weights"]) for row in rows} == set(names["points"])
    for row in rows:
        value, accuracy = names["points"][row["model"], row["weights"]]
        unit = {"parameters": 1, "macs": 1e9, "file": 1e6}[cost]
        column = {"parameters": "parameters", "macs": "MACs", "file": "file (bytes)"}[cost]
        assert row[column] == pytest.approx(value * unit, abs=1)
        assert row[{"top1": "top-1 accuracy (%)", "top5": "top-5 accuracy (%)"}[score]] == accuracy
    assert [(f.name, f.weights) for f in front_of(shown, cost, score)] == names["front"]
    if which == "default":
        assert [row["model"] for row in rows] == list(classifier_names())


def test_hover_words_belong_to_their_points():
    figure = accuracy_scatter(published("default"), "macs", "top5", "vgg", "resnet50")
    dots = [trace for trace in figure.data if trace.hovertemplate]
    assert [len(trace.x) for trace in dots] == [72, 8]
    weights = torchvision_models().get_model_weights
    for trace in dots:
        for x, y, text in zip(trace.x, trace.y, trace.text, strict=True):
            name, wanted = re.match(r"(\w+) \((\w+)\)", text).groups()
            meta = weights(name)[wanted].meta
            assert x == pytest.approx(meta["_ops"])
            assert y == meta["_metrics"]["ImageNet-1K"]["acc@5"]
            assert f"top-5 {y:.2f} %" in text and f"{meta['num_params']:,} parameters" in text
            assert name.startswith("vgg") == (trace is dots[1])


def test_the_scatter_says_what_is_ringed_and_what_is_not(open_page, assert_fine):
    at = open_page(
        "architectures", arch_view="accuracy", model="vgg16", arch_family="vgg", arch_which="first"
    )
    assert_fine(at)
    said = " ".join(m.value for m in at.markdown)
    assert "vgg16 (IMAGENET1K" in said.replace("\\", "")
    assert run(shown_code(at))["points"]["resnet50", "IMAGENET1K_V1"] == (25557032, 76.13)
    assert len(families()) == 17
    at = open_page("architectures", arch_view="accuracy", model="lenet5")
    assert_fine(at)
    assert "has no published figures" in " ".join(m.value for m in at.markdown)


def test_the_code_gives_the_parts_on_screen(open_page, assert_fine, drawn):
    at = open_page("architectures", arch_view="blocks", model="googlenet", arch_block="inception3a")
    assert_fine(at)
    parts = run(shown_code(at))["parts"]
    assert [path for path, *_ in parts] == [n["words"].split(": ")[0] for n in drawn[-1]["nodes"][1:]]
    for (_, _, shape, parameters, macs), node in zip(parts, drawn[-1]["nodes"][1:], strict=True):
        assert "×".join(map(str, shape)) in node["detail"]
        assert (f"{parameters:,} parameters" if parameters else "no parameters") in node["words"]
        assert f"{macs:,} MACs" in node["words"]
    assert "aux1, aux2" in " ".join(m.value for m in at.markdown)


def test_every_preset_opens_what_it_names(open_page, assert_fine, drawn):
    for label, preset in PRESETS.items():
        at = open_page("architectures", arch_view="timeline")
        drawn.clear()
        at.button(key=f"preset {label}").click().run()
        assert_fine(at)
        for key, value in preset.items():
            assert at.session_state[key] == value
        if "arch_block" in preset:
            assert drawn[-1]["open"] == preset["arch_block"]


def test_wrong_answers_are_diagnosed(open_page):
    at = open_expanders(open_page("architectures"))
    at.radio(key="arch_quiz_densenet_guess").set_value("Top-5 error on ImageNet, one network").run()
    assert any("5.29 %" in m.value for m in at.markdown)
    at.radio(key="arch_quiz_densenet_guess").set_value("Error on CIFAR-10").run()
    assert any("**Right:** 3.46 %" in m.value for m in at.markdown)
    at.radio(key="arch_quiz_parameters_guess").set_value("VGG-16").run()
    assert any("123,642,856" in m.value for m in at.markdown)
    at = open_expanders(open_page("architectures", arch_view="blocks", model="resnet18"))
    question = next(m.value for m in at.markdown if m.value.startswith("The stage"))
    channels, height, width = map(int, re.search(r"(\d+)×(\d+)×(\d+)", question).groups())
    guess = at.number_input(key="arch_quiz_size_guess")
    guess.set_value(height * width).run()
    assert any("left out the channels" in m.value for m in at.markdown)
    at.number_input(key="arch_quiz_size_guess").set_value(channels * height * width).run()
    assert any("**Right" in m.value for m in at.markdown)
