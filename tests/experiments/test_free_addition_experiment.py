from dataclasses import replace

import pytest

from eigenscape.experiments.free_addition import EXPERIMENT, measure
from smaller_runs import smaller_run


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    changes = {"size": 120, "samples": 4, "null_draws": 199}
    return smaller_run(EXPERIMENT, changes, tmp_path_factory.mktemp("free") / "run")


def test_the_acceptance_holds_at_a_smaller_size(outcome):
    assert [c.bound.quantity for c in outcome.checks if not c.passed] == []
    assert len(outcome.result.sums) == 7


def test_a_control_taken_for_free_breaks_the_acceptance(outcome):
    found = outcome.result
    mistaken = [replace(c, ergodic=not c.ergodic) for c in found.sums]
    measured = measure(replace(found, sums=tuple(mistaken)))
    for check in outcome.checks:
        quantity = check.bound.quantity
        # Four samples a sum leave no p-value below 1/35.
        if "equal limit" not in quantity and "rotated" not in quantity:
            assert not check.bound.admits(measured[quantity])
