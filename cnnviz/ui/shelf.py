"""Things kept for the next who asks, within a number of bytes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Shelf(Generic[K, V]):
    """Keeps what was made while all of it takes at most `limit` bytes; what nobody wanted longest goes first.

    Room is made before a thing is, so that the two do not stand in memory together. One that is wanted
    by several at once is made once. One larger than the limit is made and not kept.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._room: dict[K, int] = {}
        self._making: dict[K, threading.Lock] = {}
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """Bytes of all that is kept."""
        return sum(size for _, size in self._kept.values())

    def __contains__(self, key: object) -> bool:
        return key in self._kept

    def get(self, key: K, make: Callable[[], V], size: int) -> V:
        """The thing of that key, made now if it is not there; `size` is what it will take in bytes."""
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key][0]
                self._room[key] = size
                self._make_room()
            try:
                value = make()
            finally:
                with self._lock:
                    self._room.pop(key, None)
                    self._making.pop(key, None)
            if size <= self.limit:
                with self._lock:
                    self._kept[key] = value, size
                    self._make_room()
            return value

    def _make_room(self) -> None:
        while self._kept and self.used + sum(self._room.values()) > self.limit:
            self._kept.popitem(last=False)
