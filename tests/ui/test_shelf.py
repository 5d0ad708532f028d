import threading

import pytest

from cnnviz.ui import shelf as shelf_module
from cnnviz.ui.shelf import Shelf


def put(shelf, key, size):
    return shelf.get(key, lambda: f"made {key}", size)


def test_what_nobody_wanted_longest_goes_first():
    shelf = Shelf(10)
    put(shelf, "a", 4)
    put(shelf, "b", 4)
    put(shelf, "a", 4)
    put(shelf, "c", 4)
    assert ("a" in shelf, "b" in shelf, "c" in shelf) == (True, False, True)
    assert shelf.used == 8


def test_room_is_made_before_a_thing_is_made():
    shelf, used = Shelf(10), []
    put(shelf, "a", 8)
    shelf.get("b", lambda: used.append(shelf.used), 8)
    assert used == [0]


def test_what_is_kept_is_not_made_again():
    shelf = Shelf(10)
    put(shelf, "a", 1)
    assert shelf.get("a", lambda: pytest.fail("made again"), 1) == "made a"


def test_a_thing_larger_than_the_shelf_is_made_and_not_kept():
    shelf = Shelf(10)
    assert put(shelf, "a", 11) == "made a"
    assert "a" not in shelf and shelf.used == 0


def test_what_fails_takes_no_room_and_may_be_tried_again():
    shelf = Shelf(10)
    with pytest.raises(ZeroDivisionError):
        shelf.get("a", lambda: 1 / 0, 9)
    put(shelf, "b", 9)
    assert "b" in shelf
    assert put(shelf, "a", 1) == "made a"


def test_one_thing_wanted_by_several_is_made_once_and_others_do_not_wait_for_it():
    shelf, made, begun, go = Shelf(10), [], threading.Event(), threading.Event()

    def slow():
        begun.set()
        assert go.wait(10)
        made.append("a")
        return "a"

    threads = [threading.Thread(target=shelf.get, args=("a", slow, 1)) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    assert put(shelf, "b", 1) == "made b"
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
        result = shelf_module.Future.result

        def noted(future, timeout=None):
            self._arrived.release()
            return result(future, timeout)

        monkeypatch.setattr(shelf_module.Future, "result", noted)

    def wait_for(self, number):
        for _ in range(number):
            assert self._arrived.acquire(timeout=10)


def test_nothing_is_left_of_the_making():
    shelf = Shelf(10)
    for key in (1, 1, 2, 2, 3, 3):
        put(shelf, key, 4)
    with pytest.raises(ZeroDivisionError):
        shelf.get("x", lambda: 1 / 0, 1)
    put(shelf, "large", 11)
    assert not shelf._making and not shelf._room


def test_what_will_not_be_kept_pushes_nothing_out():
    shelf = Shelf(10)
    put(shelf, "a", 9)
    put(shelf, "large", 11)
    assert "a" in shelf


def test_a_failure_is_told_to_all_who_wait_and_then_forgotten(monkeypatch):
    shelf, made, begun, go = Shelf(10), [], threading.Event(), threading.Event()
    waiters = Waiters(monkeypatch)

    def failing():
        made.append("a")
        begun.set()
        assert go.wait(10)
        raise ValueError("no")

    calls = [lambda: shelf.get("a", failing, 1)] * 3
    first, failed = in_threads(calls[0])
    assert begun.wait(10)
    others, told = in_threads(*calls[1:])
    waiters.wait_for(2)
    go.set()
    end(first + others)
    assert [str(error) for error in failed + told] == ["no"] * 3
    assert made == ["a"]
    assert put(shelf, "a", 1) == "made a"


def test_one_too_large_to_keep_is_shared_by_those_who_wait(monkeypatch):
    shelf, made, begun, go = Shelf(10), [], threading.Event(), threading.Event()
    waiters = Waiters(monkeypatch)

    def slow():
        made.append("a")
        begun.set()
        assert go.wait(10)
        return "a"

    first, _ = in_threads(lambda: shelf.get("a", slow, 11))
    assert begun.wait(10)
    others, told = in_threads(lambda: shelf.get("a", slow, 11))
    waiters.wait_for(1)
    go.set()
    end(first + others)
    assert (told, made) == (["a"], ["a"])


def test_where_the_maker_is_stopped_one_who_waits_makes_it(monkeypatch):
    shelf, begun, go = Shelf(10), threading.Event(), threading.Event()
    waiters = Waiters(monkeypatch)

    def stopped():
        begun.set()
        assert go.wait(10)
        raise KeyboardInterrupt

    first, ended = in_threads(lambda: shelf.get("a", stopped, 1))
    assert begun.wait(10)
    other, told = in_threads(lambda: put(shelf, "a", 1))
    waiters.wait_for(1)
    go.set()
    end(first + other)
    assert isinstance(ended[0], KeyboardInterrupt)
    assert told == ["made a"]
