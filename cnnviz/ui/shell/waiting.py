"""Requests of one user: weights are downloaded first, then one background job runs after another."""

from collections.abc import Callable, Hashable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Generic, Literal, Protocol, TypeAlias, TypeVar
from uuid import uuid4

import streamlit as st

from cnnviz.jobs import Job
from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui import cache
from cnnviz.ui.jobs.background import BackgroundJobs
from cnnviz.ui.jobs.downloads import Download, download_text
from cnnviz.ui.widgets.feedback import plain


class NetworkRequest(Hashable, Protocol):
    """A request that names a network."""

    @property
    def spec(self) -> ModelSpec:
        """The network and its weights."""


Request = TypeVar("Request", bound=NetworkRequest)
Result = TypeVar("Result")
RequestState: TypeAlias = Literal["idle", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Progress:
    """The share of all the work that is done, and what is being done now."""

    share: float
    text: str


@dataclass(eq=False)
class PendingRequests(Generic[Request, Result]):
    """Requests that one user waits for, and how each of them ended.

    Attributes:
        requests: in their order.
        jobs: gives the jobs of this server that they become.
        label: names the work of a request.
    """

    requests: Sequence[Request]
    jobs: Callable[[], BackgroundJobs[Request, Result]]
    label: Callable[[Request], str]
    _watcher: str = field(default_factory=lambda: uuid4().hex)
    _jobs: dict[Request, Job[Request, Result]] = field(default_factory=dict)
    _download: Download | None = None
    _queue: ExitStack = field(default_factory=ExitStack)

    def find(self, request: Request) -> Job[Request, Result] | None:
        """The job of a request once it is done or has failed; a failure is this user's alone."""
        job = self._jobs.get(request)
        return job if job is not None and job.state in ("done", "failed") else None

    @property
    def ended(self) -> bool:
        """Whether nothing is left to wait for."""
        return all(map(self.find, self.requests))

    def advance(self) -> Progress | None:
        """Start the first request that has not ended, unless it runs; None if all have ended."""
        for done, request in enumerate(self.requests):
            found = self._advance(request)
            if found is not None:
                return Progress((done + found.share) / len(self.requests), found.text)
        return None

    def wait(self, seconds: float) -> None:
        """Give what runs that time to end."""
        for job in list(self._jobs.values()):
            job.wait(seconds)

    def leave(self) -> None:
        """Wait for none of it any more."""
        self._queue.close()
        for job in self._jobs.values():
            job.leave(self._watcher)

    def _advance(self, request: Request) -> Progress | None:
        job = self._jobs.get(request)
        if job is None or job.state == "cancelled":
            try:
                download = self._download_of(request.spec)
            except Exception as error:
                self._jobs[request] = Job(request)
                self._jobs[request].fail(error)
                return None
            if download is not None:
                return Progress(0, download_text(request.spec.label, download))
            job = self._jobs[request] = self.jobs().start(request, self._watcher)
        job.watch(self._watcher)
        if job.ended:
            return None
        return Progress(job.progress, f"{self.label(request)}: {100 * job.progress:.0f} %")

    def _download_of(self, spec: ModelSpec) -> Download | None:
        """The download of a network's weights while it lasts; None if they are there, or there are none."""
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
        if not self._download.ended:
            return self._download
        self._queue.close()
        if self._download.error is not None:
            raise self._download.error
        return None


@dataclass(frozen=True, slots=True)
class JobPanel(Generic[Request, Result]):
    """The requests of one lab as its user sees them.

    All that the controls ask for at a time is idle, running, done, failed or cancelled: `start` makes it
    run, from any state; it is done or failed when all jobs have ended; Cancel or `leave` ends the waiting.
    What was seen running and did not end is cancelled, which says that it should not start by itself again.

    Attributes:
        key: prefix of the lab's controls.
        jobs, label: as for `PendingRequests`.
    """

    key: str
    jobs: Callable[[], BackgroundJobs[Request, Result]]
    label: Callable[[Request], str]

    @property
    def _pending_key(self) -> str:
        return f"_{self.key}_pending"

    @property
    def _seen_key(self) -> str:
        return f"_{self.key}_seen_running"

    @property
    def _pending(self) -> PendingRequests[Request, Result] | None:
        """What this user waits for, or waited for last."""
        found: PendingRequests[Request, Result] | None = st.session_state.get(self._pending_key)
        return found

    def find(self, request: Request) -> Job[Request, Result] | None:
        """A job that anybody has started and that is done, or that failed for this user."""
        mine = self._pending.find(request) if self._pending is not None else None
        job = mine or self.jobs().find(request)
        return job if job is not None and job.ended else None

    def state(self, requests: Sequence[Request]) -> RequestState:
        """Where these requests stand for this user."""
        pending = self._pending
        if pending is not None and pending.requests == requests and not pending.ended:
            return "running"
        jobs = [self.find(request) for request in requests]
        if all(jobs):
            return "failed" if any(job is not None and job.problem for job in jobs) else "done"
        return "cancelled" if st.session_state.get(self._seen_key) == requests else "idle"

    def start(self, requests: Sequence[Request], seconds: float = 0) -> None:
        """Wait for these and for nothing else; what ends within the given seconds shows no progress."""
        self.leave()
        pending = st.session_state[self._pending_key] = PendingRequests(requests, self.jobs, self.label)
        if seconds:
            pending.advance()
            pending.wait(seconds)

    def leave(self) -> None:
        """Wait for nothing any more."""
        pending = st.session_state.pop(self._pending_key, None)
        if pending is not None:
            pending.leave()

    def leave_others(self, requests: Sequence[Request]) -> None:
        """Wait for nothing but these."""
        if self._pending is not None and self._pending.requests != requests:
            self.leave()

    def show_progress(self) -> None:
        """Show how far the running requests are, and a button that cancels them."""
        pending = self._pending
        assert pending is not None
        st.fragment(self._watch, run_every=0.5)(pending)
        st.session_state[self._seen_key] = pending.requests

    def offer_retry(self, requests: Sequence[Request], seconds: float = 0) -> None:
        """A button that starts failed requests again."""
        st.button("Try again", key=f"{self.key}_again", on_click=self.start, args=(requests, seconds))

    def _watch(self, pending: PendingRequests[Request, Result]) -> None:
        """Progress; then, or once it was cancelled, the page runs once more."""
        progress = pending.advance() if self._pending is pending else None
        if progress is None:
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.progress(progress.share, plain(progress.text))
            st.button("Cancel", key=f"{self.key}_cancel", on_click=self.leave)
