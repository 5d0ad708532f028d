"""Downloads of trained weights beside the app: one for all who wait for it, a few at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

from cnnviz.jobs import Job, Jobs
from cnnviz.nets.classifiers import download_weights, weights_bytes, weights_file

AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class DownloadRequest:
    """Which weights of which network to download."""

    name: str
    weights: str
    _left_behind: frozenset[Path] = field(compare=False, repr=False)

    @classmethod
    def of(cls, name: str, weights: str) -> "DownloadRequest":
        """A request made now: what broken downloads have left in the folder is not part of it."""
        return cls(name, weights, _parts(name, weights))

    @property
    def received(self) -> int:
        """Bytes that have come so far."""
        return max(map(_size, _parts(self.name, self.weights) - self._left_behind), default=0)

    @property
    def total(self) -> int:
        """Bytes of the whole file."""
        return weights_bytes(self.name, self.weights)

    @property
    def share(self) -> float:
        """What has come of it, 0 to 1."""
        return min(self.received / self.total, 1.0)


Download: TypeAlias = Job[DownloadRequest, None]


def _parts(name: str, weights: str) -> frozenset[Path]:
    file = weights_file(name, weights)
    return frozenset(file.parent.glob(f"{file.name}.*.partial"))


def _size(part: Path) -> int:
    """None of it counts once torch has moved it to its place."""
    try:
        return part.stat().st_size
    except OSError:
        return 0


class Downloads:
    """The downloads of all users of this server."""

    def __init__(self) -> None:
        self._jobs: Jobs[DownloadRequest, None] = Jobs(
            lambda request, _progress, _unwanted: download_weights(request.name, request.weights), AT_ONCE
        )

    @contextmanager
    def wanted(self, name: str, weights: str) -> Iterator[Download]:
        """The download of some weights, started unless there is one.

        One that has begun goes on without users; one in the queue that nobody waits for leaves it.
        """
        watcher = uuid4().hex
        download = self._jobs.start(DownloadRequest.of(name, weights), watcher)
        try:
            yield download
        finally:
            download.leave(watcher)


def download_text(label: str, download: Download) -> str:
    """How far a download is, for a network of that name."""
    request = download.request
    if download.state == "queued":
        return f"Waiting for other downloads, then {label}, {request.total / 1e6:,.0f} MB"
    return f"Downloading {label}: {request.received / 1e6:,.0f} of {request.total / 1e6:,.0f} MB"
