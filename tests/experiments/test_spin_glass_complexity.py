import pytest

from eigenscape.experiments.spin_glass_complexity import EXPERIMENT
from eigenscape.report.figures.spin_glass_complexity import (
    complexity_panel,
    counted_panel,
    descent_panel,
    layers_panel,
)
from half_runs import resumed
from smaller_runs import smaller_config, smaller_run

SMALLER = {
    "levels": 12,
    "exact_dimensions": [10, 60],
    "small_instances": 12,
    "dimensions": [12, 40],
    "instances": 3,
    "starts": 3,
}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    place = tmp_path_factory.mktemp("glass") / "run"
    return smaller_run(EXPERIMENT, SMALLER, place), place


def test_the_acceptance_holds_at_a_smaller_size(outcome):
    missed = [c.bound.quantity for c in outcome[0].checks if not c.passed]
    # Forty dimensions are too few for these.
    loose = ("spread", "mean energy", "share")
    assert [q for q in missed if not q.startswith(loose)] == []


def test_its_figures_have_their_series(outcome):
    found = outcome[0].result
    assert len(complexity_panel(found.curves).series) == 5
    assert len(layers_panel(found.curves).series) == 9
    assert len(counted_panel(found.counted[1]).series) == 5
    assert len(descent_panel(found.descended, found.curves).series) == 4


def test_a_killed_run_goes_on_to_the_same_bits(outcome, tmp_path):
    _, place = outcome
    config = smaller_config(EXPERIMENT, SMALLER)
    lost = ("dimension-12-instance-00[12]", "dimension-2")
    first, second, made = resumed(
        EXPERIMENT, config, place, tmp_path / "half", lost=lost
    )
    assert first == second
    assert made == {
        "dimension-12-instance-001",
        "dimension-12-instance-002",
        "dimension-2",
    }
