import os

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
