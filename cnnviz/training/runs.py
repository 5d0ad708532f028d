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
from cnnviz.training.answers import ask
from cnnviz.training.loop import DivergedError, EpochDone, StepDone, TrainingRun
from cnnviz.training.plan import TEST_PICTURES, Plan
from cnnviz.training.shots import Shot, Shots, weights_now
from cnnviz.training.sources import Source

_LOG = logging.getLogger("cnnviz")
MINUTES = 10
PATIENCE_MINUTES = 5  # a browser lets a hidden tab ask for news once a minute
_MOST_WAITING = 40
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
        shots: the network after each epoch.
        source: the pictures; None until they are there.
    """

    def __init__(self, plan: Plan, fetch: Callable[[], Source], clock: Clock = time.monotonic) -> None:
        self.token = uuid.uuid4().hex
        self.plan = plan
        self.state: State = "preparing"
        self.note = ""
        self.steps: list[Step] = []
        self.tested: list[tuple[int, float]] = []
        self.shots = Shots()
        self.source: Source | None = None
        self.spent = 0.0
        self._fetch, self._clock = fetch, clock
        self._wish: Literal["go", "pause", "stop"] = "go"
        self._seen = clock()
        self._training: TrainingRun | None = None
        self._looker: nn.Module | None = None

    @property
    def running(self) -> bool:
        """Whether it does something, or waits for its turn."""
        return self.state in ("preparing", "waiting", "training")

    @property
    def total_steps(self) -> int:
        """Steps of the whole run; 0 until its pictures are there."""
        return self._total if self.source else 0

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
        """Memory that it takes: pictures, shots, and while it can go on the network and its optimizer."""
        one = self.shots.kept[0].nbytes if self.shots.kept else 0
        return self.shots.nbytes + (
            12 * one if self._training else 0
        )  # half precision, and six copies in full

    def watch(self) -> None:
        """Somebody still wants it."""
        self._seen = self._clock()

    def ask_for(self, wish: Literal["pause", "stop"]) -> None:
        """Have it pause or stop after the step in hand; one that is paused stops at once."""
        self._wish = wish
        if wish == "stop" and self.state == "paused":
            self.end("stopped")

    def end(self, state: State, note: str = "") -> None:
        """Leave training; only one that is paused can go on, and keeps what it needs for that."""
        self.note = note
        self.state = state
        if state != "paused":
            self._training = self._looker = None

    def fail(self, error: Exception) -> None:
        """End it with a sentence; the weights of the last whole epoch stay."""
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

    def resume(self) -> None:
        """Let a paused run go on."""
        self._wish, self.note = "go", ""
        self.watch()
        self.state = "waiting"

    def halted(self) -> bool:
        """End or pause it if that is wished for, or if nobody has asked for news lately."""
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
        return not self.running

    def prepare(self) -> None:
        """Have the pictures, and the network as it is before training."""
        if self.source is not None:
            return
        source = self.plan.arranged(self._fetch())
        network = self.plan.network(len(source.train.classes))
        self._training = TrainingRun(network, source.train, self.plan.recipe)
        self._total = self._training.steps
        self._looker = copy.deepcopy(network)
        self.source = source

    def train(self) -> None:
        """Go on to the end, or until something halts it."""
        training = self._training
        assert training is not None
        started = self._clock()
        if not self.shots.kept:
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
        answers = None
        if test is not None:
            answers = ask(self._looker, test, min(len(test), TEST_PICTURES), _give_way)
            self.tested.append((epoch, answers.accuracy))
        self.shots.add(Shot(epoch, weights, answers))


def _give_way() -> None:
    """Let the threads go first that answer people."""
    time.sleep(0.001)


def _be_nice() -> None:
    """Let the system run this thread when others leave room, where it can do so for a thread."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


class Runs:
    """All runs of this server: one trains, the others wait in the order in which they came.

    The last ones are kept as long as they fit into memory; who was not looked at longest goes first.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._runs: dict[str, LiveRun] = {}
        self._line: list[LiveRun] = []
        self._moved = threading.Condition()

    def find(self, token: str) -> LiveRun | None:
        """A run by its name, if it is still kept; whoever asks is taken to want it."""
        run = self._runs.get(token)
        if run is not None:
            run.watch()
        return run

    def start(self, plan: Plan, fetch: Callable[[], Source]) -> LiveRun:
        """A new run.

        Raises:
            CnnvizError: if too many wait already.
        """
        run = LiveRun(plan, fetch, self._clock)
        with self._moved:
            if sum(other.running for other in self._runs.values()) >= _MOST_WAITING:
                raise CnnvizError(
                    f"{_MOST_WAITING} runs are waiting for their turn already: try again later."
                )
            self._make_room()
            self._runs[run.token] = run
        self._begin(run)
        return run

    def resume(self, run: LiveRun) -> None:
        """Let a paused run go on, once it is its turn again."""
        with self._moved:
            if run.state != "paused":
                return
            run.resume()
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
            with self._turn(run) as mine:
                if mine:
                    run.state = "training"
                    run.train()
        except Exception as error:  # a thread has nobody else to tell
            run.fail(error)

    @contextmanager
    def _turn(self, run: LiveRun) -> Iterator[bool]:
        """Wait until it is a run's turn; False if it was halted before."""
        with self._moved:
            run.state = "waiting"
            self._line.append(run)
            while not run.halted() and self._line[0] is not run:
                self._moved.wait(0.5)
        try:
            yield run.running
        finally:
            with self._moved:
                self._line.remove(run)
                self._moved.notify_all()

    def _make_room(self) -> None:
        idle = sorted((run for run in self._runs.values() if not run.running), key=lambda run: run.last_seen)
        while idle and (
            sum(run.nbytes for run in self._runs.values()) > _BYTES or len(self._runs) >= 2 * _MOST_WAITING
        ):
            del self._runs[idle.pop(0).token]
