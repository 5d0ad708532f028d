"""A cache that is bounded in bytes and makes each value once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SizedLRUCache(Generic[K, V]):
    """Keeps at most `limit` bytes of values; least recently used entries are evicted first.

    Entries are evicted before the new value is made, so that both are never in memory together. A value
    that several threads request at once is made once; if that fails, it fails for all of them. A value
    larger than the limit is made and not kept.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._room: dict[K, int] = {}
        self._making: dict[K, Future[V]] = {}
        self._lock = threading.RLock()

    @property
    def used(self) -> int:
        """Bytes of all values kept."""
        with self._lock:
            return sum(size for _, size in self._kept.values())

    def __contains__(self, key: object) -> bool:
        with self._lock:
            return key in self._kept

    def get(self, key: K, make: Callable[[], V], size: int) -> V:
        """The value of a key, made now if it is not kept; `size` is what it will take in bytes."""
        while True:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key][0]
                making = self._making.get(key)
                if making is None:
                    making = self._making[key] = Future()
                    self._reserve(key, size)
                    break
            try:
                return making.result()
            except CancelledError:
                continue
        return self._make(key, make, making)

    def _make(self, key: K, make: Callable[[], V], making: "Future[V]") -> V:
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                self._forget(key)
            if isinstance(error, Exception):
                making.set_exception(error)
            else:  # the run was stopped, which says nothing of the value: one of the waiting threads makes it
                making.cancel()
            raise
        with self._lock:
            size = self._forget(key)
            if size is not None:
                self._kept[key] = value, size
                self._make_room()
        making.set_result(value)
        return value

    def _reserve(self, key: K, size: int) -> None:
        if size <= self.limit:
            self._room[key] = size
            self._make_room()

    def _forget(self, key: K) -> int | None:
        """Its value is no longer being made; returns the bytes that were reserved for it."""
        del self._making[key]
        return self._room.pop(key, None)

    def _make_room(self) -> None:
        while self._kept and self.used + sum(self._room.values()) > self.limit:
            self._kept.popitem(last=False)
