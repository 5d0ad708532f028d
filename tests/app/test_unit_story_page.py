"""The pinned unit in the view of a layer: what the page hands to the browser, held against PyTorch."""

import csv
import io
import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import cnnviz
from cnnviz.analysis.unit.story import LayerStories
from cnnviz.figures.tables import csv_file
from cnnviz.figures.unit_tables import sum_rows
from cnnviz.nets import trained
from cnnviz.nets.catalog import ModelSpec
from cnnviz.nets.weights import Provenance
from cnnviz.ui import cache
from cnnviz.ui.components import unit_story as component
from cnnviz.ui.components.equations import as_text
from cnnviz.ui.components.unit_story.formulas import formula
from cnnviz.ui.feature_maps import unit as maps_unit
from cnnviz.ui.feature_maps.unit_snippet import unit_story_code
from cnnviz.ui.widgets.predictions import is_tie, likeliest, prediction_text
from tests.app.running import open_expanders, run

SIDE = 64
SQUARE = cnnviz.sample("cat").centre_square(SIDE)


def number(text):
    return float(text.replace("−", "-").replace(",", ""))


@pytest.fixture
def payloads(monkeypatch):
    """What each story on the page was made of: its fields and arrays."""
    made = []
    monkeypatch.setattr(component, "pack", lambda fields, arrays: (fields, arrays))
    monkeypatch.setattr(component, "_mount", lambda data, **_: made.append(data))
    return made


def opened(open_page, layer, row=None, column=None, channel=0, model="mini_resnet"):
    pinned = {} if row is None else {"maps_row": row, "maps_column": column}
    return open_page(
        "feature_maps", model=model, maps_view="layer", maps_side=SIDE, maps_layer=layer,
        maps_channel=channel, weights="random", **pinned,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("model", "layer", "place"),
    [
        ("simple_cnn", "block1.conv1", (3, 0, 0)),
        ("mini_resnet", "layer2.0.conv1", (100, 7, 7)),
        ("resnet18", "conv1", (5, 31, 0)),
        ("mobilenet_v2", "features.2.conv.1.0", (9, 4, 0)),  # depthwise
    ],
)
def test_the_sums_of_products_handed_over_are_the_convolution(
    open_page, assert_fine, payloads, model, layer, place
):
    at = opened(open_page, layer, *place[1:], channel=place[0], model=model)
    assert_fine(at)
    fields, arrays = payloads[-1]
    network = cnnviz.model(model)
    convolution, kept = network.get_submodule(layer), []
    convolution.register_forward_pre_hook(lambda _, inputs: kept.append(inputs[0]))
    with torch.no_grad():
        network(SQUARE.tensor())
        y = F.conv2d(kept[0], convolution.weight, convolution.bias, convolution.stride, convolution.padding,
                     convolution.dilation, convolution.groups)[0]  # fmt: skip
    expected, step = float(y[place]), fields["steps"][0]
    products = arrays["inputs0"].astype(float) * arrays["weights0"]
    near = pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert products.sum() + step["bias"] == near
    assert arrays["sums0"].astype(float).sum() + step["bias"] == near
    np.testing.assert_allclose(arrays["sums0"], products.sum((1, 2)), rtol=1e-4, atol=1e-7)
    np.testing.assert_array_equal(arrays["weights0"], convolution.weight[place[0]].detach())
    read = F.pad(kept[0][0], (convolution.padding[1],) * 2 + (convolution.padding[0],) * 2)
    for slot, channel in enumerate(step["channels"][:4]):
        rows = [row + convolution.padding[0] for row in step["rows"]]
        columns = [column + convolution.padding[1] for column in step["columns"]]
        np.testing.assert_array_equal(arrays["inputs0"][slot], read[channel][rows][:, columns])
    assert fields["title"].endswith(step["value"])
    json.dumps(fields)


def test_a_residual_unit_is_explained_from_both_branches(open_page, assert_fine, payloads):
    at = opened(open_page, "layer1.0.relu2", 2, 3, channel=4)
    assert_fine(at)
    fields, _ = payloads[-1]
    steps = {step["layer"]: step for step in fields["steps"]}
    assert list(steps) == ["layer1.0.conv2", "layer1.0.bn2", "layer1.0.add", "layer1.0.relu2"]
    layers = ["layer1.0.bn2", "maxpool", "layer1.0.relu2"]
    maps = cnnviz.feature_maps(cnnviz.model("mini_resnet"), SQUARE, layers)
    parts = steps["layer1.0.add"]["parts"]
    assert [part["layer"] for part in parts] == layers[:2]
    for part in parts:
        assert number(part["value"]) == pytest.approx(float(maps[part["layer"]][4, 2, 3]), rel=1e-3)
        assert part["unit"] == (part["layer"], 4, 2, 3)
    assert number(steps["layer1.0.relu2"]["value"]) == pytest.approx(
        float(maps["layer1.0.relu2"][4, 2, 3]), rel=1e-3
    )
    assert steps["layer1.0.add"]["unit"] is None  # a sum has no map of its own on this page


def test_a_pinned_unit_can_be_let_go_and_another_one_opened(open_page, assert_fine, payloads):
    at = opened(open_page, "layer1.0.conv1", 2, 3)
    assert payloads[-1][0]["pinned"] == (2, 3)
    at.button(key="maps_unpin").click().run()
    assert_fine(at)
    assert payloads[-1][0]["pinned"] is None
    assert payloads[-1][0]["hint"].startswith("Click a unit")
    assert at.button(key="maps_unpin").disabled
    at.session_state["maps_row"] = 1
    at.run()
    assert "one of them is missing" in payloads[-1][0]["hint"]


@pytest.mark.parametrize("unit", [("9999", "0"), ("0", "9999")])
def test_a_unit_that_a_link_names_in_vain_is_explained_and_nothing_is_lost(
    open_page, assert_fine, payloads, unit
):
    at = opened(open_page, "maxpool", *map(int, unit), channel=7)
    assert_fine(at)
    fields = payloads[-1][0]
    assert fields["pinned"] is None and "steps" not in fields
    assert "its maps have rows 0 to 15 and columns 0 to 15" in fields["hint"]
    assert at.number_input(key="maps_channel").value == 7
    at.selectbox(key="maps_layer").select("conv1").run()
    assert_fine(at)
    assert at.number_input(key="maps_row").value == int(unit[0])


def test_a_layer_without_stories_says_why(open_page, assert_fine, payloads):
    at = opened(open_page, "features.0.1", 1, 1, model="convnext_tiny")
    assert_fine(at)
    fields = payloads[-1][0]
    with pytest.raises(cnnviz.CnnvizError) as refused:
        LayerStories(cnnviz.model("convnext_tiny"), SQUARE, "features.0.1")
    assert fields["hint"] == str(refused.value)
    assert fields["pinned"] == (1, 1)


def test_opening_a_unit_of_the_way_sets_layer_channel_row_and_column(monkeypatch):
    state = {}
    for module in ("feature_maps.unit", "feature_maps.controls"):
        monkeypatch.setattr(f"cnnviz.ui.{module}.st.session_state", state)
    maps_unit.open_unit(["conv1", 3, 5, 7])
    controls = {key: value for key, value in state.items() if not key.startswith("_")}
    assert controls == {"maps_layer": "conv1", "maps_channel": 3, "maps_row": 5, "maps_column": 7}


def test_one_pass_serves_all_units_of_a_layer(monkeypatch):
    spec, made = ModelSpec("lenet5", None, 77), []
    monkeypatch.setattr(
        "cnnviz.ui.jobs.passes.LayerStories", lambda *args: (made.append(args[2]), LayerStories(*args))[1]
    )
    square = cnnviz.sample("cat").centre_square(32)
    stories = cache.maps.stories(spec, "features.c1", square)
    assert cache.maps.stories(spec, "features.c1", square) is stories
    assert made == ["features.c1"]


def test_the_code_and_the_table_give_the_numbers_on_screen(open_page, assert_fine, payloads):
    at = opened(open_page, "layer1.1.bn2", 5, 0, channel=2)
    code = next(c.value for c in open_expanders(at).code if "unit_story" in c.value)
    assert_fine(at)
    assert f"{code}\n" == unit_story_code(
        cnnviz.sample("cat"), SIDE, ModelSpec("mini_resnet"), "layer1.1.bn2", (2, 5, 0)
    )
    story = run(code)["story"]
    fields, arrays = payloads[-1]
    assert [number(step["value"]) for step in fields["steps"]] == pytest.approx(
        [step.by_hand for step in story.steps], rel=1e-3
    )
    rows = list(csv.DictReader(io.StringIO(csv_file(sum_rows(story)).decode(), newline="")))
    assert [int(row["channel"]) for row in rows] == list(range(64))
    assert [float(row["sum"]) for row in rows] == pytest.approx(arrays["sums0"].tolist(), rel=1e-4, abs=1e-6)


def test_every_formula_in_numbers_comes_to_its_value():
    """The text of each formula, computed by Python as it stands."""
    network = cnnviz.model("mini_resnet").eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
    checked = 0
    for layer in ("maxpool", "layer1.0.relu2", "layer2.0.downsample"):
        for step in LayerStories(network, SQUARE, layer).unit(3, 4, 5).steps:
            text = as_text(formula(step)[1]).replace("−", "-").replace("·", "*").replace("√", "sqrt")
            if "sum over" in text or "⁻" in text.replace("1.0*10⁻⁵", ""):
                continue
            value = eval(text.replace("1.0*10⁻⁵", "1e-5"), {"max": max, "sqrt": np.sqrt})
            assert value == pytest.approx(step.by_hand, rel=5e-3, abs=2e-3), text
            checked += 1
    assert checked >= 6


# --- the prediction


def test_classes_of_shapes_are_named_and_a_cat_is_none_of_them():
    spec = ModelSpec("mini_resnet", "shapes")
    probabilities = np.array([0.05, 0.3, 0.1, 0.02, 0.03, 0.2, 0.01, 0.09, 0.15, 0.05])
    bars = likeliest(probabilities, spec)
    assert [bar.name for bar in bars[:3]] == ["ring", "cross", "dots"]
    assert [bar.number for bar in bars[:3]] == ["30 %", "20 %", "15 %"]
    words = prediction_text(probabilities, spec)
    assert words.startswith("**Prediction:** the 5 likeliest of 10 classes.")
    assert "A photograph of a cat is none of them" in words


def test_weights_of_a_file_without_class_names_give_numbers(monkeypatch):
    file = Provenance()
    monkeypatch.setattr(trained, "read_provenance", lambda _: file)
    spec = ModelSpec("simple_cnn", "own.safetensors")
    assert [bar.name for bar in likeliest(np.array([0.2, 0.7, 0.1]), spec)] == [
        "class 1",
        "class 0",
        "class 2",
    ]
    words = prediction_text(np.array([0.2, 0.7, 0.1]), spec)
    assert "the 3 likeliest of 3 classes" in words and "cat" not in words


def test_a_tie_is_no_prediction():
    assert is_tie(np.full(7, 1 / 7))
    assert "none; all 7 classes tie" in prediction_text(np.full(7, 1 / 7), ModelSpec("simple_cnn"))
