import os
import urllib.error

import pytest
import torch
from hypothesis import HealthCheck, settings

settings.register_profile(
    "cnnviz",
    deadline=None,
    max_examples=100,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("cnnviz")

# The suite runs in one process per core; more threads would only get in each other's way.
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def same_random_numbers_every_time():
    torch.manual_seed(0)


@pytest.fixture
def hub(tmp_path):
    """An empty folder of downloaded weights."""
    before = torch.hub.get_dir()
    torch.hub.set_dir(tmp_path)
    (tmp_path / "checkpoints").mkdir()
    yield tmp_path / "checkpoints"
    torch.hub.set_dir(before)


@pytest.fixture
def offline(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr("torch.hub.download_url_to_file", refuse)
