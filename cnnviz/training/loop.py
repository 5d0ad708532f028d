"""The training loop in plain PyTorch, as an iterator of events."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnnviz.device import CPU
from cnnviz.errors import CnnvizError
from cnnviz.seeding import seeded
from cnnviz.training.augmentation import augmented
from cnnviz.training.pictures import Pictures
from cnnviz.training.recipe import Recipe

_TOO_LARGE = 1e6  # chance level for 1,000 classes is ln 1000 ≈ 6.9
_TEST_BATCH = 100
_AT_ONCE = 20  # with more pictures the maps no longer fit the CPU's caches
_TESTED_EACH_EPOCH = 1_000
_DAMAGED = "The unfinished run's file lacks something that is needed to go on. Delete it to start anew."


class DivergedError(CnnvizError):
    """The loss exceeds 10⁶, or loss or weights are not finite; the last good epoch's weights are restored."""


@dataclass(frozen=True, slots=True)
class StepDone:
    """One step: loss (mean cross-entropy) and accuracy of its batch, before the update.

    `step` counts from 1 to `steps` over the whole run; `epoch` from 1.
    """

    epoch: int
    step: int
    steps: int
    loss: float
    accuracy: float
    learning_rate: float


@dataclass(frozen=True, slots=True)
class PicturesTested:
    """Progress of a test: `done` of `count` held-out pictures, of which `correct` are right."""

    epoch: int
    done: int
    count: int
    correct: int


@dataclass(frozen=True, slots=True)
class EpochDone:
    """One epoch: means over its steps, accuracy on held-out pictures, and the weights after it.

    `weights` are copies on the CPU. `test_accuracy` is on the first 1,000 held-out pictures; None if
    there are none.
    """

    epoch: int
    epochs: int
    loss: float
    accuracy: float
    test_accuracy: float | None
    weights: Mapping[str, Tensor]


Event = StepDone | PicturesTested | EpochDone


class TrainingRun:
    """A training run: AdamW, one-cycle learning rate, cross-entropy.

    Iterating trains and yields events; it can be interrupted between events and continued. On the CPU
    all randomness depends only on the recipe's seed and the step, so a run that was stopped and
    restored ends with the same weights as an uninterrupted one.

    Attributes:
        network: trained in place.
        recipe: the settings.
        device: of the network.
        step, epochs_done: completed so far.
    """

    def __init__(
        self,
        network: nn.Module,
        pictures: Pictures,
        recipe: Recipe,
        test: Pictures | None = None,
        device: torch.device = CPU,
    ) -> None:
        if len(pictures) < 2:
            raise CnnvizError(f"Training needs at least 2 pictures; {pictures.name} has {len(pictures)}.")
        self.network = network.to(device)
        self.recipe = recipe
        self.step = self.epochs_done = 0
        self.device = device
        self._pictures, self._test = pictures, test
        self._optimizer = torch.optim.AdamW(
            network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self._sums = np.zeros(3)  # of this epoch: losses, correct predictions, pictures
        self._good = snapshot(network)
        self._events = self._train()

    @property
    def steps_per_epoch(self) -> int:
        """Steps per epoch; a last batch of a single picture is dropped."""
        return steps_in(len(self._pictures), self.recipe.batch_size)

    @property
    def nbytes(self) -> int:
        """Bytes of weights, gradients, optimizer state, and the last good weights."""
        mine = list(self.network.parameters())
        tensors = [*mine, *self.network.buffers(), *self._good.values()]
        gradients = [parameter.grad for parameter in mine]  # read once: another thread may clear them
        tensors += [gradient for gradient in gradients if gradient is not None]
        tensors += [t for values in list(self._optimizer.state.values()) for t in list(values.values())]
        return sum(tensor.nbytes for tensor in tensors)

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.steps_per_epoch * self.recipe.epochs

    def __iter__(self) -> Iterator[Event]:
        """The run itself."""
        return self

    def __next__(self) -> Event:
        """Continue to the next event.

        Raises:
            DivergedError: if the loss or a weight is no longer finite.
        """
        return next(self._events)

    def _train(self) -> Iterator[Event]:
        while self.epochs_done < self.recipe.epochs:
            if self.step < (self.epochs_done + 1) * self.steps_per_epoch:
                yield self._one_step()
            else:
                yield from self._end_of_epoch()

    def state_dict(self) -> dict[str, Tensor]:
        """Everything needed to resume: weights, optimizer state, position."""
        tensors = {f"network.{name}": tensor for name, tensor in snapshot(self.network).items()}
        for index, values in self._optimizer.state_dict()["state"].items():
            tensors |= {
                f"optimizer.{index}.{name}": value.to(CPU, copy=True) for name, value in values.items()
            }
        return tensors | {"sums": torch.from_numpy(self._sums.copy()), "step": torch.tensor(self.step)}

    def load_state_dict(self, saved: Mapping[str, Tensor]) -> None:
        """Resume from the `state_dict` of a run with the same settings.

        Raises:
            CnnvizError: if it is of another network or incomplete; nothing is changed then.
        """
        weights = {n.removeprefix("network."): t for n, t in saved.items() if n.startswith("network.")}
        if _shapes(weights) != _shapes(self.network.state_dict()):
            raise CnnvizError("The unfinished run trained another network, so it cannot be taken up.")
        state = self._averages(saved)
        place = {name: saved[name] for name in ("sums", "step") if name in saved}
        known = len(weights) + sum(map(len, state.values())) + len(place)
        if _shapes(place) != {"sums": (3,), "step": ()} or known != len(saved):
            raise CnnvizError(_DAMAGED)
        self.network.load_state_dict(weights)
        self._optimizer.load_state_dict(self._optimizer.state_dict() | {"state": state})
        self._sums, self.step = saved["sums"].numpy().copy(), int(saved["step"])
        full, rest = divmod(self.step, self.steps_per_epoch)
        self.epochs_done = full - (rest == 0 and self._sums[2] > 0)  # stopped before the epoch's event
        self._good = snapshot(self.network)
        self._events = self._train()

    def _averages(self, saved: Mapping[str, Tensor]) -> dict[int, dict[str, Tensor]]:
        """The optimizer's part of it; for each parameter complete or absent."""
        state = {}
        for index, parameter in enumerate(self.network.parameters()):
            like = {"step": torch.tensor(0), "exp_avg": parameter, "exp_avg_sq": parameter}
            names = {value: f"optimizer.{index}.{value}" for value in like}
            found = {value: saved[name] for value, name in names.items() if name in saved}
            if found and _shapes(found) != _shapes(like):
                raise CnnvizError(_DAMAGED)
            if found:
                state[index] = found
        return state

    def _one_step(self) -> StepDone:
        epoch, position = divmod(self.step, self.steps_per_epoch)
        rate = self.recipe.rate_at(self.step, self.steps)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self.network.train()
        x, labels = self._batch(epoch, position)
        with seeded(self.recipe.seed << 32 | self.step):
            scores = self.network(self._changed(x, epoch))
        loss = F.cross_entropy(scores, labels)
        value = loss.item()
        if not math.isfinite(value) or value > _TOO_LARGE:
            raise self._diverged(f"the loss is {value:,.4g}")
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self.step += 1
        correct = int((scores.argmax(1) == labels).sum())
        self._sums += (value * len(labels), correct, len(labels))
        return StepDone(epoch + 1, self.step, self.steps, value, correct / len(labels), rate)

    def _batch(self, epoch: int, position: int) -> tuple[Tensor, Tensor]:
        size = self.recipe.batch_size
        pictures, labels = self._pictures.batch(self._order(epoch)[position * size : (position + 1) * size])
        return as_input(pictures, self.device), labels.to(self.device)

    def _changed(self, x: Tensor, epoch: int) -> Tensor:
        if self.recipe.augment:
            x = augmented(x)
        return F.avg_pool2d(x, 2) if epoch < self.recipe.half_size_epochs else x

    def _order(self, epoch: int) -> Sequence[int]:
        """Indices of an epoch's pictures: the next ones of endless data, else a permutation of all."""
        count = len(self._pictures)
        if self._pictures.endless:
            return range(epoch * count, (epoch + 1) * count)
        order: list[int] = np.random.default_rng((self.recipe.seed, epoch)).permutation(count).tolist()
        return order

    def _end_of_epoch(self) -> Iterator[Event]:
        if not all(bool(t.isfinite().all()) for t in self.network.state_dict().values()):
            raise self._diverged("a weight is no longer a finite number")
        accuracy = None
        for tested in self._tests():
            accuracy = tested.correct / tested.done
            yield tested
        self._good = snapshot(self.network)
        loss, correct, count = self._sums
        self._sums = np.zeros(3)
        self.epochs_done += 1
        yield EpochDone(
            self.epochs_done, self.recipe.epochs, loss / count, correct / count, accuracy, self._good
        )

    def _tests(self) -> Iterator[PicturesTested]:
        if self._test is not None:
            count = min(len(self._test), _TESTED_EACH_EPOCH)
            for done, correct in count_correct(self.network, self._test, self.device, count):
                yield PicturesTested(self.epochs_done + 1, done, count, correct)

    def _diverged(self, what: str) -> DivergedError:
        self.network.load_state_dict(dict(self._good))
        kept = f"after epoch {self.epochs_done}" if self.epochs_done else "before the first step"
        return DivergedError(
            f"Training diverged at step {self.step + 1}: {what}. The weights {kept} are kept. "
            f"A learning rate far below {self.recipe.learning_rate:,.10g} may help."
        )


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def steps_in(pictures: int, batch_size: int) -> int:
    """Steps per epoch; a last batch of a single picture is dropped."""
    full, rest = divmod(pictures, batch_size)
    return full + (rest > 1)


def as_input(pictures: Tensor, device: torch.device = CPU) -> Tensor:
    """uint8 pictures as network input: float32 in [0, 1], as `Picture.tensor`."""
    return pictures.to(device).float().div_(255)


def snapshot(network: nn.Module) -> dict[str, Tensor]:
    """The state dict, copied to the CPU."""
    return {name: tensor.detach().to(CPU, copy=True) for name, tensor in network.state_dict().items()}


def count_correct(
    network: nn.Module, pictures: Pictures, device: torch.device, count: int
) -> Iterator[tuple[int, int]]:
    """Test a network in eval mode, batch by batch: yields (pictures done, correct so far)."""
    network.eval()
    correct = 0
    for start in range(0, count, _TEST_BATCH):
        indices = range(start, min(start + _TEST_BATCH, count))
        batch, labels = pictures.batch(indices)
        with torch.inference_mode():
            parts = torch.split(batch, _AT_ONCE if device.type == "cpu" else _TEST_BATCH)
            scores = torch.cat([network(as_input(part, device)) for part in parts])
        correct += int((scores.argmax(1).cpu() == labels).sum())
        yield indices.stop, correct
