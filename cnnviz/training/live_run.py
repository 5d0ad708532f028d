"""One training run in the background: its states, its progress, its checkpoints."""

import copy
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from torch import nn

from cnnviz.errors import user_message
from cnnviz.jobs import Job
from cnnviz.training.checkpoints import Checkpoint, Checkpoints, weights_now
from cnnviz.training.loop import DivergedError, EpochDone, StepDone, TrainingRun, steps_in
from cnnviz.training.plan import TEST_PICTURES, Plan
from cnnviz.training.predictions import predict
from cnnviz.training.sources import Source

MINUTES = 10
PATIENCE_MINUTES = 5  # a browser lets a hidden tab ask for news once a minute
PREPARING_MINUTES = 10
_FAULT = "Something went wrong in training."

State: TypeAlias = Literal[
    "preparing", "waiting", "training", "paused", "stopped", "done", "diverged", "failed"
]
Clock: TypeAlias = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Step:
    """Loss and accuracy of one step's pictures, before its update."""

    step: int
    loss: float
    accuracy: float
    learning_rate: float


class LiveRun:
    """One training run, from fetching its pictures to its last checkpoint.

    It is "preparing" while its pictures are fetched, "waiting" for its turn, then "training". It can be
    "paused" and resumed. "stopped", "done", "diverged" and "failed" are final.

    Attributes:
        token: its identifier, a random 128-bit number in hexadecimal.
        plan: the network, the data and the hyperparameters.
        state: one of the above; `note` is a sentence with the reason, or empty.
        steps: the completed optimisation steps.
        tested: (epoch, accuracy on held-out pictures) of each tested epoch.
        checkpoints: weights and held-out predictions after each epoch.
        source: the pictures; None until they are fetched.
        owner: identifies the user who started it; empty if unknown.
        turn: its job in the queue for training; None before the first.
        spent: seconds of training so far.
    """

    def __init__(
        self, plan: Plan, fetch: Callable[[], Source], clock: Clock = time.monotonic, owner: str = ""
    ) -> None:
        self.token, self.owner = uuid.uuid4().hex, owner
        self.plan = plan
        self.state: State = "preparing"
        self.note = ""
        self.steps: list[Step] = []
        self.tested: list[tuple[int, float]] = []
        self.checkpoints = Checkpoints()
        self.source: Source | None = None
        self.turn: Job[LiveRun, None] | None = None
        self.spent = 0.0
        self._fetch, self._clock = fetch, clock
        self._wish: Literal["go", "pause", "stop"] = "go"
        self._seen = self._began = clock()
        self._lock = threading.RLock()  # held while its state changes
        self._training: TrainingRun | None = None
        self._looker: nn.Module | None = None

    @property
    def running(self) -> bool:
        """Whether it is preparing, waiting or training."""
        return self.state in ("preparing", "waiting", "training")

    @property
    def total_steps(self) -> int:
        """Steps of the whole run; 0 until its pictures are fetched."""
        if self.source is None:
            return 0
        recipe = self.plan.recipe
        return recipe.epochs * steps_in(len(self.source.train), recipe.batch_size)

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds to the last step, at the mean pace so far; None before the first step."""
        if not self.steps:
            return None
        return self.spent / len(self.steps) * (self.total_steps - len(self.steps))

    @property
    def last_seen(self) -> float:
        """Time of the last call of `watch`, in seconds of the clock."""
        return self._seen

    @property
    def nbytes(self) -> int:
        """Bytes of its checkpoints and, until it ends, of its networks and optimizer, without pictures."""
        training, looker = self._training, self._looker
        copied = sum(tensor.nbytes for tensor in looker.state_dict().values()) if looker else 0
        return self.checkpoints.nbytes + copied + (training.nbytes if training else 0)

    def watch(self) -> None:
        """Note that somebody still looks at the run; unwatched runs are paused."""
        self._seen = self._clock()

    def ask_for(self, wish: Literal["pause", "stop"]) -> None:
        """Pause or stop it: after the current step while it is training, else at once.

        A run whose pictures are being fetched pauses once it has them.
        """
        with self._lock:
            self._wish = wish
            if wish == "stop" and self.state in ("preparing", "waiting", "paused"):
                self.end("stopped")
            elif wish == "pause" and self.state == "waiting":
                self.end("paused")

    def end(self, state: State, note: str = "") -> None:
        """Leave the queue and training; a paused run keeps the network and the optimizer to go on with."""
        with self._lock:
            self.note = note
            self.state = state
            if self.turn is not None:
                self.turn.leave(self.token)
            if state != "paused":
                self._training = self._looker = None

    def fail(self, error: Exception) -> None:
        """End it with the error as a sentence, unless it has ended; its checkpoints are kept."""
        if not self.running:
            return
        self.end("diverged" if isinstance(error, DivergedError) else "failed", user_message(error, _FAULT))

    def resume(self) -> bool:
        """Put a paused run back into the state "waiting"; False if it is not paused."""
        with self._lock:
            if self.state != "paused":
                return False
            self._wish, self.note = "go", ""
            self.watch()
            self.state = "waiting"
            return True

    def halted(self) -> bool:
        """Pause or stop it if that was asked for, if it is unwatched or over time; whether it ended."""
        with self._lock:
            if self.running:
                self._halt()
            return not self.running

    def give_up(self) -> None:
        """Halt it if it does not train yet and is unwatched, or if its pictures take too long."""
        with self._lock:
            if self.state == "waiting":
                self._halt()
            if self.state != "preparing":
                return
            if self._clock() - self._seen > 60 * PATIENCE_MINUTES:
                self.end("stopped", f"Stopped, since nobody had looked for {PATIENCE_MINUTES} minutes.")
            elif self._clock() - self._began > 60 * PREPARING_MINUTES:
                self.end("failed", f"The pictures did not come within {PREPARING_MINUTES} minutes.")

    def _halt(self) -> None:
        if self._wish == "stop":
            self.end("stopped")
        elif self._wish == "pause":
            self.end("paused")
        elif self._clock() - self._seen > 60 * PATIENCE_MINUTES:
            self.end("paused", f"Paused, since nobody had looked for {PATIENCE_MINUTES} minutes.")
        elif self.spent > 60 * MINUTES:
            self.end(
                "stopped", f"Stopped after {MINUTES} minutes of training, the most that a run may take here."
            )

    def prepare(self) -> None:
        """Fetch the pictures; they are discarded if the run has ended meanwhile."""
        source = self.plan.arranged(self._fetch())
        with self._lock:
            if self.running:
                self.source, self.state = source, "waiting"

    def _build(self) -> TrainingRun:
        """Build the network, the copy that is tested, and the optimizer."""
        assert self.source is not None
        network = self.plan.network(len(self.source.train.classes))
        self._looker = copy.deepcopy(network)
        self._training = TrainingRun(network, self.source.train, self.plan.recipe)
        return self._training

    def train(self) -> None:
        """Train to the last step, or until the run is halted."""
        with self._lock:
            if self.halted():
                return
            self.state = "training"
        started = self._clock()
        training = self._training or self._build()
        if not self.checkpoints.kept:
            self._shoot(0)
        for event in training:
            if isinstance(event, StepDone):
                self.steps.append(Step(event.step, event.loss, event.accuracy, event.learning_rate))
            elif isinstance(event, EpochDone):
                self._shoot(event.epoch)
            now = self._clock()
            self.spent, started = self.spent + now - started, now
            _give_way()
            if self.halted():
                return
        self.end("done")

    def _shoot(self, epoch: int) -> None:
        """Add a checkpoint: weights in half precision, as a file has them, and their held-out predictions."""
        assert self._training is not None and self._looker is not None and self.source is not None
        weights, test = weights_now(self._training.network), self.source.test
        if not all(bool(tensor.isfinite().all()) for tensor in weights.values()):
            raise DivergedError(
                f"Training diverged in epoch {epoch}: a weight is larger than a file in half precision "
                "holds. "
                f"The weights after epoch {epoch - 1} are kept. A smaller learning rate may help."
            )
        self._looker.load_state_dict(weights)
        predictions = None
        if test is not None:
            predictions = predict(self._looker, test, min(len(test), TEST_PICTURES), _give_way)
            self.tested.append((epoch, predictions.accuracy))
        self.checkpoints.add(Checkpoint(epoch, weights, predictions))


def _give_way() -> None:
    """Yield the interpreter to the threads that answer users."""
    time.sleep(0.001)
