"""What one user of the effective field lab waits for: weights first, then one measurement after another."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from uuid import uuid4

from cnnviz.nets.catalog import ModelSpec
from cnnviz.nets.classifiers import weights_bytes
from cnnviz.nets.trained import is_published, weights_path
from cnnviz.ui import cache
from cnnviz.ui.downloads import Download
from cnnviz.ui.effective_runs import EffectiveRequest, EffectiveRun


@dataclass(frozen=True, slots=True)
class News:
    """What is being done now, and the share of all measuring that is done."""

    share: float
    words: str


@dataclass(eq=False)
class Waiting:
    """Requests that one user has made, and how each of them ended."""

    requests: Sequence[EffectiveRequest]
    _watcher: str = field(default_factory=lambda: uuid4().hex)
    _runs: dict[EffectiveRequest, EffectiveRun] = field(default_factory=dict)
    _download: Download | None = None
    _queue: ExitStack = field(default_factory=ExitStack)

    def ended(self, request: EffectiveRequest) -> EffectiveRun | None:
        """The run of a request once it is done or has failed; a failure is this user's alone."""
        run = self._runs.get(request)
        return run if run and (run.mass is not None or run.problem) else None

    @property
    def over(self) -> bool:
        """Whether nothing is left to wait for."""
        return all(map(self.ended, self.requests))

    def news(self) -> News | None:
        """Begin the first request that has not begun; None if all have ended."""
        for done, request in enumerate(self.requests):
            found = self._news_of(request)
            if found is not None:
                return News((done + found.share) / len(self.requests), found.words)
        return None

    def leave(self) -> None:
        """Wait for none of it any more."""
        self._queue.close()
        for run in self._runs.values():
            run.leave(self._watcher)

    def _news_of(self, request: EffectiveRequest) -> News | None:
        run = self._runs.get(request)
        if run is None or run.cancelled:
            try:
                download = self._fetching(request.spec)
            except Exception as error:
                self._runs[request] = failed = EffectiveRun(request)
                failed.fail(error)
                return None
            if download is not None:
                return download
            run = self._runs[request] = cache.effective_runs().start(request, self._watcher)
        run.watch(self._watcher)
        weights = "trained" if request.spec.weights else "random"
        words = f"Measuring with {weights} weights: {100 * run.share:.0f} %"
        return News(run.share, words) if run.running else None

    def _fetching(self, spec: ModelSpec) -> News | None:
        """The download of a network's weights; None if they are there, or there are none."""
        if spec.weights is None:
            return None
        if self._download is None:
            cache.require_memory(spec)
            if not is_published(spec.name, spec.weights) or weights_path(spec.name, spec.weights).exists():
                return None
            self._download = self._queue.enter_context(cache.downloads().wanted(spec.name, spec.weights))
        if self._download.end.done():
            self._queue.close()
            self._download.end.result()
            return None
        total, have = weights_bytes(spec.name, spec.weights), self._download.received
        words = f"Downloading {spec.label}: {have / 1e6:,.0f} of {total / 1e6:,.0f} MB"
        if self._download.queued:
            words = f"Waiting for other downloads, then {spec.label}, {total / 1e6:,.0f} MB"
        return News(0, words)
