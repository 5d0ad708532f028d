"""Downloads: a few at a time, one for all who wait, and how far they are."""

import queue
import threading

import pytest

from cnnviz.errors import CnnvizError
from cnnviz.nets.classifiers import weights_file
from cnnviz.ui.jobs import downloads as downloads_module
from cnnviz.ui.jobs.downloads import Downloads

pytestmark = pytest.mark.usefixtures("hub")
NAMES = ("alexnet", "vgg11", "vgg13", "vgg16")


class Line:
    """A slow line: each download waits until the test lets it end."""

    def __init__(self):
        self._begun = queue.Queue()
        self._ends = {name: threading.Event() for name in NAMES}

    def download(self, name, _weights):
        self._begun.put(name)
        assert self._ends[name].wait(10)
        if name == "vgg16":
            raise CnnvizError("cut")

    def next(self):
        return self._begun.get(timeout=10)

    def quiet(self):
        return self._begun.empty()

    def end(self, *names):
        for name in names:
            self._ends[name].set()


def ended(download):
    download.wait(10)
    assert download.ended
    return download


@pytest.fixture
def line(monkeypatch):
    line = Line()
    monkeypatch.setattr(downloads_module, "download_weights", line.download)
    yield line
    line.end(*NAMES)


def test_two_run_at_once_and_the_others_wait_for_their_turn(line):
    downloads = Downloads()
    a, b, c = (downloads.wanted(name, "imagenet") for name in NAMES[:3])
    with a as first, b as second, c as third:
        assert {line.next(), line.next()} == set(NAMES[:2])
        assert [d.state for d in (first, second, third)] == ["running", "running", "queued"]
        assert line.quiet()
        line.end(NAMES[0])
        assert line.next() == NAMES[2]
        line.end(*NAMES)
        for download in (first, second, third):
            assert ended(download).state == "done"


def test_one_download_serves_all_who_want_it_and_a_failure_may_be_tried_again(line):
    downloads = Downloads()
    with downloads.wanted("vgg16", "imagenet") as one, downloads.wanted("vgg16", "imagenet") as two:
        assert one is two
        line.end("vgg16")
        assert ended(one).state == "failed" and str(one.error) == "cut"
        with downloads.wanted("vgg16", "imagenet") as again:
            assert again is not one
            assert ended(again).state == "failed" and str(again.error) == "cut"


def test_one_in_the_queue_that_nobody_waits_for_is_not_downloaded(line):
    downloads = Downloads()
    with downloads.wanted(NAMES[0], "imagenet"), downloads.wanted(NAMES[1], "imagenet"):
        assert {line.next(), line.next()} == set(NAMES[:2])
        with downloads.wanted(NAMES[2], "imagenet") as given_up:
            assert given_up.state == "queued"
        with downloads.wanted(NAMES[3], "imagenet"):
            line.end(NAMES[0])
            assert line.next() == NAMES[3]


def test_one_that_has_begun_goes_on_without_users(line):
    downloads = Downloads()
    with downloads.wanted(NAMES[0], "imagenet") as download:
        assert line.next() == NAMES[0]
    line.end(NAMES[0])
    assert ended(download).state == "done"


def test_where_no_thread_can_start_nothing_is_left_to_wait_for(line, monkeypatch):
    downloads = Downloads()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", lambda _: (_ for _ in ()).throw(RuntimeError("no thread")))
        with pytest.raises(RuntimeError, match="no thread"), downloads.wanted(NAMES[0], "imagenet"):
            pass
    with downloads.wanted(NAMES[0], "imagenet") as download:
        line.end(NAMES[0])
        assert ended(download).state == "done"


def test_what_a_broken_download_left_behind_does_not_count(line):
    file = weights_file("alexnet", "imagenet")
    old, new = (file.with_name(f"{file.name}.{tag}.partial") for tag in ("old", "new"))
    old.write_bytes(bytes(500))
    with Downloads().wanted("alexnet", "imagenet") as download:
        line.next()
        assert download.request.received == 0
        new.write_bytes(bytes(20))
        assert download.request.received == 20


def test_a_part_that_is_moved_to_its_place_meanwhile_counts_no_more(line, monkeypatch):
    file = weights_file("alexnet", "imagenet")
    with Downloads().wanted("alexnet", "imagenet") as download:
        line.next()
        part = file.with_name(f"{file.name}.new.partial")
        monkeypatch.setattr(type(file), "glob", lambda *_: iter([part]))
        assert download.request.received == 0
