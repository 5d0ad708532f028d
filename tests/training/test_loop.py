import contextlib
import gc
import itertools
import math
import threading
import weakref

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnviz.errors import CnnvizError
from cnnviz.training.augmentation import augmented
from cnnviz.training.loop import DivergedError, EpochDone, PicturesTested, StepDone, TrainingRun, as_input
from cnnviz.training.pictures import TEST_SEED, ShapesPictures
from cnnviz.training.recipe import Recipe
from cnnviz.training.sources import StoredPictures


def pictures(count=20, side=8, seed=0):
    """Reddish and bluish noise: easy to tell apart."""
    rng = np.random.default_rng(seed)
    labels = torch.arange(count) % 2
    pixels = torch.from_numpy(rng.integers(0, 120, (count, 3, side, side), dtype=np.uint8))
    pixels[range(count), labels * 2] += 100
    return StoredPictures("noise", ("red", "blue"), pixels, labels)


def network():
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Dropout(0.3), nn.Linear(4, 2),
    )  # fmt: skip


def weights(run):
    return {name: tensor.clone() for name, tensor in run.network.state_dict().items()}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_a_step_is_what_torch_does_by_hand():
    recipe = Recipe(epochs=2, batch_size=5, learning_rate=0.01, weight_decay=0.1)
    run = TrainingRun(network()[:5].append(nn.Linear(4, 2)), pictures(), recipe)
    by_hand = network()[:5].append(nn.Linear(4, 2))
    by_hand.load_state_dict(run.network.state_dict())
    optimizer = torch.optim.AdamW(by_hand.parameters(), lr=1.0, weight_decay=0.1)
    data, order = pictures(), np.random.default_rng((0, 0)).permutation(20)
    for k, done in enumerate(itertools.islice((e for e in run if isinstance(e, StepDone)), 3)):
        chosen = torch.from_numpy(order[5 * k : 5 * k + 5])
        loss = F.cross_entropy(by_hand(data.pixels[chosen] / 255), data.labels[chosen])
        optimizer.param_groups[0]["lr"] = done.learning_rate
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert done.loss == pytest.approx(loss.item(), rel=1e-5)
    torch.testing.assert_close(dict(run.network.state_dict()), dict(by_hand.state_dict()))


def test_the_learning_rate_rises_in_a_line_and_falls_as_torch_anneals_it():
    recipe, steps = Recipe(learning_rate=0.5), 50
    rates = [recipe.rate_at(step, steps) for step in range(steps)]
    assert np.allclose(np.diff(rates[:10]), rates[0]) and max(rates) == rates[10] == 0.5
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.5)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=40)
    for rate in rates[10:]:
        assert rate == pytest.approx(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()


def test_every_step_test_and_epoch_is_reported():
    test = pictures(130, seed=1)
    run = TrainingRun(network(), pictures(), Recipe(epochs=2, batch_size=6), test)
    events = list(run)
    assert [type(e) for e in events] == [*[StepDone] * 4, PicturesTested, PicturesTested, EpochDone] * 2
    assert [e.step for e in events if isinstance(e, StepDone)] == list(range(1, 9))
    assert [(e.done, e.count) for e in events if isinstance(e, PicturesTested)] == [
        (100, 130),
        (130, 130),
    ] * 2
    first = events[6]
    steps = [e for e in events[:4] if isinstance(e, StepDone)]
    sizes = (6, 6, 6, 2)
    assert first.loss == pytest.approx(sum(e.loss * n for e, n in zip(steps, sizes, strict=True)) / 20)
    assert first.accuracy == pytest.approx(
        sum(e.accuracy * n for e, n in zip(steps, sizes, strict=True)) / 20
    )
    fresh = network().eval()
    fresh.load_state_dict(events[-1].weights)
    right = (fresh(as_input(test.pixels)).argmax(1) == test.labels).double().mean().item()
    assert events[-1].test_accuracy == pytest.approx(right)
    assert list(run) == []


def test_it_learns():
    events = list(TrainingRun(network(), pictures(60), Recipe(15, 10, 0.05), pictures(40, seed=9)))
    assert events[-1].test_accuracy == 1
    assert events[-1].loss < 0.2


def test_a_last_batch_of_one_is_left_out():
    run = TrainingRun(network(), pictures(21), Recipe(epochs=1, batch_size=5))
    assert (run.steps_per_epoch, len([e for e in run if isinstance(e, StepDone)])) == (4, 4)


@pytest.mark.parametrize("augment", [False, True])
def test_a_run_that_is_stopped_anywhere_ends_like_one_that_is_not(augment):
    def fresh():
        recipe = Recipe(epochs=2, batch_size=8, learning_rate=0.05, augment=augment, seed=4)
        return TrainingRun(network(), pictures(), recipe, pictures(6))

    whole = fresh()
    events = list(whole)
    for stop in range(len(events)):
        first = fresh()
        seen = list(itertools.islice(first, stop))
        assert [type(e) for e in seen] == [type(e) for e in events[:stop]]
        kept = {name: tensor.clone() for name, tensor in first.state_dict().items()}
        later = TrainingRun(network(), pictures(), first.recipe, pictures(6))
        later.network[0].weight.data.zero_()
        later.load_state_dict(kept)
        rest = list(later)
        assert same(weights(later), weights(whole)), stop
        assert rest[-1:] == [] or rest[-1].test_accuracy == events[-1].test_accuracy
        ends = [e.loss for e in [*seen, *rest] if isinstance(e, EpochDone)]
        assert ends == pytest.approx([e.loss for e in events if isinstance(e, EpochDone)])


def test_a_pause_loses_nothing():
    whole, paused = (TrainingRun(network(), pictures(), Recipe(2, 8), pictures(6)) for _ in range(2))
    events, parts = list(whole), []
    while part := list(itertools.islice(paused, 2)):
        parts += part
    assert [type(e) for e in parts] == [type(e) for e in events]
    assert same(weights(paused), weights(whole))


def test_a_checkpoint_does_not_change_when_the_run_goes_on():
    run = TrainingRun(network(), pictures(), Recipe(2, 8))
    list(itertools.islice(run, 2))
    checkpoint = run.state_dict()
    before = {name: tensor.clone() for name, tensor in checkpoint.items()}
    list(run)
    assert same(before, checkpoint)


def test_a_checkpoint_of_another_network_changes_nothing():
    run, other = (TrainingRun(net, pictures(), Recipe(1, 8)) for net in (network(), nn.Conv2d(3, 2, 3)))
    before = weights(run)
    with pytest.raises(CnnvizError, match="another network"):
        run.load_state_dict(other.state_dict())
    assert same(weights(run), before) and run.step == 0


@pytest.mark.parametrize("missing", ["sums", "step", "optimizer.0.exp_avg"])
def test_a_checkpoint_that_lacks_something_changes_nothing(missing):
    run, other = (TrainingRun(network(), pictures(), Recipe(1, 8)) for _ in range(2))
    list(itertools.islice(other, 2))
    before, checkpoint = weights(run), other.state_dict()
    del checkpoint[missing]
    with pytest.raises(CnnvizError, match="lacks something"):
        run.load_state_dict(checkpoint)
    assert same(weights(run), before) and run.step == 0


def test_two_runs_at_once_learn_as_each_does_alone():
    def runs():
        return [TrainingRun(network(), pictures(), Recipe(1, 8, augment=True, seed=seed)) for seed in (0, 1)]

    alone, at_once = runs(), runs()
    for run in alone:
        list(run)
    both = threading.Barrier(2)

    def meet(*_):
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.2)

    for run in at_once:
        run.network.register_forward_pre_hook(meet)
    threads = [threading.Thread(target=list, args=(run,)) for run in at_once]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(same(weights(a), weights(b)) for a, b in zip(alone, at_once, strict=True))


def test_a_run_takes_the_memory_of_all_its_tensors():
    run = TrainingRun(network(), pictures(), Recipe(1, 8))
    mine = sum(p.nbytes for p in run.network.parameters())
    buffers = sum(b.nbytes for b in run.network.buffers())
    assert run.nbytes == 2 * (mine + buffers)
    list(itertools.islice(run, 1))
    steps = 4 * len(list(run.network.parameters()))
    assert run.nbytes == 5 * mine + 2 * buffers + steps


@pytest.mark.parametrize("rate", [1e9, 1e12])
def test_a_run_that_diverges_keeps_the_weights_it_began_with(rate):
    run = TrainingRun(network()[:5].append(nn.Linear(4, 2)), pictures(), Recipe(3, 4, rate))
    before = weights(run)
    with pytest.raises(DivergedError, match=r"diverged at step \d+: .* before the first step are kept"):
        list(run)
    assert same(weights(run), before)


def test_a_run_that_diverges_later_keeps_its_last_good_epoch():
    data = pictures()
    run = TrainingRun(network(), data, Recipe(4, 10, 0.01))
    good = None
    with pytest.raises(DivergedError, match="after epoch 2 are kept"):
        for event in run:
            if isinstance(event, EpochDone):
                good = {name: tensor.clone() for name, tensor in event.weights.items()}
                if event.epoch == 2:
                    run.network[0].weight.data[0] = math.nan
    assert same(weights(run), good)


def test_weights_that_overflow_in_the_last_step_are_found():
    run = TrainingRun(network(), pictures(), Recipe(1, 20, 0.01))
    with pytest.raises(DivergedError, match="no longer a finite number"):
        for event in run:
            assert isinstance(event, StepDone)
            run.network[0].weight.data[0] = math.inf


def test_the_random_state_around_neither_matters_nor_moves():
    ends = []
    for seed in (1, 2):
        run = TrainingRun(network(), pictures(), Recipe(1, 8, augment=True))
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        list(run)
        assert torch.equal(torch.get_rng_state(), before)
        ends.append(weights(run))
    assert same(*ends)


def test_old_weights_are_let_go():
    run = TrainingRun(network(), pictures(), Recipe(5, 20))
    kept = [weakref.ref(e.weights["0.weight"]) for e in run if isinstance(e, EpochDone)]
    gc.collect()
    assert sum(ref() is not None for ref in kept) == 1


def test_endless_pictures_are_new_in_every_epoch_and_half_as_large_at_first():
    seen, sides = [], []

    class Spy(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 10)

        def forward(self, x):
            sides.append(x.shape[-1])
            seen.extend(x.mean((1, 2, 3)).tolist())
            return self.fc(x.mean((2, 3)))

    run = TrainingRun(Spy(), ShapesPictures(6), Recipe(3, 3, half_size_epochs=1))
    list(run)
    assert sides == [32, 32, 64, 64, 64, 64]
    expected = as_input(ShapesPictures(18).batch(range(18))[0]).mean((1, 2, 3))
    torch.testing.assert_close(torch.tensor(seen), expected)


def test_stored_pictures_are_all_seen_once_an_epoch_in_a_new_order():
    run = TrainingRun(network(), pictures(), Recipe(2, 5))
    first, second = run._order(0), run._order(1)
    assert sorted(first) == sorted(second) == list(range(20)) and first != second


def test_augmented_pictures_are_shifted_and_perhaps_mirrored():
    torch.manual_seed(0)
    x = torch.rand(40, 2, 16, 24)
    seen = set()
    for before, after in zip(x.numpy(), augmented(x).numpy(), strict=True):
        found = [
            (mirrored, top, left)
            for mirrored, source in enumerate((before, before[:, :, ::-1]))
            for padded in [np.pad(source, ((0, 0), (2, 2), (3, 3)), mode="reflect")]
            for top, left in itertools.product(range(5), range(7))
            if np.array_equal(padded[:, top : top + 16, left : left + 24], after)
        ]
        assert len(found) == 1
        seen.update(enumerate(found[0]))
    assert seen >= {(0, 0), (0, 1), (1, 0), (1, 4), (2, 0), (2, 6)}


@pytest.mark.parametrize(
    "settings",
    [
        {"epochs": 0}, {"batch_size": 1}, {"learning_rate": 0}, {"learning_rate": math.nan},
        {"learning_rate": math.inf}, {"learning_rate": 2e12}, {"weight_decay": -1},
        {"weight_decay": math.nan}, {"half_size_epochs": 6}, {"seed": -1}, {"seed": TEST_SEED},
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(CnnvizError, match=r"\d|nan|inf"):
        Recipe(**settings)


def test_too_few_pictures_are_refused():
    with pytest.raises(CnnvizError, match="at least 2 pictures"):
        TrainingRun(network(), pictures(1), Recipe())
    with pytest.raises(CnnvizError, match="at least one picture"):
        ShapesPictures(0)
