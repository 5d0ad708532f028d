"""Effective fields measured in the background: one thread a measurement, shared by all who ask for it."""

import logging
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from cnnviz.analysis.effective_field import CancelledError
from cnnviz.arrays import Array
from cnnviz.errors import CnnvizError
from cnnviz.nets.catalog import ModelSpec

_LOG = logging.getLogger("cnnviz")
# A page asks for news twice a second; a browser lets a hidden tab do so once a minute.
_PATIENCE_SECONDS = 90
_KEPT = 24


@dataclass(frozen=True, slots=True)
class EffectiveRequest:
    """What to measure: a unit in the middle of a layer, for square inputs."""

    spec: ModelSpec
    layer: str
    side: int
    samples: int


Measure: TypeAlias = Callable[[EffectiveRequest, Callable[[float], None], Callable[[], bool]], Array]


@dataclass(slots=True, eq=False)
class EffectiveRun:
    """One measurement: under way, done (`mass`), failed (`problem`, a sentence), or called off."""

    request: EffectiveRequest
    share: float = 0.0
    mass: Array | None = None
    problem: str = ""
    cancelled: bool = False
    _watchers: dict[str, float] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        """Whether its end is still to come."""
        return self.mass is None and not self.problem and not self.cancelled

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

    def carry_out(self, measure: Measure) -> None:
        """Measure; what goes wrong is kept as a sentence."""

        def tell(share: float) -> None:
            self.share = share

        try:
            self.mass = measure(self.request, tell, self.unwanted)
        except Exception as error:  # a thread has nobody else to tell
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """End it, with a sentence unless it was called off."""
        if isinstance(error, CancelledError):
            self.cancelled = True
        elif isinstance(error, CnnvizError):
            self.problem = str(error)
        else:
            identifier = uuid.uuid4().hex[:8]
            _LOG.error("error %s", identifier, exc_info=error)
            self.problem = f"Something went wrong here. The log has the details under {identifier}."


class EffectiveRuns:
    """The measurements of this server: those under way, and the last ones that succeeded."""

    def __init__(self, measure: Measure) -> None:
        self._measure = measure
        self._lock = threading.Lock()
        self._runs: OrderedDict[EffectiveRequest, EffectiveRun] = OrderedDict()

    def find(self, request: EffectiveRequest) -> EffectiveRun | None:
        """The measurement of a request, under way or done; one that failed is for those who waited for it."""
        with self._lock:
            run = self._runs.get(request)
            if run is None or run.problem or run.cancelled:
                return None
            self._runs.move_to_end(request)
            return run

    def start(self, request: EffectiveRequest, watcher: str) -> EffectiveRun:
        """Measure, unless that is under way or done."""
        with self._lock:
            run = self._runs.get(request)
            if run is None or run.problem or run.cancelled:
                run = self._runs[request] = EffectiveRun(request)
                run.watch(watcher)
                threading.Thread(target=run.carry_out, args=(self._measure,), daemon=True).start()
            run.watch(watcher)
            while len(self._runs) > _KEPT:
                oldest = next((key for key, kept in self._runs.items() if not kept.running), None)
                if oldest is None:
                    break
                del self._runs[oldest]
            return run
