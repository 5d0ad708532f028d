"""Jobs in the background: their states, who shares them, and when one is given up."""

import threading
import time

import pytest

from cnnviz.errors import CancelledError, CnnvizError
from cnnviz.jobs import Jobs

SECONDS = 30


class Work:
    """Work that ends when it is let; it notes what it began, in order."""

    def __init__(self):
        self.begun, self.let = [], threading.Semaphore(0)
        self.running = self.most = 0
        self._lock = threading.Lock()

    def __call__(self, request, progress, cancelled):
        with self._lock:
            self.begun.append(request)
            self.running += 1
            self.most = max(self.most, self.running)
        progress(0.5)
        assert self.let.acquire(timeout=SECONDS)
        with self._lock:
            self.running -= 1
        if cancelled():
            raise CancelledError
        return request.upper()


def until(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture
def work():
    made = Work()
    yield made
    for _ in range(100):
        made.let.release()


def test_a_job_is_queued_runs_and_is_done(work):
    jobs = Jobs(work, workers=1)
    first, second = jobs.start("a", "me"), jobs.start("b", "me")
    until(lambda: first.progress == 0.5)
    assert (first.state, second.state) == ("running", "queued")
    work.let.release(2)
    second.wait(SECONDS)
    assert (first.state, first.result, second.state, second.result) == ("done", "A", "done", "B")


@pytest.mark.parametrize("workers", [1, 2])
def test_so_many_run_at_a_time_in_the_order_in_which_they_came(work, workers):
    jobs = Jobs(work, workers)
    made = [jobs.submit(name, "me") for name in "abcde"]
    until(lambda: len(work.begun) == workers)
    assert [jobs.ahead(job) for job in made] == [0, 1, 2, 3, 4]
    work.let.release(5)
    for job in made:
        job.wait(SECONDS)
    assert work.most == workers and sorted(work.begun) == list("abcde")
    assert workers > 1 or work.begun == list("abcde")
    until(lambda: all(jobs.ahead(job) == 0 for job in made))


def test_who_asks_for_the_same_shares_a_job_unless_it_is_submitted(work):
    jobs = Jobs(work, workers=1)
    shared = jobs.start("a", "me")
    assert jobs.start("a", "you") is shared is jobs.find("a")
    assert jobs.submit("a", "you") is not shared
    shared.leave("me")
    assert not shared.unwanted()
    shared.leave("you")
    assert shared.unwanted()


def test_a_queued_job_that_nobody_wants_is_cancelled_and_counts_no_more(work):
    jobs = Jobs(work, workers=1)
    jobs.start("a", "me")
    left, last = jobs.start("b", "me"), jobs.start("c", "me")
    left.leave("me")
    assert jobs.ahead(last) == 1 and jobs.find("b") is None
    work.let.release(2)
    last.wait(SECONDS)
    assert left.state == "cancelled" and work.begun == ["a", "c"]


def test_a_running_job_that_nobody_wants_is_asked_to_stop(work):
    jobs = Jobs(work, workers=1)
    job = jobs.start("a", "me")
    until(lambda: work.begun)
    job.leave("me")
    work.let.release()
    job.wait(SECONDS)
    assert job.state == "cancelled" and job.result is None and jobs.find("a") is None


def test_who_no_longer_watches_counts_as_gone(work, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("cnnviz.jobs.time.monotonic", lambda: now[0])
    job = Jobs(work, workers=1, patience=10).start("a", "me")
    now[0] = 9
    assert not job.unwanted()
    job.watch("me")
    now[0] = 19
    assert not job.unwanted()
    now[0] = 19.5
    assert job.unwanted()


@pytest.mark.parametrize(
    ("error", "problem"),
    [(CnnvizError("It is too large."), "It is too large."), (ValueError("x"), "The log")],
)
def test_a_job_that_fails_says_why_and_the_next_one_runs(error, problem):
    def work(request, _progress, _cancelled):
        if request == "bad":
            raise error
        return request

    jobs = Jobs(work, workers=1, kept=5)
    bad, good = jobs.start("bad", "me"), jobs.start("good", "me")
    good.wait(SECONDS)
    assert (bad.state, bad.error, good.result) == ("failed", error, "good")
    assert problem in bad.problem and jobs.find("bad") is None


def test_the_jobs_used_last_are_kept():
    jobs = Jobs(lambda request, *_: request, workers=1, kept=2)
    for name in "abc":
        jobs.start(name, "me").wait(SECONDS)
        assert jobs.find("a")  # used again each time
    until(lambda: jobs.find("b") is None)
    jobs.start("d", "me").wait(SECONDS)
    until(lambda: jobs.find("c") is None)
    assert (jobs.find("a").result, jobs.find("d").result) == ("a", "d")
