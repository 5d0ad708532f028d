"""Files of weights that users bring or train, kept on the server within a number of bytes."""

import atexit
import hashlib
import shutil
import tempfile
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

from cnnviz.errors import CnnvizError
from cnnviz.nets.weights import SUFFIX


class WeightsFolder:
    """A temporary folder, deleted when the server stops. A file is named by its digest.

    The least recently used files are evicted first.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._folder = Path(tempfile.mkdtemp(prefix="cnnviz-weights-"))
        self._sizes: dict[Path, int] = {}
        self._lock = threading.Lock()
        atexit.register(shutil.rmtree, self._folder, ignore_errors=True)

    def add(self, write: Callable[[Path], object], check: Callable[[Path], object] | None = None) -> Path:
        """Have a file written and checked; keep it if the check passes.

        Raises:
            CnnvizError: if it cannot be written, is larger than the limit, or what `check` raises.
        """
        new = self._folder / f"{uuid.uuid4().hex}{SUFFIX}"
        try:
            write(new)
            if check is not None:
                check(new)
            return self._kept(new)
        except OSError as error:
            raise CnnvizError(f"The weights cannot be kept on this server: {error.strerror}.") from error
        finally:
            new.unlink(missing_ok=True)

    def used(self, path: Path) -> None:
        """Mark a file as used just now."""
        with self._lock:
            if path in self._sizes:
                self._sizes[path] = self._sizes.pop(path)

    def _kept(self, new: Path) -> Path:
        with new.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        path, size = self._folder / f"{digest[:32]}{SUFFIX}", new.stat().st_size
        if size > self._limit:
            raise CnnvizError(
                f"The file has {size:,} bytes, and this server keeps up to {self._limit:,} bytes of weights."
            )
        with self._lock:
            new.replace(path)
            self._sizes.pop(path, None)
            while self._sizes and sum(self._sizes.values()) + size > self._limit:
                oldest = next(iter(self._sizes))
                oldest.unlink(missing_ok=True)
                del self._sizes[oldest]
            self._sizes[path] = size
        return path
