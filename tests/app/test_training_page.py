"""The training page: what it says, what its code gives, and what its buttons do."""

import gc
import io
import math
import time
import weakref
import zipfile
from dataclasses import replace

import pytest
import torch
from PIL import Image
from safetensors.torch import load

from cnnviz.errors import CnnvizError
from cnnviz.figures.training_curves import thinned, training_figure, training_rows
from cnnviz.nets.weights import Provenance
from cnnviz.training.live_run import Step
from cnnviz.training.loop import TrainingRun
from cnnviz.training.plan import Plan
from cnnviz.training.recipe import Recipe
from cnnviz.ui import cache
from cnnviz.ui.jobs.lru_cache import SizedLRUCache
from cnnviz.ui.shell import own_weights
from cnnviz.ui.training import controls as training_controls
from cnnviz.ui.training import epochs as training_epochs
from cnnviz.ui.training import live as training_live
from cnnviz.ui.training.presets import PRESETS
from cnnviz.ui.training.results import _packed
from cnnviz.ui.training.snippets import training_code
from tests.app.running import open_expanders, run, shown_code

QUICK = {
    "train_width": 4, "train_pictures": 50, "train_epochs": 2, "train_batch": 32, "train_half": True,
}  # fmt: skip


def page_text(at):
    return " ".join(
        element.value for element in (*at.markdown, *at.caption, *at.info, *at.warning) if element.value
    )


def trained(at):
    """Start, and wait until the run is over."""
    at.button(key="train_start").click().run()
    found = cache.training.training_runs().find(at.session_state["train_run"])
    deadline = time.monotonic() + 60
    while found.running:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    at.run()
    return found


def test_before_a_run_there_are_examples_and_what_it_would_cost(open_page, assert_fine, shown_facts):
    at = open_page("training", **QUICK)
    assert_fine(at)
    assert "spiral" in page_text(at) and "linear model" in page_text(at)
    assert not at.button(key="train_start").disabled
    assert shown_facts["Loss"][-1].endswith(f"= {math.log(10):.3f}")
    assert shown_facts["Cost of these settings"][0].endswith("2 · 2 = 4")
    network = Plan("simple_cnn", 4, "shapes", Recipe()).network(10)
    total = sum(p.numel() for p in network.parameters())
    assert shown_facts["Cost of these settings"][-1] == f"{total:,}"


def test_every_preset_can_be_trained(open_page, assert_fine):
    at = open_page("training", train_model="mini_resnet", train_rate=3.0, train_augment=True)
    for label, preset in PRESETS.items():
        at.button(key=f"preset {label}").click().run()
        assert_fine(at)
        for key, value in preset.items():
            assert at.session_state[key] == value, label


def test_a_run_from_start_to_weights_in_hand(open_page, assert_fine, monkeypatch):
    kept = []
    monkeypatch.setattr(own_weights, "keep", lambda network, provenance: kept.append((network, provenance)))
    monkeypatch.setattr(own_weights, "use", lambda name, path: kept.append((name, path)))
    at = open_page("training", **QUICK)
    found = trained(at)
    assert_fine(at)
    assert found.state == "done" and "SimpleCNN from 4 channels" in page_text(at)
    checkpoint = found.checkpoints.kept[-1]
    label = Provenance(data="shapes", test_accuracy=checkpoint.predictions.accuracy).label
    assert f"Weights after epoch 2: {label}" in page_text(at)
    at.button(key="train_open").click().run()
    assert_fine(at)
    (network, provenance), (name, _) = kept
    assert name == "simple_cnn" and provenance.label == label and provenance.epochs == 2
    for key, tensor in load(_packed(found, checkpoint)).items():
        torch.testing.assert_close(tensor, network.state_dict()[key].to(tensor.dtype))
    code = run(shown_code(at).replace("save_weights(network, ", "(lambda *_: None)("))
    assert code["losses"] == [step.loss for step in found.steps]
    torch.testing.assert_close(code["network"].fc.weight, network.fc.weight, rtol=1e-3, atol=1e-4)


def test_a_full_disk_is_reported_and_the_run_is_not_lost(open_page, monkeypatch):
    def full(*_):
        raise CnnvizError("w.safetensors cannot be written: No space left on device.")

    monkeypatch.setattr(own_weights, "keep", full)
    at = open_page("training", **QUICK)
    found = trained(at)
    at.button(key="train_open").click().run()
    assert "No space left on device" in page_text(at)
    assert (
        cache.training.training_runs().find(found.token) is found
        and at.session_state["train_run"] == found.token
    )


def test_a_run_that_diverges_is_reported(open_page):
    at = open_page("training", **QUICK, train_rate=1e9)
    found = trained(at)
    assert found.state == "diverged" and "Training diverged at step" in page_text(at)
    assert "Weights after epoch 0: untrained." in page_text(at) and "rate up to 1,000,000,000" in page_text(
        at
    )
    assert at.button(key="train_start").label == "Train anew"


def test_pause_continue_stop_and_a_page_change(open_page, assert_fine, monkeypatch):
    one_step = TrainingRun._one_step

    def slow(run):
        time.sleep(0.1)
        return one_step(run)

    monkeypatch.setattr(TrainingRun, "_one_step", slow)
    at = open_page("training", **{**QUICK, "train_epochs": 40})
    at.button(key="train_start").click().run()
    token = at.session_state["train_run"]
    found = cache.training.training_runs().find(token)
    at.button(key="train_pause").click().run()
    while found.running:
        time.sleep(0.05)
    at.run()
    at.button(key="train_continue").click().run()
    assert found.running
    at.switch_page("pages/home.py").run()
    at.switch_page("pages/training.py").run()
    assert at.session_state["train_run"] == token
    at.button(key="train_stop").click().run()
    while found.running:
        time.sleep(0.05)
    assert found.state == "stopped"
    assert_fine(at.run())


def test_a_link_to_a_run_that_is_gone_says_so(open_page):
    at = open_page("training", train_run="0" * 32)
    assert "no longer kept" in page_text(at) and not at.warning


def test_data_that_cannot_be_had_are_reported_and_nothing_is_lost(open_page, monkeypatch):
    def offline(_name):
        raise CnnvizError("CIFAR10 could not be had: no route to host. Connect to the internet.")

    monkeypatch.setattr(cache.training, "downloaded_pictures", offline)
    at = open_page("training", train_data="cifar10", train_epochs=3)
    assert "fetched when training starts" in page_text(at)
    assert trained(at).state == "failed"
    assert "no route to host" in page_text(at)
    assert at.session_state["train_data"] == "cifar10" and at.session_state["train_epochs"] == 3


def test_a_folder_waits_for_its_file(open_page, assert_fine):
    at = open_page("training", train_data="folder")
    assert_fine(at)
    assert at.button(key="train_start").disabled and "First choose a ZIP file." in page_text(at)


def zipped(*classes):
    """A ZIP file of ten pictures of noise in each class."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in classes:
            for i in range(10):
                picture = io.BytesIO()
                Image.effect_noise((16, 16), 50 + i).save(picture, "PNG")
                file.writestr(f"{name}/{i}.png", picture.getvalue())
    return buffer.getvalue()


def with_zip(at, data, name="family.zip"):
    at.file_uploader(key="train_zip").set_value((name, data, "application/zip")).run()
    return at


def test_somebodys_own_pictures_are_for_the_session_that_started_the_run(open_page, assert_fine, monkeypatch):
    drawn = []
    monkeypatch.setattr(training_epochs, "training_epochs", lambda *parts: drawn.append(parts[3]))
    mine = with_zip(open_page("training", train_data="folder", **QUICK), zipped("anna", "berta"))
    found = trained(mine)
    assert_fine(mine)
    assert found.state == "done" and drawn[-1] == ("anna", "berta") and "family" in page_text(mine)
    mine.switch_page("pages/home.py").run()
    mine.switch_page("pages/training.py").run()
    count = len(drawn)
    assert count and "train_open" in [button.key for button in mine.button]
    other = open_expanders(open_page("training", train_run=found.token))
    assert_fine(other)
    assert len(drawn) == count and "pictures of somebody's own" in page_text(other)
    everything = page_text(other) + shown_code(other)
    assert not any(name in everything for name in ("anna", "berta", "family"))
    assert "train_open" not in [button.key for button in other.button]
    assert not [button for button in other.get("download_button") if "safetensors" in button.label]
    assert other.button(key="train_start").label == "Train anew"


def test_a_damaged_file_is_read_once_and_the_pictures_before_it_stay(open_page, monkeypatch):
    at = with_zip(open_page("training", train_data="folder", **QUICK), zipped("anna", "berta"))
    reads = []

    def broken(*_, **__):
        reads.append(1)
        raise AssertionError("nobody foresaw this")

    monkeypatch.setattr(training_controls, "zip_source", broken)
    with_zip(at, b"nope", "bad.zip")
    for _ in range(2):
        at.run()
        (warning,) = at.warning
        assert warning.value.startswith("Something went wrong here. The log has") and not at.error
        assert (
            "family: 2 classes, 16 pictures to learn from, 4 held out." in page_text(at)
            and not at.button(key="train_start").disabled
        )
    assert reads == [1]


def test_uploads_are_not_in_the_session_and_make_room(open_page, monkeypatch):
    kept, zip_source = [], training_controls.zip_source

    def noted(*args, **options):
        found = zip_source(*args, **options)
        kept.append(weakref.ref(found.train.pixels))
        return found

    monkeypatch.setattr(training_controls, "zip_source", noted)
    store = SizedLRUCache(20 * 64 * 64 * 3 + 1000)  # one upload
    monkeypatch.setattr(cache.training, "_uploads", lambda: store)
    first = with_zip(open_page("training", train_data="folder", **QUICK), zipped("anna", "berta"))
    assert kept[0]() is not None
    second = with_zip(open_page("training", train_data="folder", **QUICK), zipped("carla", "dora"))
    gc.collect()
    assert kept[0]() is None and kept[1]() is not None
    assert not second.button(key="train_start").disabled
    first.run()
    assert "choose the ZIP file again" in page_text(first) and first.button(key="train_start").disabled


def test_the_timer_has_the_lab_alone_drawn_again(open_page, assert_fine, monkeypatch):
    at = open_page("training", **QUICK)
    trained(at)
    asked, reruns = [], []
    monkeypatch.setattr(training_live, "request_rerun", lambda key, before: asked.append(before))
    at.run()
    assert not asked
    versions = iter(range(100))
    monkeypatch.setattr(training_live, "_version", lambda run: next(versions))
    assert_fine(at.run())
    assert next(versions) == 2 and len(asked) == 1
    monkeypatch.setattr(training_live.st, "rerun", reruns.append)
    asked[0]()
    assert reruns == [training_live.LAB]


def test_controls_that_fail_are_explained_once(open_page, monkeypatch):
    def broken():
        raise CnnvizError("No controls today.")

    monkeypatch.setattr(training_controls, "_choose_more", lambda _data: broken())
    at = open_page("training")
    assert [element.value for element in at.warning] == ["No controls today."] and not at.error


@pytest.mark.parametrize("data", ["cifar10", "fashion_mnist", "pets"])
@pytest.mark.parametrize("same", [True, False])
def test_the_code_for_other_data_can_be_read(data, same):
    plan = Plan("mini_resnet", 8, data, Recipe(), 100, same_pictures=same)
    compile(training_code(plan), "snippet", "exec")
    assert (".same(100" in training_code(plan)) == same
    assert ".halved()" in training_code(replace(plan, half_size=True))


def test_curves_and_table_hold_every_step():
    steps = [Step(i, 20.0 / i, i / 1000, 0.1) for i in range(1, 1001)]
    at, loss, accuracy, group = thinned(steps, 100)
    assert group == 10 and len(at) == 100 and at[-1] == 1000
    assert loss[0] == pytest.approx(sum(20 / i for i in range(1, 11)) / 10)
    assert accuracy.mean() == pytest.approx(sum(s.accuracy for s in steps) / 1000)
    assert [len(part) for part in thinned([])[:3]] == [0, 0, 0]
    rows = training_rows(steps, [(0, 0.1), (1, 0.5)], 1000)
    assert len(rows) == 1001 and rows[0]["held-out accuracy"] == 0.1 and rows[-1]["held-out accuracy"] == 0.5
    assert training_figure(steps, [(0, 0.1)], 1000).axes


def test_the_questions_are_answered(open_page):
    at = open_expanders(open_page("training", **QUICK))
    at.number_input(key="train_quiz_steps_guess").set_value(200).run()
    assert "that is one epoch" in page_text(at)
    at.number_input(key="train_quiz_steps_guess").set_value(5 * 6400 // 32).run()
    assert "**Right: 1000.**" in page_text(at)
