"""Downloads of trained weights that run beside the app: one for all who wait for it, a few at a time."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from cnnviz.nets.classifiers import download_weights, weights_file

AT_ONCE = 2


class Download:
    """Some weights on their way: waiting for their turn, coming, or there.

    Attributes:
        end: set when they are there, or cannot be had.
        waiters: number of users who wait for them.
    """

    def __init__(self, name: str, weights: str) -> None:
        self.key = name, weights
        self.end: Future[None] = Future()
        self.waiters = 0
        self._file = weights_file(name, weights)
        self._left_behind: frozenset[Path] = frozenset()

    @property
    def queued(self) -> bool:
        """Whether others come first."""
        return not (self.end.running() or self.end.done())

    @property
    def received(self) -> int:
        """Bytes that have come so far."""
        return max(map(_size, self._parts() - self._left_behind), default=0)

    def begin(self) -> None:
        """Its turn has come. What broken downloads left in the folder is not part of it."""
        self._left_behind = self._parts()
        self.end.set_running_or_notify_cancel()

    def _parts(self) -> frozenset[Path]:
        return frozenset(self._file.parent.glob(f"{self._file.name}.*.partial"))


def _size(part: Path) -> int:
    """None of it counts once torch has moved it to its place."""
    try:
        return part.stat().st_size
    except OSError:
        return 0


class Downloads:
    """What is being downloaded and what waits for that, for all users together."""

    def __init__(self) -> None:
        self._wanted: dict[tuple[str, str], Download] = {}
        self._threads = 0
        self._lock = threading.Lock()

    @contextmanager
    def wanted(self, name: str, weights: str) -> Iterator[Download]:
        """Some weights' download, asked for now if nobody did.

        One that has begun goes on without users; one in the queue that nobody waits for leaves it.
        """
        download = self._join(name, weights)
        try:
            yield download
        finally:
            with self._lock:
                download.waiters -= 1
                if download.queued and not download.waiters:
                    del self._wanted[download.key]

    def _join(self, name: str, weights: str) -> Download:
        with self._lock:
            download = self._wanted.get((name, weights)) or Download(name, weights)
            if download.key not in self._wanted and self._threads < AT_ONCE:
                threading.Thread(target=self._work, daemon=True).start()
                self._threads += 1
            self._wanted[download.key] = download
            download.waiters += 1
            return download

    def _work(self) -> None:
        """One download after another while there are any."""
        while (download := self._next()) is not None:
            failure: BaseException | None = None
            try:
                download_weights(*download.key)
            except BaseException as error:
                failure = error
            with self._lock:
                del self._wanted[download.key]
            if failure is None:
                download.end.set_result(None)
            else:
                download.end.set_exception(failure)

    def _next(self) -> Download | None:
        with self._lock:
            for download in self._wanted.values():
                if download.queued:
                    download.begin()
                    return download
            self._threads -= 1
            return None
