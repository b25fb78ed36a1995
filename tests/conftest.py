"""What every test shares: one thread a process, and deterministic Hypothesis."""

import os

import pytest
from hypothesis import HealthCheck, settings

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

settings.register_profile(
    "fixed",
    derandomize=True,
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("long", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


@pytest.fixture
def rng(request):
    """A generator seeded by the name of the test."""
    import numpy as np

    from eigenscape.core import stream_seed

    return np.random.default_rng(stream_seed(0, request.node.name))
