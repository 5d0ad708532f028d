"""The page on parameters and cost: its numbers, words, code and questions, held against torch."""

import csv
import io
import json
import re

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cnnviz.analysis.cost import (
    BYTES,
    bottleneck_channels,
    deep_or_wide,
    fully_connected_or_convolution,
    ways_to_convolve,
)
from cnnviz.analysis.trace.input_sizes import input_sizes
from cnnviz.errors import CnnvizError
from cnnviz.figures.cost_bars import BarGroup, comparison_bars
from cnnviz.figures.tables import csv_file
from cnnviz.nets.catalog import catalog_entry, meta_model
from cnnviz.nets.classifiers import classifier_names, published_figures
from cnnviz.ui import cache
from cnnviz.ui.cost.models import SIDES, layer_rows
from cnnviz.ui.cost.presets import PRESETS
from cnnviz.ui.cost.published import published_facts
from cnnviz.ui.cost.snippets import deep_code, dense_code, ways_code
from cnnviz.ui.cost.texts import Setting, bytes_text, cost_groups, cost_rows, ratio_text
from tests.app.running import families_of_networks, open_expanders, run, shown_code

PAGE = "parameters_and_cost"
ONE = Setting(1, "float32", "automatic")


def results(lines):
    """The numbers after the last "=" of each line."""
    found = [line.rpartition(" = ")[2].replace(",", "").removesuffix(" bytes") for line in lines]
    return [int(text) for text in found if text.isdecimal()]


def chart(at):
    return json.loads(at.get("plotly_chart")[0].proto.spec)


def sizes(figure):
    """The lengths of the bars, a list for each group."""
    return [list(trace["x"]) for trace in figure["data"] if trace["type"] == "bar"]


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def macs(module, *shape):
    with torch.no_grad(), FlopCounterMode(display=False) as counted:
        module(torch.empty(*shape, device="meta"))
    return counted.get_total_flops() // 2


@pytest.mark.parametrize("setting", [(224, 224, 3, 64, 3), (28, 20, 1, 16, 5), (1, 1, 2, 1, 11)])
def test_fully_connected_and_convolution_cost_what_torchs_do(open_page, assert_fine, shown_facts, setting):
    height, width, ins, outs, k = setting
    keys = ("cost_height", "cost_width", "cost_in", "cost_out", "cost_kernel_size")
    at = open_page(PAGE, cost_batch=4, cost_dtype="float16", **dict(zip(keys, setting, strict=True)))
    assert_fine(at)
    with torch.device("meta"):
        dense = nn.Linear(height * width * ins, height * width * outs)
        conv = nn.Conv2d(ins, outs, k, padding="same")
    one = macs(dense, 1, height * width * ins), macs(conv, 1, ins, height, width)
    for title, layer, count in (("Fully connected", dense, one[0]), ("Convolution", conv, one[1])):
        assert results(shown_facts[title]) == [layer.weight.numel(), count, parameters(layer)]
    maps = 4 * outs * height * width * 2
    assert sizes(chart(at)) == [
        [dense.weight.numel(), conv.weight.numel()], [4 * one[0], 4 * one[1]], [maps, maps],
    ]  # fmt: skip
    shown = run(shown_code(at))
    assert list(shown["on_screen"].values()) == [
        (dense.weight.numel(), 4 * one[0], maps // 2), (conv.weight.numel(), 4 * one[1], maps // 2),
    ]  # fmt: skip
    assert shown["with_biases"] == (parameters(dense), parameters(conv))


def test_the_first_screen_says_which_number_is_which(open_page, shown_facts):
    at = open_page(PAGE)
    texts = [text for trace in chart(at)["data"] if trace["type"] == "scatter" for text in trace["text"]]
    assert "<b>Weights, without biases</b><br>fully connected takes about 279,700,000 times as many" in texts
    assert "convolution: 1,728" in texts and "fully connected: 483,385,147,392" in texts
    assert round(483_385_147_392 / 1_728, -5) == 279_700_000
    assert results(shown_facts["Convolution"]) == [1_728, 86_704_128, 1_792]
    assert shown_facts["Convolution"][-1].startswith("weights + 64 biases")


@pytest.mark.parametrize("setting", [(2, 64, 56, 56), (1, 3, 7, 9), (15, 8, 40, 30)])
def test_deep_and_wide_cost_what_torchs_do(open_page, assert_fine, shown_facts, setting):
    keys = ("cost_layers", "cost_channels", "cost_height", "cost_width")
    at = open_page(PAGE, cost_view="deep", **dict(zip(keys, setting, strict=True)))
    assert_fine(at)
    ways = run(shown_code(at))["on_screen"]
    deep, wide = deep_or_wide(*setting)
    assert ways == [(way.weights, way.macs, way.activations) for way in (deep, wide)]
    assert sizes(chart(at)) == [
        [ways[0][0], ways[1][0]], [ways[0][1], ways[1][1]], [4 * ways[0][2], 4 * ways[1][2]],
    ]  # fmt: skip
    (weights, _), (wide_weights, _) = (shown_facts[way.name.capitalize()][1:] for way in (deep, wide))
    assert results([weights, wide_weights]) == [ways[0][0], ways[1][0]]


@pytest.mark.parametrize(
    "setting", [(256, 256, 3, 14, 14, 32, 4), (4, 6, 5, 5, 9, 2, 16), (3, 64, 7, 8, 8, 1, 5)]
)
def test_the_ways_to_convolve_cost_what_torchs_do(open_page, assert_fine, shown_facts, setting):
    ins, outs, k, height, width, groups, reduction = setting
    at = open_page(
        PAGE, cost_view="ways", cost_ways_in=ins, cost_ways_out=outs, cost_kernel_size=k, cost_groups=groups,
        cost_reduction=reduction, cost_height=height, cost_width=width, cost_batch=2,
    )  # fmt: skip
    assert_fine(at)
    found = list(run(shown_code(at))["on_screen"].values())
    assert sizes(chart(at)) == [
        [way[0] for way in found], [way[1] for way in found], [4 * way[2] for way in found],
    ]  # fmt: skip
    titles = ("Standard", "Grouped", "Depthwise separable", "Bottleneck")
    assert [results(shown_facts[title])[0] for title in titles] == [way[0] for way in found]


def test_the_exported_tables_have_the_numbers_of_the_code():
    setting = Setting(8, "bfloat16", "linear")
    ways = ways_to_convolve(32, 48, 3, 10, 12, 8, 4)
    code = ways_code(32, 48, 3, (10, 12), 8, bottleneck_channels(48, 4), 8)
    rows = list(csv.DictReader(io.StringIO(csv_file(cost_rows(ways, setting)).decode(), newline="")))
    for row, (weights, count, written) in zip(rows, run(code)["on_screen"].values(), strict=True):
        assert [int(row[name]) for name in ("weights", "MACs", "FLOPs", "activation memory (bytes)")] == [
            weights, count, 2 * count, 2 * written,
        ]  # fmt: skip
    assert run(deep_code(3, 4, 5, 6, 2))["on_screen"][0][0] == 3 * 9 * 16
    assert run(dense_code(6, 5, 3, 4, 3, 1))["on_screen"]["convolution"][0] == 108


def test_an_axis_counts_in_powers_of_ten_where_a_bar_would_vanish():
    far = BarGroup("a", "", "MACs", [("one", 1, "1"), ("two", 1000, "1,000")])
    near = BarGroup("b", "", "MACs", [("one", 500, "500"), ("two", 1000, "1,000")])
    for axis, kinds in {
        "automatic": ["log", "linear"], "linear": ["linear", "linear"], "logarithmic": ["log", "log"],
    }.items():  # fmt: skip
        layout = comparison_bars([far, near], axis).to_dict()["layout"]
        assert [layout[name].get("type", "linear") for name in ("xaxis", "xaxis2")] == kinds
        for name, kind in zip(("xaxis", "xaxis2"), kinds, strict=True):
            assert ("logarithmic" in layout[name]["title"]["text"]) == (kind == "log")
            assert layout[name]["range"][0] == 0, "bars begin at 0, or at 1 = 10⁰"


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.000 kB (1,000 bytes)"),
        (12_845_056, "12.85 MB (12,845,056 bytes)"),
        (1_933_540_589_568, "1.934 TB (1,933,540,589,568 bytes)"),
    ],
)
def test_bytes_as_text(count, words):
    assert bytes_text(count) == words


def test_ratios_as_text():
    assert ratio_text(("a", 10), ("b", 25), "as many") == "b takes 2.500 times as many"
    assert ratio_text(("a", 25), ("b", 10)) == "a takes 2.500 times as much"
    assert ratio_text(("a", 7), ("b", 7)) == "the same for both"
    dense, conv = fully_connected_or_convolution(1, 1, 3, 4, 5)
    assert cost_groups((dense, conv), ONE)[0].comparison == "convolution takes 25.00 times as many"


@families_of_networks
def test_every_family_opens_layer_by_layer(open_page, shown_facts, part):
    """Every model of the sidebar; its totals against torch's own counts."""
    at = open_page(PAGE, cost_view="model", cost_quantity="MACs")
    for name in part:
        at.sidebar.selectbox(key="model").select(name).run()
        assert not at.exception and not at.error and not at.warning, name
        total = parameters(
            cache.networks.meta_model_of(name)
        )  # torch's own module, as the page has just built it
        shown = dict(
            zip(("parameters", "memory", "MACs", "FLOPs"), results(shown_facts["Totals"]), strict=False)
        )
        assert shown["parameters"] == total and shown["memory"] == 4 * total, name
        assert shown["FLOPs"] == 2 * shown["MACs"], name
        bars = chart(at)["data"]
        assert {trace["type"] for trace in bars} == {"bar"}, name
        table = at.dataframe[0].value
        assert table["parameters"].sum() == total, name
        if name in classifier_names() and name != "vit_h_14":
            assert abs(table["MACs"].sum() - published_figures(name).macs) <= 500_000, name


@pytest.mark.parametrize("name", ["simple_cnn", "lenet5", "alexnet", "vit_b_32"])
def test_only_sizes_that_a_network_takes_can_be_chosen(name):
    channels = catalog_entry(name).input_shape[1]
    network = meta_model(name)
    taken = cache.networks.sizes_of(name, SIDES)

    def runs(side):
        try:
            network(torch.empty(1, channels, side, side, device="meta"))
        except Exception:  # the oracle: any refusal, of whatever type PyTorch or the network raises it
            return False
        return True

    assert taken.own in taken.sides
    assert set(taken.sides) == {side for side in {*SIDES, taken.own} if runs(side)}
    assert bool(taken.refused) == (not set(SIDES) <= set(taken.sides))


def test_a_network_that_takes_nothing_says_why():
    with pytest.raises(CnnvizError, match="takes 7 features, but its input has"):
        input_sizes(nn.Sequential(nn.Flatten(), nn.Linear(7, 1)).to("meta"), 3, (8,), (4, 16))


def test_modules_that_do_not_run_are_listed_and_counted():
    rows = layer_rows(cache.networks.traced("googlenet", 224), ONE)
    skipped = [row for row in rows if row["kind"] == "not run"]
    assert [row["layer"] for row in skipped] == ["aux1", "aux2"]
    network = meta_model("googlenet")
    assert [row["parameters"] for row in skipped] == [parameters(network.aux1), parameters(network.aux2)]
    (block,) = published_facts([("googlenet", 224, cache.networks.traced("googlenet", 224))])
    assert (
        "Parameters:",
        "torchvision leaves out aux1 and aux2, 6,379,984, which run in training only.",
    ) in (block.sentences)


def test_published_figures_of_another_size_are_not_compared():
    (block,) = published_facts([("vit_h_14", 224, cache.networks.traced("vit_h_14", 224))])
    said = dict(block.sentences)
    assert "for a picture of 518×518 pixels" in said["Another size:"]
    tokens = (518 // 14) ** 2 - (224 // 14) ** 2
    assert f"{tokens * 1280:,} fewer here" in said["Parameters:"]
    assert published_figures("vit_h_14").parameters - parameters(meta_model("vit_h_14")) == tokens * 1280
    (block,) = published_facts([("resnet18", 96, cache.networks.traced("resnet18", 96))])
    assert dict(block.sentences)["Another size:"].startswith(
        "torchvision's MACs are for a picture of 224×224"
    )
    (block,) = published_facts([("lenet5", 32, cache.networks.traced("lenet5", 32))])
    assert "no figures" in dict(block.sentences)["None:"]


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_two_models_number_by_number(open_page, assert_fine, dtype):
    at = open_page(
        PAGE, cost_view="two", model="squeezenet1_0", cost_other="lenet5", cost_batch=8, cost_dtype=dtype
    )
    assert_fine(at)
    table = at.dataframe[0].value.set_index("number")
    big, small = meta_model("squeezenet1_0"), meta_model("lenet5")
    counts = parameters(big), parameters(small)
    assert table.loc["Parameters", "LeNet-5"] == f"{counts[1]:,}"
    assert table.loc["Parameters", "difference"] == f"−{counts[0] - counts[1]:,} parameters"
    assert float(table.loc["Parameters", "ratio"]) == pytest.approx(counts[1] / counts[0], rel=1e-3)
    both = macs(big, 8, 3, 224, 224), macs(small, 8, 1, 32, 32)
    assert table.loc["MACs", "squeezenet1_0"] == f"{both[0]:,}"
    assert table.loc["FLOPs, 2 for each MAC", "difference"] == f"−{2 * (both[0] - both[1]):,} FLOPs"
    assert f"({counts[0] * BYTES[dtype]:,} bytes)" in table.loc["Memory of the parameters", "squeezenet1_0"]
    assert any("Unequal pictures" in m.value for m in at.markdown)
    names = run(shown_code(at))
    assert [found.first.value for found in names["differences"]][:2] == [counts[0], both[0]]
    with pytest.raises(CnnvizError, match="cannot be compared"):
        names["first"].parameters.over(names["second"].macs)


def test_one_model_twice_differs_by_nothing(open_page, assert_fine):
    at = open_page(PAGE, cost_view="two", model="resnet18", cost_other="resnet18")
    assert_fine(at)
    table = at.dataframe[0].value
    assert list(table["ratio"]) == ["1.000"] * 5
    assert "resnet18 again" in table.columns


def test_every_preset_shows_what_its_name_says(open_page, assert_fine):
    at = open_page(PAGE)
    for label, preset in PRESETS.items():
        at.button(key=f"preset {label}").click().run()
        assert_fine(at)
        for key, value in preset.items():
            assert at.session_state[key] == value, (label, key)
    at.button(key="preset GoogLeNet: heads that do not run").click().run()
    assert "not run" in set(at.dataframe[0].value["kind"])


def said(at, key, guess):
    open_expanders(at).number_input(key=f"{key}_guess").set_value(guess).run()
    return " ".join(m.value for m in at.markdown)


def test_the_weights_of_a_convolution_are_asked_for(open_page):
    at = open_page(PAGE, cost_in=16, cost_out=32, cost_kernel_size=3)
    answer = parameters(nn.Conv2d(18, 32, 5, bias=False))
    assert f"**Right: {answer}.**" in said(at, "cost_quiz_dense", answer)
    assert "left out the channels" in said(at, "cost_quiz_dense", 25)
    assert "counted the biases" in said(at, "cost_quiz_dense", parameters(nn.Conv2d(18, 32, 5)))


def test_the_weights_of_one_wide_layer_are_asked_for(open_page):
    at = open_page(PAGE, cost_view="deep", cost_layers=2, cost_channels=16)
    answer = parameters(nn.Conv2d(16, 16, 7, bias=False))
    assert f"**Right: {answer}.**" in said(at, "cost_quiz_deep", answer)
    assert "that is the stack" in said(at, "cost_quiz_deep", 27 * 256)
    assert "left out the channels" in said(at, "cost_quiz_deep", 49)


def test_groups_and_separable_convolutions_are_asked_for(open_page):
    at = open_page(
        PAGE, cost_view="ways", cost_ways_in=16, cost_ways_out=32, cost_groups=8, cost_height=6, cost_width=5
    )
    grouped = nn.Conv2d(16, 64, 3, groups=8, bias=False)
    assert f"**Right: {parameters(grouped)}.**" in said(at, "cost_quiz_groups", parameters(grouped))
    assert "forgot the groups" in said(at, "cost_quiz_groups", 9 * 16 * 64)
    two = nn.Sequential(
        nn.Conv2d(16, 16, 3, padding=1, groups=16, bias=False), nn.Conv2d(16, 64, 1, bias=False)
    )
    answer = macs(two.to("meta"), 1, 16, 6, 5)
    assert f"**Right: {answer}.**" in said(at, "cost_quiz_ways", answer)
    assert "those are FLOPs" in said(at, "cost_quiz_ways", 2 * answer)
    assert "those are the weights" in said(at, "cost_quiz_ways", parameters(two))


def test_flops_and_memory_are_asked_for(open_page):
    at = open_expanders(open_page(PAGE, cost_view="model", model="lenet5"))
    question = next(m.value for m in at.markdown if m.value.startswith("For one picture"))
    count, batch = (
        int(n.replace(",", "")) for n in re.findall(r"takes ([\d,]+) MACs.*batch of (\d+)", question)[0]
    )
    assert count == max(
        macs(nn.Conv2d(1, 6, 5).to("meta"), 1, 1, 32, 32), macs(nn.Conv2d(6, 16, 5).to("meta"), 1, 6, 14, 14)
    )
    assert "**Right" in said(at, "cost_quiz_flops", 2 * count * batch)
    assert "those are MACs" in said(at, "cost_quiz_flops", count * batch)
    at = open_page(PAGE, cost_view="two", model="lenet5", cost_other="lenet5", cost_dtype="float16")
    assert "**Right: 0.**" in said(at, "cost_quiz_memory", 0)
