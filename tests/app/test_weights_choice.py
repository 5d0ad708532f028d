"""Which weights a network has in the app, and the user's own."""

import io
import struct

import pytest
import torch
from safetensors.torch import save
from streamlit.testing.v1 import AppTest

from cnnviz.errors import CnnvizError
from cnnviz.nets.catalog import ModelSpec, model
from cnnviz.nets.weights import Provenance, save_weights
from cnnviz.ui import cache
from cnnviz.ui.jobs.weights_folder import WeightsFolder
from tests.app.conftest import APP
from tests.app.running import shown_code

SIDE = {"maps_side": 32, "maps_view": "layer"}


def spec_of(at):
    return at.session_state["_model"]


@pytest.mark.parametrize("name", ["simple_cnn", "mini_resnet"])
def test_our_networks_start_with_what_they_have_learned(open_page, assert_fine, name):
    at = open_page("feature_maps", model=name, **SIDE)
    assert_fine(at)
    assert spec_of(at) == ModelSpec(name, "shapes")
    assert any("Trained on cnnviz shapes" in caption.value for caption in at.sidebar.caption)
    assert 'weights="shapes"' in shown_code(at)


def test_others_start_at_random_and_ours_are_trained_again_after_them(open_page, assert_fine):
    at = open_page("feature_maps", **SIDE)
    for name, weights in (("squeezenet1_1", None), ("lenet5", None), ("mini_resnet", "shapes")):
        at.sidebar.selectbox(key="model").select(name).run()
        assert_fine(at)
        assert spec_of(at) == ModelSpec(name, weights)


def test_random_weights_that_somebody_chose_stay_random(open_page, assert_fine):
    at = open_page("feature_maps", **SIDE)
    at.session_state["weights"] = "random"
    at.run()
    for name in ("lenet5", "mini_resnet"):
        at.sidebar.selectbox(key="model").select(name).run()
        assert spec_of(at) == ModelSpec(name)
    at.switch_page("pages/receptive_field.py")
    at.run()
    assert_fine(at)
    assert spec_of(at) == ModelSpec("mini_resnet")


def bring(at, data, title="mine.safetensors"):
    at.session_state["own_weights"] = True
    at.run()
    at.sidebar.file_uploader(key="own_weights_file").set_value((title, data, "")).run()


def saved(tmp_path, trained, classes=10, **made):
    path = tmp_path / "w.safetensors"
    save_weights(trained, path, Provenance(**made, classes=tuple(f"class {i}" for i in range(classes))))
    return path.read_bytes()


@pytest.mark.parametrize("name", ["simple_cnn", "squeezenet1_1", "lenet5"])
def test_a_file_of_ones_own_is_used_for_its_network_and_no_other(open_page, assert_fine, tmp_path, name):
    at = open_page("feature_maps", model=name, **SIDE)
    trained, classes = model(name, seed=9), 1000 if name == "squeezenet1_1" else 10
    bring(at, saved(tmp_path, trained, classes, network=name, data="leaves", test_accuracy=0.5))
    assert_fine(at)
    path = spec_of(at).weights
    loaded = next(model(name, path).parameters())
    assert torch.equal(loaded, next(trained.parameters()).half().float())
    assert any(c.value.startswith("mine.safetensors. Trained on leaves, 50.0 %") for c in at.sidebar.caption)
    assert 'weights="your_weights.safetensors"' in shown_code(at) and path not in shown_code(at)
    at.sidebar.selectbox(key="model").select("mini_resnet").run()
    assert spec_of(at) == ModelSpec("mini_resnet", "shapes")
    at.sidebar.selectbox(key="model").select(name).run()
    assert spec_of(at) == ModelSpec(name, path)


def pickled():
    file = io.BytesIO()
    torch.save(model("simple_cnn").state_dict(), file)
    return file.getvalue()


def with_nan():
    tensors = model("simple_cnn").state_dict()
    tensors["fc.bias"][3] = float("nan")
    return save(tensors)


def bad_files():
    """What each is, and why it is refused."""
    return {
        "nothing": (b"", "no safetensors file, or is cut short"),
        "a pickle": (pickled(), "is a pickle"),
        "NaN": (with_nan(), "1 value in fc.bias that is no finite number"),
        "cut short": (save(model("simple_cnn").state_dict())[:-1000], "damaged or cut short"),
        "of another network": (save(model("lenet5").state_dict()), "does not fit SimpleCNN"),
        "another shape": (
            save(model("simple_cnn").state_dict() | {"fc.weight": torch.zeros(10, 9)}),
            "fc.weight is 10×256, the file has 10×9",
        ),
        "many tensors": (
            save({f"t{i}": torch.zeros(1) for i in range(100_000)}),
            "100,000 tensors; no network here has",
        ),
        "a header of exabytes": (struct.pack("<Q", 2**60) + b"{", "lists more tensors than any network"),
    }


def test_a_bad_file_is_explained_and_changes_nothing(open_page, tmp_path):
    at = open_page("feature_maps", **SIDE)
    bring(at, saved(tmp_path, model("simple_cnn", seed=9), network="simple_cnn"))
    before = spec_of(at)
    for data, said in bad_files().values():
        bring(at, data, "bad_one.safetensors")
        assert not at.exception
        (error,) = at.error
        assert said in error.value and error.value.endswith("The weights stay as they were.")
        assert "bad\\_one.safetensors" in error.value
        assert spec_of(at) == before
    assert len(list(cache.resources.weights_folder()._folder.iterdir())) == len(
        cache.resources.weights_folder()._sizes
    )


def test_what_a_file_says_of_itself_is_shown_as_it_is(open_page, assert_fine, tmp_path):
    at = open_page("feature_maps", **SIDE)
    bring(at, saved(tmp_path, model("simple_cnn"), data="**bold** <b>"), "a`b_.safetensors")
    assert_fine(at)
    assert any(r"\*\*bold\*\* \<b\>" in c.value and r"a\`b\_" in c.value for c in at.sidebar.caption)


def test_a_file_that_went_for_others_is_said_to_be_gone(open_page, tmp_path):
    at = open_page("feature_maps", **SIDE)
    bring(at, saved(tmp_path, model("simple_cnn", seed=11), network="simple_cnn"))
    path = spec_of(at).weights
    cache.resources.weights_folder()._folder.joinpath(path).unlink()
    cache.networks._models.clear()
    at.run()
    assert not at.exception
    assert spec_of(at).weights == "shapes"
    assert any("no longer kept" in warning.value for warning in at.sidebar.warning)


def test_the_folder_keeps_to_its_limit_and_the_same_file_once():
    folder = WeightsFolder(250)
    first, second, third = (folder.add(lambda p, n=n: p.write_bytes(bytes([n]) * 100)) for n in range(3))
    assert not first.exists() and second.exists() and third.exists()
    assert folder.add(lambda p: p.write_bytes(bytes([2]) * 100)) == third
    assert len(list(third.parent.iterdir())) == 2


def test_what_is_used_stays_longer_and_what_is_too_large_puts_nothing_out():
    folder = WeightsFolder(250)
    first, second = (folder.add(lambda p, n=n: p.write_bytes(bytes([n]) * 100)) for n in range(2))
    with pytest.raises(CnnvizError, match="has 251 bytes, and this server keeps up to 250 bytes"):
        folder.add(lambda p: p.write_bytes(bytes(251)))
    assert set(first.parent.iterdir()) == {first, second}
    folder.used(first)
    folder.add(lambda p: p.write_bytes(bytes([2]) * 100))
    assert first.exists() and not second.exists()


def test_a_full_disk_is_said(open_page, monkeypatch, tmp_path):
    at = open_page("feature_maps", **SIDE)
    data = saved(tmp_path, model("simple_cnn"), network="simple_cnn")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cnnviz.ui.jobs.weights_folder.Path.write_bytes", full)
    bring(at, data)
    assert "cannot be kept on this server: No space left on device" in at.error[0].value
    assert spec_of(at) == ModelSpec("simple_cnn", "shapes")


def test_a_link_with_weights_of_somebodys_own_says_that_they_are_not_here(open_page, assert_fine):
    at = AppTest.from_file(str(APP), default_timeout=30)
    at.run()
    at.switch_page("pages/feature_maps.py")
    at.query_params["weights"] = "Your own"
    at.run()
    assert_fine(at)
    assert any("one's own" in caption.value for caption in at.sidebar.caption)
    assert spec_of(at) == ModelSpec("simple_cnn", "shapes")
    assert not any("one's own" in c.value for c in open_page("feature_maps", **SIDE).sidebar.caption)
