"""Long work in the background: one thread a piece of work, shared by all who ask for it."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from cnnviz.analysis.effective_field import CancelledError
from cnnviz.ui.widgets.feedback import user_message

# A page asks for news twice a second; a browser lets a hidden tab do so once a minute.
_PATIENCE_SECONDS = 90
_KEPT = 24

# What would take minutes or gigabytes is not begun.
MOST_MACS = 20e9
MOST_PARAMETERS = 150e6

Request = TypeVar("Request", bound=Hashable)
Result = TypeVar("Result")
Work: TypeAlias = Callable[[Request, Callable[[float], None], Callable[[], bool]], Result]


@dataclass(slots=True, eq=False)
class Run(Generic[Request, Result]):
    """One piece of work: under way, done (`result`), failed (`problem`, a sentence), or called off."""

    request: Request
    share: float = 0.0
    result: Result | None = None
    problem: str = ""
    cancelled: bool = False
    _watchers: dict[str, float] = field(default_factory=dict)
    _end: threading.Event = field(default_factory=threading.Event)

    @property
    def running(self) -> bool:
        """Whether its end is still to come."""
        return self.result is None and not self.problem and not self.cancelled

    def watch(self, watcher: str) -> None:
        """Somebody still wants it."""
        self._watchers[watcher] = time.monotonic()

    def leave(self, watcher: str) -> None:
        """Somebody no longer wants it; it ends when nobody does."""
        self._watchers.pop(watcher, None)

    def unwanted(self) -> bool:
        """Whether nobody has asked for news lately."""
        now = time.monotonic()
        return all(now - seen > _PATIENCE_SECONDS for seen in list(self._watchers.values()))

    def wait(self, seconds: float) -> None:
        """Until it ends, or that time is over."""
        self._end.wait(seconds)

    def carry_out(self, work: Work[Request, Result]) -> None:
        """Do it; what goes wrong is kept as a sentence."""

        def tell(share: float) -> None:
            self.share = share

        try:
            self.result = work(self.request, tell, self.unwanted)
        except Exception as error:  # a thread has nobody else to tell
            self.fail(error)
        self._end.set()

    def fail(self, error: Exception) -> None:
        """End it, with a sentence unless it was called off."""
        if isinstance(error, CancelledError):
            self.cancelled = True
        else:
            self.problem = user_message(error)


class Runs(Generic[Request, Result]):
    """The work of one kind on this server: what is under way, and the last results."""

    def __init__(self, work: Work[Request, Result]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._runs: OrderedDict[Request, Run[Request, Result]] = OrderedDict()

    def find(self, request: Request) -> Run[Request, Result] | None:
        """The run of a request, under way or done; one that failed is for those who waited for it."""
        with self._lock:
            run = self._runs.get(request)
            if run is None or run.problem or run.cancelled:
                return None
            self._runs.move_to_end(request)
            return run

    def start(self, request: Request, watcher: str) -> Run[Request, Result]:
        """Begin, unless that is under way or done."""
        with self._lock:
            run = self._runs.get(request)
            if run is None or run.problem or run.cancelled:
                run = self._runs[request] = Run(request)
                run.watch(watcher)
                threading.Thread(target=run.carry_out, args=(self._work,), daemon=True).start()
            run.watch(watcher)
            while len(self._runs) > _KEPT:
                oldest = next((key for key, kept in self._runs.items() if not kept.running), None)
                if oldest is None:
                    break
                del self._runs[oldest]
            return run
