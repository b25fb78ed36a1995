import pytest

from eigenscape.experiments.preconditioning import EXPERIMENT
from smaller_runs import NETWORK, smaller_run


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    changes = {"size": 100, "samples": 4, "network": NETWORK}
    return smaller_run(EXPERIMENT, changes, tmp_path_factory.mktemp("steps") / "run")


def test_the_acceptance_holds_at_a_smaller_size(outcome):
    assert [c.bound.quantity for c in outcome.checks if not c.passed] == []


def test_the_network_is_compared_at_every_damping(outcome):
    found = outcome.result.network
    assert len(found) == 3 * 1 * 3
    largest = max(found, key=lambda c: c.damping)
    assert largest.measured is not None
    assert largest.same_batch is not None
    # Much damping leaves gradient descent.
    assert largest.measured.gradient_share > 0.8
