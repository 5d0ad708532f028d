"""Downloads of trained weights that run beside the app: one for all who wait for it."""

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from cnnviz.nets.classifiers import download_weights


@dataclass
class Downloads:
    """What is being downloaded now, for all users together."""

    _running: dict[tuple[str, str], "Future[None]"] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, name: str, weights: str) -> "Future[None]":
        """The download of some weights, begun now unless it runs already; it needs no user to wait."""
        with self._lock:
            running = self._running.get((name, weights))
            if running is None:
                running = self._running[name, weights] = Future()
                threading.Thread(target=self._download, args=(name, weights, running), daemon=True).start()
            return running

    def _download(self, name: str, weights: str, running: "Future[None]") -> None:
        try:
            download_weights(name, weights)
        except BaseException as error:
            failure: BaseException | None = error
        else:
            failure = None
        with self._lock:
            del self._running[name, weights]
        if failure is None:
            running.set_result(None)
        else:
            running.set_exception(failure)
