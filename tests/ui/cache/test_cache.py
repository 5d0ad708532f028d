"""What the caches return."""

import functools
import threading
import time

import numpy as np
import pytest

from cnnviz.analysis.graph.meta_copy import MetaCopy
from cnnviz.analysis.layers.activations import forward
from cnnviz.analysis.layers.summaries import layer_summaries
from cnnviz.analysis.shifts import padding_on_the_way
from cnnviz.data.images import Picture, sample
from cnnviz.errors import CnnvizError
from cnnviz.nets.catalog import ModelSpec, meta_model
from cnnviz.ui import cache
from cnnviz.ui.jobs.passes import Passes


def test_equal_pixels_of_two_people_keep_their_names():
    pixels = np.zeros((20, 30, 3), np.uint8)
    for resize in (cache.pictures.fitted, cache.pictures.centre_square):
        assert resize(Picture(pixels, "hers"), 8).name == "hers"
        assert resize(Picture(pixels, "his"), 8).name == "his"


def test_a_story_that_cannot_be_given_is_refused_with_a_new_exception_each_time(monkeypatch):
    def refuse(*_):
        raise CnnvizError("No story.")

    monkeypatch.setattr(Passes, "stories", refuse)
    raised = []
    for _ in range(2):
        with pytest.raises(CnnvizError, match="No story") as error:
            cache.maps.stories(ModelSpec("lenet5", seed=77), "conv1", sample("cat").centre_square(32))
        raised.append(error.value)
    assert raised[0] is not raised[1]


def test_passes_at_the_same_time_do_not_report_into_each_other(monkeypatch):
    """Two passes of each kind, each begun before the other is over."""
    sides = (64, 96)
    expected = [layer_summaries(meta_model("resnet18"), (1, 3, side, side)) for side in sides]
    way = padding_on_the_way(meta_model("resnet18"), "layer1.0.conv1", (1, 3, 64, 64))
    for stored in (
        cache.networks.layers_of,
        cache.networks._recorded,
        cache.networks.padding_to,
        cache.networks.meta_model_of,
    ):
        stored.clear()
    together = threading.Barrier(3, timeout=10)

    def meeting(model, x):
        return (together.wait(), forward(model, x), together.wait())[1]

    class MeetingMetaCopy(MetaCopy):
        def __init__(self, model):
            super().__init__(model)
            self.model = functools.partial(meeting, self.model)

    monkeypatch.setattr("cnnviz.analysis.graph.record.MetaCopy", MeetingMetaCopy)
    monkeypatch.setattr("cnnviz.analysis.shifts.forward", meeting)
    found = {}
    threads = [
        threading.Thread(target=lambda: found.update({64: cache.networks.layers_of("resnet18", 64)})),
        threading.Thread(target=lambda: found.update({96: cache.networks.layers_of("resnet18", 96)})),
        threading.Thread(
            target=lambda: found.update(way=cache.networks.padding_to("resnet18", "layer1.0.conv1", 64))
        ),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [found.get(side) for side in sides] == expected
    assert found.get("way") == way


def test_who_waits_for_a_network_that_somebody_builds_holds_no_slot(monkeypatch):
    spec, begun, go = ModelSpec("lenet5", None, 41), threading.Event(), threading.Event()
    waiting, build = threading.Semaphore(0), ModelSpec.build

    def slow(spec):
        begun.set()
        assert go.wait(10)
        return build(spec)

    def noted(spec, known=cache.networks.require_memory):
        waiting.release()
        known(spec)

    monkeypatch.setattr(ModelSpec, "build", slow)
    monkeypatch.setattr(cache.networks, "require_memory", noted)
    picture = sample("cat").centre_square(32)
    wanted = [
        lambda: cache.networks.shared_model(spec),
        lambda: cache.networks.load(spec),
        lambda: cache.maps.layer_run(spec, "features.c1", picture),
        lambda: cache.maps.network_limit(spec, picture),
    ]
    threads = [threading.Thread(target=call, daemon=True) for call in wanted]
    try:
        threads[0].start()
        assert begun.wait(10)
        for thread in threads[1:]:
            thread.start()
        for _ in wanted:
            assert waiting.acquire(timeout=10)
        assert not _more_than_one_slot_taken()
    finally:
        go.set()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    assert spec in cache.networks._models()


def _more_than_one_slot_taken():
    """The builder's is one; the others have come to the store, and get a moment to take theirs."""
    time.sleep(0.2)
    return cache.resources.processor()._running > 1
