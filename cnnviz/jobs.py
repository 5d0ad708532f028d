"""Jobs in the background: a bounded number at a time, each shared by all who ask for the same."""

import math
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeAlias, TypeVar

from cnnviz.errors import CancelledError, user_message

State: TypeAlias = Literal["queued", "running", "done", "failed", "cancelled"]
Request = TypeVar("Request", bound=Hashable)
Result = TypeVar("Result")
# Gets the request, a function that takes the share done, and one that says whether to stop.
Work: TypeAlias = Callable[[Request, Callable[[float], None], Callable[[], bool]], Result]


@dataclass(slots=True, eq=False)
class Job(Generic[Request, Result]):
    """One request on its way: queued, running, then done, failed or cancelled.

    Attributes:
        request: what is asked for.
        patience: seconds after which somebody who no longer calls `watch` counts as gone.
        progress: share done, 0 to 1.
        result: of the work, once it is done.
        error: what the work raised, if it failed.
        problem: the same as a sentence for the user.
    """

    request: Request
    patience: float = math.inf
    state: State = "queued"
    progress: float = 0.0
    result: Result | None = None
    error: BaseException | None = None
    problem: str = ""
    _watchers: dict[str, float] = field(default_factory=dict)
    _end: threading.Event = field(default_factory=threading.Event)

    @property
    def ended(self) -> bool:
        """Whether it is done, failed or cancelled."""
        return self.state not in ("queued", "running")

    def watch(self, watcher: str) -> None:
        """Note that somebody, by a name of their own, still wants the result."""
        self._watchers[watcher] = time.monotonic()

    def leave(self, watcher: str) -> None:
        """Note that somebody no longer wants the result; the job is cancelled when nobody does."""
        self._watchers.pop(watcher, None)

    def unwanted(self) -> bool:
        """Whether nobody wants the result any more."""
        now = time.monotonic()
        return all(now - seen > self.patience for seen in list(self._watchers.values()))

    def wait(self, seconds: float) -> None:
        """Wait for the end, at most so long."""
        self._end.wait(seconds)

    def run(self, work: Work[Request, Result]) -> None:
        """Do the work in this thread."""
        try:
            self.result = work(self.request, self._report, self.unwanted)
            self.end("done")
        except CancelledError:
            self.end("cancelled")
        except BaseException as error:  # a thread has no caller to raise it to
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """End it with an error."""
        self.error, self.problem = error, user_message(error)
        self.end("failed")

    def end(self, state: Literal["done", "failed", "cancelled"]) -> None:
        """End it in that state."""
        self.state = state
        self._end.set()

    def _report(self, progress: float) -> None:
        self.progress = progress


class Jobs(Generic[Request, Result]):
    """The jobs of one kind: first come, first served, `workers` of them at a time.

    A queued job that nobody wants any more is skipped; a running one is asked to stop. The last `kept`
    jobs stay to be found after their end: least recently used ones are evicted first. Threads are daemons,
    since those of `ThreadPoolExecutor` would keep the server from ending while a download hangs.
    """

    def __init__(
        self, work: Work[Request, Result], workers: float, kept: int = 0, patience: float = math.inf
    ) -> None:
        self._work, self._workers, self._kept, self._patience = work, workers, kept, patience
        self._lock = threading.Lock()
        self._threads = 0
        self._line: list[Job[Request, Result]] = []  # running and queued, in the order in which they came
        self._shared: dict[Request, Job[Request, Result]] = {}  # the most recently used last

    def find(self, request: Request) -> Job[Request, Result] | None:
        """The shared job of a request; none that failed, was cancelled, or left the queue."""
        with self._lock:
            return self._find(request)

    def start(self, request: Request, watcher: str) -> Job[Request, Result]:
        """The shared job of a request, started unless there is one; one more watches it."""
        with self._lock:
            job = self._find(request)
            if job is None:
                job = self._submit(request, watcher)
                self._shared.pop(request, None)
                self._shared[request] = job
            job.watch(watcher)
            return job

    def submit(self, request: Request, watcher: str) -> Job[Request, Result]:
        """A new job at the end of the queue, shared with nobody."""
        with self._lock:
            return self._submit(request, watcher)

    def ahead(self, job: Job[Request, Result]) -> int:
        """How many jobs run or are queued before this one."""
        with self._lock:
            before = self._line[: self._line.index(job)] if job in self._line else []
            return sum(not (other.ended or other.unwanted()) for other in before)

    def _find(self, request: Request) -> Job[Request, Result] | None:
        job = self._shared.get(request)
        if job is None or job.state in ("failed", "cancelled") or (job.state == "queued" and job.unwanted()):
            return None
        self._shared[request] = self._shared.pop(request)
        return job

    def _submit(self, request: Request, watcher: str) -> Job[Request, Result]:
        job: Job[Request, Result] = Job(request, self._patience)
        job.watch(watcher)
        if self._threads < self._workers:
            threading.Thread(target=self._work_off, daemon=True).start()
            self._threads += 1
        self._line.append(job)
        return job

    def _work_off(self) -> None:
        """One job after the other while there are any."""
        while (job := self._next()) is not None:
            job.run(self._work)

    def _next(self) -> Job[Request, Result] | None:
        with self._lock:
            for job in self._line:
                if job.state == "queued" and job.unwanted():
                    job.end("cancelled")
            self._line = [job for job in self._line if not job.ended]
            ended = [request for request, job in self._shared.items() if job.ended]
            for request in ended[: max(0, len(ended) - self._kept)]:
                del self._shared[request]
            queued = next((job for job in self._line if job.state == "queued"), None)
            if queued is None:
                self._threads -= 1
            else:
                queued.state = "running"
            return queued
