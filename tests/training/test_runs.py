"""Runs in the background: the queue, pausing and stopping, and what is left when something goes wrong."""

import shlex
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from cnnviz.__main__ import main
from cnnviz.errors import CnnvizError
from cnnviz.nets.weights import packed_weights, read_provenance, save_weights
from cnnviz.training import runs as module
from cnnviz.training.checkpoints import MOST, Checkpoint, Checkpoints
from cnnviz.training.live_run import MINUTES, PATIENCE_MINUTES, PREPARING_MINUTES, LiveRun
from cnnviz.training.loop import TrainingRun
from cnnviz.training.pictures import ShapesPictures
from cnnviz.training.plan import Plan
from cnnviz.training.recipe import Recipe
from cnnviz.training.runs import Runs
from cnnviz.training.sources import Source, StoredPictures, shapes_source

SECONDS = 60


def noise(count=24, seed=0):
    """Reddish and bluish pictures: easy to tell apart."""
    rng = np.random.default_rng(seed)
    labels = torch.arange(count) % 2
    pixels = torch.from_numpy(rng.integers(0, 120, (count, 3, 8, 8), dtype=np.uint8))
    pixels[range(count), labels * 2] += 100
    return StoredPictures("noise", ("red", "blue"), pixels, labels)


def plan(epochs=3, rate=0.01):
    return Plan("simple_cnn", 4, "noise", Recipe(epochs, 8, rate), 24, same_pictures=True)


def fetch():
    return Source(noise(), noise(10, 1))


def wait(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def over(run):
    wait(lambda: not run.running)
    return run


class Held:
    """Steps that go on only when they are let."""

    def __init__(self, monkeypatch):
        self.let = threading.Semaphore(0)
        self.training = 0
        self.most = 0
        one_step = TrainingRun._one_step

        def step(run):
            self.training += 1
            self.most = max(self.most, self.training)
            self.let.acquire()
            self.training -= 1
            return one_step(run)

        monkeypatch.setattr(TrainingRun, "_one_step", step)

    def release(self, steps=1000):
        for _ in range(steps):
            self.let.release()


def test_a_run_does_what_the_loop_does_by_itself():
    run = over(Runs().start(plan(), fetch))
    assert run.state == "done" and len(run.steps) == run.total_steps == 9
    alone = TrainingRun(plan().network(2), plan().arranged(fetch()).train, plan().recipe)
    losses = [event.loss for event in alone if hasattr(event, "step")]
    assert [step.loss for step in run.steps] == losses
    for name, tensor in alone.network.state_dict().items():
        torch.testing.assert_close(
            run.checkpoints.kept[-1].weights[name].to(tensor.dtype), tensor, rtol=1e-3, atol=1e-4
        )


def test_every_epoch_is_kept_with_its_answers_from_before_the_first_step_on():
    run = over(Runs().start(plan(), fetch))
    assert (
        [checkpoint.epoch for checkpoint in run.checkpoints.kept]
        == [epoch for epoch, _ in run.tested]
        == [0, 1, 2, 3]
    )
    checkpoint = run.checkpoints.kept[2]
    network = plan().network(2)
    network.load_state_dict(dict(checkpoint.weights))
    with torch.no_grad():
        chances = F.softmax(network.eval()(noise(10, 1).pixels / 255), 1)
    assert checkpoint.predictions.predicted.tolist() == chances.argmax(1).tolist()
    np.testing.assert_allclose(checkpoint.predictions.certainty, chances.max(1).values, rtol=1e-4)
    right = (chances.argmax(1) == noise(10, 1).labels).double().mean().item()
    assert checkpoint.predictions.accuracy == run.tested[2][1] == pytest.approx(right)


def test_one_trains_at_a_time_and_the_others_know_their_place(monkeypatch):
    held = Held(monkeypatch)
    runs = Runs()
    first = runs.start(plan(), fetch)
    wait(lambda: held.training)
    second = runs.start(plan(), fetch)
    wait(lambda: second.state == "waiting" and runs.ahead(second) == 1)
    third = runs.start(plan(), fetch)
    wait(lambda: runs.ahead(third) == 2)
    assert first.state == "training" and runs.ahead(first) == 0
    second.ask_for("stop")
    over(second)
    wait(lambda: runs.ahead(third) == 1)
    held.release()
    assert over(first).state == over(third).state == "done"
    assert held.most == 1 and second.state == "stopped" and not second.steps


def test_a_paused_run_lets_the_next_one_go_and_ends_as_if_it_had_not_been_paused(monkeypatch):
    whole = over(Runs().start(plan(), fetch))
    held = Held(monkeypatch)
    runs = Runs()
    run = runs.start(plan(), fetch)
    held.release(2)
    wait(lambda: len(run.steps) == 2)
    run.ask_for("pause")
    held.release(1)
    assert over(run).state == "paused"
    done = len(run.steps)
    other = runs.start(plan(1), fetch)
    held.release()
    assert over(other).state == "done" and len(run.steps) == done
    runs.resume(run)
    assert over(run).state == "done"
    assert [s.loss for s in run.steps] == [s.loss for s in whole.steps]
    runs.resume(run)
    assert run.state == "done"


def test_a_run_can_be_stopped_at_work_and_while_it_is_paused(monkeypatch):
    held = Held(monkeypatch)
    runs = Runs()
    run = runs.start(plan(), fetch)
    wait(lambda: held.training)
    run.ask_for("stop")
    held.release()
    assert over(run).state == "stopped" and len(run.steps) == 1
    assert packed_weights(plan().network(2), plan().provenance(run.checkpoints.kept[-1], ("red", "blue"), 24))
    paused = runs.start(plan(), fetch)
    paused.ask_for("pause")
    over(paused).ask_for("stop")
    assert paused.state == "stopped" and paused._training is None


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_a_run_that_nobody_looks_at_pauses_and_can_go_on(monkeypatch):
    held, clock = Held(monkeypatch), Clock()
    runs = Runs(clock)
    run = runs.start(plan(), fetch)
    wait(lambda: held.training)
    clock.now = 60 * PATIENCE_MINUTES - 1
    assert runs.find(run.token) is run
    clock.now += 60 * PATIENCE_MINUTES - 1
    held.release(1)
    wait(lambda: len(run.steps) == 1 and held.training)
    assert run.state == "training"
    clock.now += 2
    held.release(1)
    assert over(run).state == "paused" and "nobody had looked" in run.note
    held.release()
    runs.resume(run)
    assert over(run).state == "done" and not run.note


def test_no_run_takes_longer_than_it_may(monkeypatch):
    held, clock = Held(monkeypatch), Clock()
    runs = Runs(clock)
    run = runs.start(plan(), fetch)
    held.release(4)
    wait(lambda: len(run.steps) == 4 and held.training)
    clock.now += 60 * MINUTES + 1
    run.watch()
    held.release(1)
    assert over(run).state == "stopped" and f"{MINUTES} minutes" in run.note
    assert run.checkpoints.kept[-1].epoch == 1


def test_a_rate_far_too_high_diverges_and_keeps_the_last_good_weights():
    run = over(Runs().start(plan(rate=1e9), fetch))
    assert run.state == "diverged" and "diverged" in run.note and "are kept" in run.note
    for tensor in run.checkpoints.kept[-1].weights.values():
        assert tensor.isfinite().all()


def test_a_crash_is_reported_in_a_sentence_and_keeps_the_weights_so_far(monkeypatch, caplog):
    one_step = TrainingRun._one_step

    def crashing(run):
        if run.step == 4:
            raise RuntimeError("out of everything")
        return one_step(run)

    monkeypatch.setattr(TrainingRun, "_one_step", crashing)
    runs = Runs()
    run = over(runs.start(plan(), fetch))
    assert run.state == "failed" and "out of everything" not in run.note
    identifier = run.note.split()[-1].rstrip(".")
    assert identifier in caplog.text and "out of everything" in caplog.text
    assert [checkpoint.epoch for checkpoint in run.checkpoints.kept] == [0, 1]
    assert over(runs.start(plan(1), fetch)).state == "done"


def test_pictures_that_cannot_be_had_are_reported():
    def fail():
        raise CnnvizError("CIFAR10 could not be had: no route to host.")

    run = over(Runs().start(plan(), fail))
    assert run.state == "failed" and run.note.startswith("CIFAR10 could not be had")


def test_the_queue_has_an_end(monkeypatch):
    monkeypatch.setattr(module, "_MOST_WAITING", 2)
    held = Held(monkeypatch)
    runs = Runs()
    both = [runs.start(plan(1), fetch) for _ in range(2)]
    with pytest.raises(CnnvizError, match="waiting for their turn"):
        runs.start(plan(), fetch)
    held.release()
    assert all(over(run).state == "done" for run in both)


def test_old_runs_make_room_and_the_one_nobody_looks_at_goes_first(monkeypatch):
    clock = Clock()
    runs = Runs(clock)
    kept = []
    for _ in range(3):
        clock.now += 1
        kept.append(over(runs.start(plan(1), fetch)))
    clock.now += 1
    assert runs.find(kept[0].token)
    monkeypatch.setattr(module, "_BYTES", runs.nbytes + 1)
    clock.now += 1
    over(runs.start(plan(1), fetch))
    assert runs.find(kept[0].token) and runs.find(kept[2].token) and not runs.find(kept[1].token)


def test_a_run_builds_its_network_when_its_turn_comes_and_counts_what_it_takes(monkeypatch):
    held, runs = Held(monkeypatch), Runs()
    first = runs.start(plan(), fetch)
    wait(lambda: held.training)
    second = runs.start(plan(), fetch)
    wait(lambda: runs.ahead(second) == 1)
    assert second.nbytes == 0 and second.total_steps == 9
    one = sum(tensor.nbytes for tensor in plan().network(2).state_dict().values())
    assert first.nbytes == first.checkpoints.nbytes + 3 * one  # learning, asked, last good
    held.release()
    assert over(first).nbytes == first.checkpoints.nbytes and over(second).state == "done"


def test_pictures_of_two_runs_count_once():
    source = fetch()
    runs = Runs()
    both = [over(runs.start(half, lambda: source)) for half in (plan(1), replace(plan(1), half_size=True))]
    stored = source.train.pixels.nbytes + source.test.pixels.nbytes
    assert runs.nbytes == sum(run.nbytes for run in both) + stored


def test_runs_that_nobody_looks_at_are_dropped_in_time():
    clock = Clock()
    runs = Runs(clock)
    old, new = (over(runs.start(plan(1), fetch)) for _ in range(2))
    clock.now += 60 * module._KEPT_MINUTES
    new.watch()
    clock.now += 1
    runs.find("")
    assert runs.find(new.token) is new and runs.find(old.token) is None


def test_a_paused_run_that_is_no_longer_kept_cannot_go_on(monkeypatch):
    held, clock = Held(monkeypatch), Clock()
    runs = Runs(clock)
    run = runs.start(plan(), fetch)
    wait(lambda: held.training)
    run.ask_for("pause")
    held.release(1)
    assert over(run).state == "paused"
    clock.now += 60 * module._KEPT_MINUTES + 1
    runs.find("")
    runs.resume(run)
    assert run.state == "stopped" and run._training is None


def hanging():
    """A download that goes on only when it is let."""
    let = threading.Event()
    return let, lambda: (let.wait(SECONDS), fetch())[1]


def test_a_run_whose_pictures_do_not_come_stops_at_once_and_drops_them_later():
    let, hang = hanging()
    runs, before = Runs(), set(threading.enumerate())
    run = runs.start(plan(), hang)
    (carrying,) = set(threading.enumerate()) - before
    run.ask_for("stop")
    assert run.state == "stopped"
    assert over(runs.start(plan(1), fetch)).state == "done"
    let.set()
    carrying.join(SECONDS)
    assert run.state == "stopped" and run.source is None


@pytest.mark.parametrize(("seen", "state"), [(False, "stopped"), (True, "failed")])
def test_downloads_that_hang_give_their_places_back(monkeypatch, seen, state):
    monkeypatch.setattr(module, "_MOST_WAITING", 1)
    let, hang = hanging()
    clock = Clock()
    runs = Runs(clock)
    run = runs.start(plan(), hang)
    clock.now += 60 * PREPARING_MINUTES + 1
    if seen:
        run.watch()
    assert over(runs.start(plan(1), fetch)).state == "done"
    assert run.state == state and "minutes" in run.note
    let.set()


def test_nobody_has_more_than_three_runs_that_go_on(monkeypatch):
    held, runs = Held(monkeypatch), Runs()
    mine = [runs.start(plan(1), fetch, "me") for _ in range(3)]
    with pytest.raises(CnnvizError, match="3 of your runs"):
        runs.start(plan(1), fetch, "me")
    mine.append(runs.start(plan(1), fetch, "you"))
    held.release()
    assert all(over(run).state == "done" for run in mine)
    assert over(runs.start(plan(1), fetch, "me")).state == "done"


def test_a_paused_run_goes_on_only_where_there_is_a_place(monkeypatch):
    held, runs = Held(monkeypatch), Runs()
    paused = runs.start(plan(1), fetch, "me")
    wait(lambda: held.training)
    paused.ask_for("pause")
    held.release(1)
    assert over(paused).state == "paused"
    others = [runs.start(plan(1), fetch, "me") for _ in range(3)]
    with pytest.raises(CnnvizError, match="3 of your runs"):
        runs.resume(paused)
    assert paused.state == "paused"
    held.release()
    assert all(over(run).state == "done" for run in others)
    runs.resume(paused)
    assert over(paused).state == "done"
    assert not paused.resume()  # what has ended stays as it ended
    assert paused.state == "done"


def test_checkpoints_are_thinned_to_a_bound_and_keep_the_first_and_the_last():
    checkpoints = Checkpoints()
    for epoch in range(100):
        checkpoints.add(Checkpoint(epoch, {"w": torch.zeros(3)}, None))
        epochs = [checkpoint.epoch for checkpoint in checkpoints.kept]
        assert epochs[0] == 0 and epochs[-1] == epoch and len(epochs) <= MOST
        assert all(one % checkpoints.every == 0 for one in epochs[:-1])
    assert len(checkpoints.kept) > MOST / 2
    heavy = Checkpoints()
    for epoch in range(9):
        heavy.add(Checkpoint(epoch, {"w": torch.empty(20_000_000, dtype=torch.uint8)}, None))
        assert heavy.nbytes <= 64_000_000


def test_names_of_runs_cannot_be_guessed():
    tokens = {LiveRun(plan(), fetch).token for _ in range(20)}
    assert len(tokens) == 20 and all(len(token) == 32 for token in tokens)


def test_the_file_of_a_stopped_run_does_not_claim_a_command(tmp_path):
    run = over(Runs().start(plan(2), fetch))
    shapes = replace(plan(2), data="shapes")
    whole, part = (
        shapes.provenance(checkpoint, ("a", "b"), 24)
        for checkpoint in (run.checkpoints.kept[2], run.checkpoints.kept[1])
    )
    assert "--width 4" in whole.command and not part.command and part.epochs == 1
    assert whole.test_accuracy == run.tested[2][1] and whole.test_pictures == 10
    network = plan().network(2)
    save_weights(network, tmp_path / "w.safetensors", whole)
    (tmp_path / "same.safetensors").write_bytes(packed_weights(network, whole))
    first, second = (load_file(tmp_path / f"{name}.safetensors") for name in ("w", "same"))
    assert first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)
    assert read_provenance(tmp_path / "same.safetensors") == whole


def test_shapes_that_stay_the_same_do():
    source = replace(plan(), data="shapes", pictures=12).arranged(Source(ShapesPictures(500, 3), None))
    assert len(source.train) == 12 and not source.train.endless
    pictures, labels = source.halved().train.batch([11, 2])
    whole, same = ShapesPictures(500, 3).batch([11, 2])
    assert torch.equal(labels, same)
    means = whole.double().reshape(2, 3, 32, 2, 32, 2).mean((3, 5))
    assert (pictures.double() - means).abs().max() <= 0.5


def test_the_command_in_the_file_makes_the_weights_again(tmp_path, monkeypatch):
    small = Plan(
        "simple_cnn", 4, "shapes", Recipe(2, 10, augment=True), 20, same_pictures=True, half_size=True
    )
    run = over(Runs().start(small, lambda: shapes_source(20, 10, 0)))
    command = small.provenance(run.checkpoints.kept[-1], ("a",), 20).command
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(command)[3:]) == 0
    for name, tensor in load_file("simple_cnn.safetensors").items():
        torch.testing.assert_close(tensor, run.checkpoints.kept[-1].weights[name])
    stated = read_provenance("simple_cnn.safetensors")
    assert stated.test_accuracy == pytest.approx(run.tested[-1][1])
