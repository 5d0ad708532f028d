import threading

import pytest

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
