"""All training runs of a server: their queue, their limits, and which are kept."""

import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cnnviz.errors import CnnvizError
from cnnviz.jobs import Jobs
from cnnviz.training.live_run import Clock, LiveRun
from cnnviz.training.plan import Plan
from cnnviz.training.sources import Source, stored_bytes

_MOST_WAITING = 40
_MOST_OF_ONE = 3
_KEPT_MINUTES = 180
_BYTES = 1_000_000_000
_NICE = 10


def _be_nice() -> None:
    """Lower the priority of this thread, on the system that has priorities of threads."""
    thread = threading.get_native_id()
    if sys.platform == "linux" and os.getpriority(os.PRIO_PROCESS, thread) < _NICE:
        os.setpriority(os.PRIO_PROCESS, thread, _NICE)


@contextmanager
def _reported(run: LiveRun) -> Iterator[None]:
    """Work for a run in a thread of low priority; an error ends the run."""
    try:
        _be_nice()
        yield
    except Exception as error:  # a thread has no caller to raise it to
        run.fail(error)


class Runs:
    """All training runs of this server: one trains at a time, the others queue, first come, first served.

    Runs that ended or are paused stay to be found for three hours after they were last watched. Those
    watched least recently are evicted first, also where all runs together exceed 1 GB.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._runs: dict[str, LiveRun] = {}
        self._lock = threading.Lock()
        self._preparing: Jobs[LiveRun, None] = Jobs(self._prepare, workers=math.inf)
        self._training: Jobs[LiveRun, None] = Jobs(self._train, workers=1)

    def find(self, token: str) -> LiveRun | None:
        """A run by its token, or None if it was evicted; counts as watching it."""
        with self._lock:
            run = self._runs.get(token)
            if run is not None:
                run.watch()
                run.give_up()  # its pictures may take too long all the same
            self._make_room()
            return run

    def start(self, plan: Plan, fetch: Callable[[], Source], owner: str = "") -> LiveRun:
        """Start a new run.

        Raises:
            CnnvizError: if 40 runs go on or wait already, or three of this owner's do.
        """
        run = LiveRun(plan, fetch, self._clock, owner)
        with self._lock:
            for other in self._runs.values():
                other.give_up()
            self._check_places(owner)
            self._make_room()
            self._runs[run.token] = run
        self._preparing.submit(run, run.token)
        return run

    def resume(self, run: LiveRun) -> None:
        """Put a paused run at the end of the queue; does nothing if it is not paused, or was evicted.

        Raises:
            CnnvizError: as `start`.
        """
        with self._lock:
            if run.state != "paused" or self._runs.get(run.token) is not run:
                return
            self._check_places(run.owner)
            if run.resume():
                self._queue(run)

    def ahead(self, run: LiveRun) -> int:
        """How many runs train or wait before this one."""
        return self._training.ahead(run.turn) if run.turn is not None else 0

    def _queue(self, run: LiveRun) -> None:
        run.turn = self._training.submit(run, run.token)

    def _prepare(self, run: LiveRun, *_: object) -> None:
        with _reported(run):
            run.prepare()
            if run.running:
                self._queue(run)

    def _train(self, run: LiveRun, *_: object) -> None:
        with _reported(run):
            run.train()

    @property
    def nbytes(self) -> int:
        """Bytes of all runs and their pictures; pictures that runs share count once."""
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
