import threading

import pytest

from cnnviz.ui.jobs import lru_cache as lru_cache_module
from cnnviz.ui.jobs.lru_cache import SizedLRUCache


def put(store, key, size):
    return store.get(key, lambda: f"made {key}", size)


def test_what_nobody_wanted_longest_goes_first():
    store = SizedLRUCache(10)
    put(store, "a", 4)
    put(store, "b", 4)
    put(store, "a", 4)
    put(store, "c", 4)
    assert ("a" in store, "b" in store, "c" in store) == (True, False, True)
    assert store.used == 8


def test_room_is_made_before_a_thing_is_made():
    store, used = SizedLRUCache(10), []
    put(store, "a", 8)
    store.get("b", lambda: used.append(store.used), 8)
    assert used == [0]


def test_what_is_kept_is_not_made_again():
    store = SizedLRUCache(10)
    put(store, "a", 1)
    assert store.get("a", lambda: pytest.fail("made again"), 1) == "made a"


def test_a_thing_larger_than_the_shelf_is_made_and_not_kept():
    store = SizedLRUCache(10)
    assert put(store, "a", 11) == "made a"
    assert "a" not in store and store.used == 0


def test_what_fails_takes_no_room_and_may_be_tried_again():
    store = SizedLRUCache(10)
    with pytest.raises(ZeroDivisionError):
        store.get("a", lambda: 1 / 0, 9)
    put(store, "b", 9)
    assert "b" in store
    assert put(store, "a", 1) == "made a"


def test_one_thing_wanted_by_several_is_made_once_and_others_do_not_wait_for_it():
    store, made, begun, go = SizedLRUCache(10), [], threading.Event(), threading.Event()

    def slow():
        begun.set()
        assert go.wait(10)
        made.append("a")
        return "a"

    threads = [threading.Thread(target=store.get, args=("a", slow, 1)) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    assert put(store, "b", 1) == "made b"
    go.set()
    for thread in threads:
        thread.join(10)
    assert made == ["a"]


def in_threads(*calls):
    """Each call in a thread of its own; what came of it is in `results` once the thread has ended."""
    results = [None] * len(calls)

    def work(index, call):
        try:
            results[index] = call()
        except BaseException as error:
            results[index] = error

    threads = [threading.Thread(target=work, args=pair, daemon=True) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    return threads, results


def end(threads):
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)


class Waiters:
    """Counts those who wait for a thing that somebody else makes."""

    def __init__(self, monkeypatch):
        self._arrived = threading.Semaphore(0)
        result = lru_cache_module.Future.result

        def noted(future, timeout=None):
            self._arrived.release()
            return result(future, timeout)

        monkeypatch.setattr(lru_cache_module.Future, "result", noted)

    def wait_for(self, number):
        for _ in range(number):
            assert self._arrived.acquire(timeout=10)


def test_nothing_is_left_of_the_making():
    store = SizedLRUCache(10)
    for key in (1, 1, 2, 2, 3, 3):
        put(store, key, 4)
    with pytest.raises(ZeroDivisionError):
        store.get("x", lambda: 1 / 0, 1)
    put(store, "large", 11)
    assert not store._making and not store._room


def test_what_will_not_be_kept_pushes_nothing_out():
    store = SizedLRUCache(10)
    put(store, "a", 9)
    put(store, "large", 11)
    assert "a" in store


def test_a_failure_reaches_all_who_wait_and_then_forgotten(monkeypatch):
    store, made, begun, go = SizedLRUCache(10), [], threading.Event(), threading.Event()
    waiters = Waiters(monkeypatch)

    def failing():
        made.append("a")
        begun.set()
        assert go.wait(10)
        raise ValueError("no")

    calls = [lambda: store.get("a", failing, 1)] * 3
    first, failed = in_threads(calls[0])
    assert begun.wait(10)
    others, results = in_threads(*calls[1:])
    waiters.wait_for(2)
    go.set()
    end(first + others)
    assert [str(error) for error in failed + results] == ["no"] * 3
    assert made == ["a"]
    assert put(store, "a", 1) == "made a"


def test_one_too_large_to_keep_is_shared_by_those_who_wait(monkeypatch):
    store, made, begun, go = SizedLRUCache(10), [], threading.Event(), threading.Event()
    waiters = Waiters(monkeypatch)

    def slow():
        made.append("a")
        begun.set()
        assert go.wait(10)
        return "a"

    first, _ = in_threads(lambda: store.get("a", slow, 11))
    assert begun.wait(10)
    others, results = in_threads(lambda: store.get("a", slow, 11))
    waiters.wait_for(1)
    go.set()
    end(first + others)
    assert (results, made) == (["a"], ["a"])


def test_where_the_maker_is_stopped_one_who_waits_makes_it(monkeypatch):
    store, begun, go = SizedLRUCache(10), threading.Event(), threading.Event()
    waiters = Waiters(monkeypatch)

    def stopped():
        begun.set()
        assert go.wait(10)
        raise KeyboardInterrupt

    first, ended = in_threads(lambda: store.get("a", stopped, 1))
    assert begun.wait(10)
    other, results = in_threads(lambda: put(store, "a", 1))
    waiters.wait_for(1)
    go.set()
    end(first + other)
    assert isinstance(ended[0], KeyboardInterrupt)
    assert results == ["made a"]
