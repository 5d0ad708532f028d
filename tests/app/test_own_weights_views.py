"""Weights of the user's own in the views of the feature maps page and beside an effective field."""

import numpy as np
import pytest

from cnnviz.nets.catalog import ModelSpec, model
from cnnviz.nets.trained import weights_source
from cnnviz.nets.weights import Provenance, save_weights
from cnnviz.nets.widths import channels_of
from cnnviz.ui.attribution.texts import network_text
from cnnviz.ui.feature_maps import two_weights as maps_two_weights
from cnnviz.ui.receptive_field.effective import _origin, _others
from cnnviz.ui.shell import own_weights
from cnnviz.ui.widgets.predictions import likeliest, names_of, prediction_text
from tests.app.running import run, shown_code

NAMES = tuple("abcdefghij")


@pytest.fixture
def page(open_page):
    """The feature maps page with a file of one's own for SimpleCNN."""

    def open_it(view, network, made):
        path = own_weights.keep(network, made)
        at = open_page("feature_maps", model="simple_cnn", maps_side=32, maps_view="filters")
        at.session_state["own_weights"] = True
        at.run()
        at.sidebar.file_uploader(key="own_weights_file").set_value(("w.safetensors", path.read_bytes(), ""))
        at.run()
        at.session_state["maps_view"] = view
        return at.run()

    return open_it


def said(at):
    return " ".join(m.value for m in at.markdown)


def narrow():
    return model("simple_cnn", seed=5, channels=channels_of("simple_cnn", 16))


def test_weights_of_another_width_are_paired_with_random_ones_of_that_width(page, assert_fine, monkeypatch):
    made = []
    monkeypatch.setattr(maps_two_weights, "map_pairs", lambda *maps, **how: made.append((maps, how)))
    at = page("two", narrow(), Provenance("simple_cnn", "shapes", NAMES, epochs=3))
    assert_fine(at)
    assert len(at.selectbox(key="two_weights").options) == 1
    assert any("another width" in caption.value for caption in at.caption)
    (left, right), how = made[-1]
    assert left.shape[0] == right.shape[0] == 16
    path = own_weights.keep(narrow(), Provenance("simple_cnn", "shapes", NAMES, epochs=3))
    code = run(shown_code(at).replace("your_weights.safetensors", str(path)))
    np.testing.assert_allclose(right, code["right"][how["channels"]], rtol=1e-4, atol=1e-5)


def test_a_file_that_says_nothing_of_itself_is_compared(page, assert_fine):
    at = page("two", model("simple_cnn", seed=5), Provenance())
    assert_fine(at)
    assert len(at.selectbox(key="two_weights").options) == 2
    assert "| Prediction | class " in said(at)


@pytest.mark.parametrize("view", ["two", "filters"])
def test_what_a_file_says_of_itself_is_no_markdown(page, assert_fine, view):
    made = Provenance("simple_cnn", "![x](//evil/t.png) | <b>", ("*a* | b",) * 10, epochs=3)
    at = page(view, model("simple_cnn", seed=5), made)
    assert_fine(at)
    assert r"!\[x\](//evil/t.png) \| \<b\>" in said(at)
    assert "![x](" not in said(at) and "*a*" not in said(at).replace(r"\*a\*", "")


def huge():
    network = model("simple_cnn")
    for parameter in network.parameters():
        if parameter.dim() > 1:
            parameter.data.fill_(6e4)
    return network


@pytest.mark.parametrize("view", ["glance", "layer", "two", "why"])
def test_a_network_that_overflows_is_said_to(page, view):
    at = page(view, huge(), Provenance("simple_cnn", "shapes", NAMES, epochs=3))
    at.session_state["maps_layer"] = "block3.conv2"
    at.run()
    assert not at.exception and not at.error
    if view == "layer":
        assert "scores are not finite numbers" in said(at)
    if view == "two":
        assert "none: its scores are not finite" in said(at)
    if view == "why":
        assert any("scores are not finite numbers" in warning.value for warning in at.warning)


@pytest.mark.parametrize("classes", [(), ("a", "b")])
def test_classes_without_a_name_each_go_by_number(tmp_path, classes):
    spec = ModelSpec("simple_cnn", str(tmp_path / "w.safetensors"))
    save_weights(model("simple_cnn"), spec.weights, Provenance(data="shapes", classes=classes))
    assert names_of(spec, 3) == ("class 0", "class 1", "class 2")
    assert [bar.name for bar in likeliest(np.array([0.2, 0.7, 0.1]), spec)] == [
        "class 1",
        "class 0",
        "class 2",
    ]
    if not classes:
        assert "shapes are all" not in prediction_text(np.array([0.2, 0.7, 0.1]), spec)


def test_an_own_file_is_never_said_to_be_somebody_elses(tmp_path):
    path = str(tmp_path / "w.safetensors")
    save_weights(model("lenet5"), path, Provenance(data="*leaves*"))
    label, other = _others(ModelSpec("lenet5", path))
    assert label == "Random weights (seed 0) beside your own"
    assert other == ModelSpec("lenet5", like=path)
    for name in ("lenet5", "squeezenet1_1"):
        assert _origin(weights_source(name, path)) == r"Your own weights: trained on \*leaves\*."
    assert _others(ModelSpec("lenet5")) is None
    assert r"\*leaves\*" in network_text(ModelSpec("lenet5", path))
