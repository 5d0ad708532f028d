"""What one user waits for: weights first, then one piece of background work after another."""

from collections.abc import Callable, Hashable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar
from uuid import uuid4

import streamlit as st

from cnnviz.nets.catalog import ModelSpec
from cnnviz.nets.classifiers import weights_bytes
from cnnviz.ui import cache
from cnnviz.ui.jobs.background import Run, Runs
from cnnviz.ui.jobs.downloads import Download
from cnnviz.ui.widgets.feedback import plain


class OfNetwork(Hashable, Protocol):
    """A request that names a network."""

    @property
    def spec(self) -> ModelSpec:
        """The network and its weights."""


Request = TypeVar("Request", bound=OfNetwork)
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class News:
    """What is being done now, and the share of all the work that is done."""

    share: float
    words: str


@dataclass(eq=False)
class Waiting(Generic[Request, Result]):
    """Requests that one user has made, and how each of them ended.

    Attributes:
        requests: in their order.
        runs: gives the runs of this server that they go to.
        words: what is being done for a request, without the share.
    """

    requests: Sequence[Request]
    runs: Callable[[], Runs[Request, Result]]
    words: Callable[[Request], str]
    _watcher: str = field(default_factory=lambda: uuid4().hex)
    _runs: dict[Request, Run[Request, Result]] = field(default_factory=dict)
    _download: Download | None = None
    _queue: ExitStack = field(default_factory=ExitStack)

    def ended(self, request: Request) -> Run[Request, Result] | None:
        """The run of a request once it is done or has failed; a failure is this user's alone."""
        run = self._runs.get(request)
        return run if run and (run.result is not None or run.problem) else None

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

    def settle(self, seconds: float) -> None:
        """Give what is under way that time to end."""
        for run in list(self._runs.values()):
            run.wait(seconds)

    def leave(self) -> None:
        """Wait for none of it any more."""
        self._queue.close()
        for run in self._runs.values():
            run.leave(self._watcher)

    def _news_of(self, request: Request) -> News | None:
        run = self._runs.get(request)
        if run is None or run.cancelled:
            try:
                download = self._fetching(request.spec)
            except Exception as error:
                failed: Run[Request, Result] = Run(request)
                failed.fail(error)
                self._runs[request] = failed
                return None
            if download is not None:
                return download
            run = self._runs[request] = self.runs().start(request, self._watcher)
        run.watch(self._watcher)
        return News(run.share, f"{self.words(request)}: {100 * run.share:.0f} %") if run.running else None

    def _fetching(self, spec: ModelSpec) -> News | None:
        """The download of a network's weights; None if they are there, or there are none."""
        source = spec.source
        if source is None:
            return None
        if self._download is None:
            cache.networks.require_memory(spec)
            if source.is_there:
                return None
            self._download = self._queue.enter_context(
                cache.resources.downloads().wanted(spec.name, source.name)
            )
        if self._download.end.done():
            self._queue.close()
            self._download.end.result()
            return None
        total, have = weights_bytes(spec.name, source.name), self._download.received
        words = f"Downloading {spec.label}: {have / 1e6:,.0f} of {total / 1e6:,.0f} MB"
        if self._download.queued:
            words = f"Waiting for other downloads, then {spec.label}, {total / 1e6:,.0f} MB"
        return News(0, words)


@dataclass(frozen=True, slots=True)
class WaitingRoom(Generic[Request, Result]):
    """Where the user of one lab waits.

    Attributes:
        key: prefix of the lab's controls.
        runs, words: as for `Waiting`.
    """

    key: str
    runs: Callable[[], Runs[Request, Result]]
    words: Callable[[Request], str]

    @property
    def _place(self) -> str:
        return f"_{self.key}_waiting"

    def waiting(self) -> Waiting[Request, Result] | None:
        """What this user waits for, or waited for last."""
        found: Waiting[Request, Result] | None = st.session_state.get(self._place)
        return found

    def ended(self, request: Request) -> Run[Request, Result] | None:
        """A run that anybody has made, or how the one ended that this user waited for."""
        waiting = self.waiting()
        mine = waiting.ended(request) if waiting is not None else None
        run = mine or self.runs().find(request)
        return None if run is None or run.running else run

    def start(self, requests: Sequence[Request]) -> None:
        """Wait for these and for nothing else."""
        self.leave()
        st.session_state[self._place] = Waiting(requests, self.runs, self.words)

    def leave(self) -> None:
        """This user no longer waits for what was started before."""
        waiting = st.session_state.pop(self._place, None)
        if waiting is not None:
            waiting.leave()

    def shows_progress(self, requests: Sequence[Request]) -> bool:
        """Whether these are under way for this user; shows how far they are, and a way to stop them."""
        waiting = self.waiting()
        if waiting is None or waiting.requests != requests or waiting.over:
            return False
        st.fragment(self._watch, run_every=0.5)(waiting)
        return True

    def _watch(self, waiting: Waiting[Request, Result]) -> None:
        """Progress; then, or once it was called off, the page runs once more."""
        news = waiting.news() if self.waiting() is waiting else None
        if news is None:
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.progress(news.share, plain(news.words))
            st.button("Cancel", key=f"{self.key}_cancel", on_click=self.leave)
