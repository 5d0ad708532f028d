"""Runs in the background, one at a time: who waits, who trains, and what they have learned so far."""

import copy
import logging
import os
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias

from torch import nn

from cnnviz.errors import CnnvizError
from cnnviz.training.checkpoints import Checkpoint, Checkpoints, weights_now
from cnnviz.training.loop import DivergedError, EpochDone, StepDone, TrainingRun, steps_in
from cnnviz.training.plan import TEST_PICTURES, Plan
from cnnviz.training.predictions import predict
from cnnviz.training.sources import Source, stored_bytes

_LOG = logging.getLogger("cnnviz")
MINUTES = 10
PATIENCE_MINUTES = 5  # a browser lets a hidden tab ask for news once a minute
PREPARING_MINUTES = 10
_MOST_WAITING = 40
_MOST_OF_ONE = 3
_KEPT_MINUTES = 180
_BYTES = 1_000_000_000
_NICE = 10

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
    """One run, from its start to its last weights.

    Attributes:
        token: its name, which nobody can guess.
        plan: what is trained.
        state: where it stands; `note` says why in a sentence where that is worth saying.
        steps: those done.
        tested: epochs with their accuracy on held-out pictures.
        checkpoints: the network after each epoch.
        source: the pictures; None until they are there.
        owner: whoever started it; empty if that does not matter.
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
        self.spent = 0.0
        self._fetch, self._clock = fetch, clock
        self._wish: Literal["go", "pause", "stop"] = "go"
        self._seen = self._began = clock()
        self._moving = threading.RLock()  # held while its state changes
        self._training: TrainingRun | None = None
        self._looker: nn.Module | None = None

    @property
    def running(self) -> bool:
        """Whether it does something, or waits for its turn."""
        return self.state in ("preparing", "waiting", "training")

    @property
    def total_steps(self) -> int:
        """Steps of the whole run; 0 until its pictures are there."""
        if self.source is None:
            return 0
        recipe = self.plan.recipe
        return recipe.epochs * steps_in(len(self.source.train), recipe.batch_size)

    @property
    def seconds_left(self) -> float | None:
        """Until its last step at the pace so far; None before the first step."""
        if not self.steps:
            return None
        return self.spent / len(self.steps) * (self.total_steps - len(self.steps))

    @property
    def last_seen(self) -> float:
        """When somebody asked for news last."""
        return self._seen

    @property
    def nbytes(self) -> int:
        """Bytes of its checkpoints and, until it ends, of its networks and optimizer; no pictures."""
        training, looker = self._training, self._looker
        copied = sum(tensor.nbytes for tensor in looker.state_dict().values()) if looker else 0
        return self.checkpoints.nbytes + copied + (training.nbytes if training else 0)

    def watch(self) -> None:
        """Somebody still wants it."""
        self._seen = self._clock()

    def ask_for(self, wish: Literal["pause", "stop"]) -> None:
        """Have it pause or stop after the step in hand; with no step in hand it stops at once.

        One whose pictures are on their way pauses when they are there.
        """
        with self._moving:
            self._wish = wish
            if wish == "stop" and self.state in ("preparing", "paused"):
                self.end("stopped")

    def end(self, state: State, note: str = "") -> None:
        """Leave training; only one that is paused can go on, and keeps what it needs for that."""
        with self._moving:
            self.note = note
            self.state = state
            if state != "paused":
                self._training = self._looker = None

    def fail(self, error: Exception) -> None:
        """End it with a sentence, unless it has ended; the weights of the last whole epoch stay."""
        if not self.running:
            return
        if isinstance(error, DivergedError):
            self.end("diverged", str(error))
        elif isinstance(error, CnnvizError):
            self.end("failed", str(error))
        else:
            identifier = uuid.uuid4().hex[:8]
            _LOG.error("error %s", identifier, exc_info=error)
            self.end(
                "failed", f"Something went wrong in training. The log has the details under {identifier}."
            )

    def resume(self) -> bool:
        """Let a paused run go on; False if it is not paused any more."""
        with self._moving:
            if self.state != "paused":
                return False
            self._wish, self.note = "go", ""
            self.watch()
            self.state = "waiting"
            return True

    def halted(self) -> bool:
        """End or pause it if that is wished for, or if nobody has asked for news lately."""
        with self._moving:
            self._halt()
            return not self.running

    def give_up(self) -> None:
        """End it if its pictures do not come, or if nobody waits for them any more."""
        with self._moving:
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
        """Have the pictures; those that come after it was ended are dropped."""
        if self.source is not None:
            return
        source = self.plan.arranged(self._fetch())
        with self._moving:
            if self.running:
                self.source, self.state = source, "waiting"

    def _build(self) -> TrainingRun:
        """The network as it is before training."""
        assert self.source is not None
        network = self.plan.network(len(self.source.train.classes))
        self._looker = copy.deepcopy(network)
        self._training = TrainingRun(network, self.source.train, self.plan.recipe)
        return self._training

    def train(self) -> None:
        """Go on to the end, or until something halts it."""
        started = self._clock()
        self.state = "training"
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
        """Keep the weights as a file would have them, and what these answer."""
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
    """Let the threads go first that answer people."""
    time.sleep(0.001)


def _be_nice() -> None:
    """Let the system run this thread when others leave room, where it can do so for a thread."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


class Runs:
    """All runs of this server: one trains, the others wait in the order in which they came.

    The last ones are kept for three hours after somebody looked, as long as they fit into memory; who was
    not looked at longest goes first.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._runs: dict[str, LiveRun] = {}
        self._line: list[LiveRun] = []
        self._moved = threading.Condition()

    def find(self, token: str) -> LiveRun | None:
        """A run by its name, if it is still kept; whoever asks is taken to want it."""
        with self._moved:
            run = self._runs.get(token)
            if run is not None:
                run.watch()
                run.give_up()
            self._make_room()
            return run

    def start(self, plan: Plan, fetch: Callable[[], Source], owner: str = "") -> LiveRun:
        """A new run.

        Raises:
            CnnvizError: if too many wait already, or this owner has three that go on or wait.
        """
        run = LiveRun(plan, fetch, self._clock, owner)
        with self._moved:
            for other in self._runs.values():
                other.give_up()
            self._check_places(owner)
            self._make_room()
            self._runs[run.token] = run
        self._begin(run)
        return run

    def resume(self, run: LiveRun) -> None:
        """Let a paused run go on, once it is its turn again; one that is no longer kept stays as it is.

        Raises:
            CnnvizError: as `start`.
        """
        with self._moved:
            if run.state != "paused" or self._runs.get(run.token) is not run:
                return
            self._check_places(run.owner)
            if not run.resume():
                return
        self._begin(run)

    def ahead(self, run: LiveRun) -> int:
        """How many runs come before this one."""
        with self._moved:
            return self._line.index(run) if run in self._line else 0

    def _begin(self, run: LiveRun) -> None:
        threading.Thread(target=self._carry_out, args=(run,), daemon=True).start()

    def _carry_out(self, run: LiveRun) -> None:
        _be_nice()
        try:
            run.prepare()
            if run.running:
                with self._turn(run) as mine:
                    if mine:
                        run.train()
        except Exception as error:  # a thread has nobody else to tell
            run.fail(error)

    @contextmanager
    def _turn(self, run: LiveRun) -> Iterator[bool]:
        """Wait until it is a run's turn; False if it was halted before."""
        with self._moved:
            self._line.append(run)
            while not run.halted() and self._line[0] is not run:
                self._moved.wait(0.5)
        try:
            yield run.running
        finally:
            with self._moved:
                self._line.remove(run)
                self._moved.notify_all()

    @property
    def nbytes(self) -> int:
        """Memory of all runs and their pictures; those that runs have in common count once."""
        runs = list(self._runs.values())
        pictures = stored_bytes(run.source for run in runs if run.source is not None)
        return sum(run.nbytes for run in runs) + pictures

    def _check_places(self, owner: str) -> None:
        running = [run for run in self._runs.values() if run.running]
        if len(running) >= _MOST_WAITING:
            raise CnnvizError(f"{_MOST_WAITING} runs are waiting for their turn already: try again later.")
        if owner and sum(run.owner == owner for run in running) >= _MOST_OF_ONE:
            raise CnnvizError(
                f"{_MOST_OF_ONE} of your runs go on or wait already: stop one of them, or try again later."
            )

    def _make_room(self) -> None:
        idle = sorted((run for run in self._runs.values() if not run.running), key=lambda run: run.last_seen)
        oldest = self._clock() - 60 * _KEPT_MINUTES
        while idle and (
            idle[0].last_seen < oldest or self.nbytes > _BYTES or len(self._runs) >= 2 * _MOST_WAITING
        ):
            run = idle.pop(0)
            del self._runs[run.token]
            run.ask_for("stop")  # one that was paused cannot go on
