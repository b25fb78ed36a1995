import numpy as np
import pytest
import torch

from eigenscape.experiments.critical_points import EXPERIMENT, whitened
from eigenscape.experiments.experiment import experiment_presets
from smaller_runs import smaller_run


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    changes = {
        "width": 3,
        "starts": 6,
        "minima": 3,
        "nested": 4,
        "saddles": 3,
        "compared": 4,
        "descent_steps": 20,
        "steps": 12,
        "first_order_steps": 10,
        "autoencoder_width": 2,
        "rotations": 4,
    }
    place = tmp_path_factory.mktemp("points") / "run"
    return smaller_run(EXPERIMENT, changes, place), place


def test_the_theory_part_is_accepted_at_any_size(outcome):
    checks = {c.bound.quantity: c.passed for c in outcome[0].checks}
    assert checks["exponent of the theory, least"]
    assert checks["exponent of the theory, greatest"]
    assert checks["second moment of H₁, greatest relative error"]


def test_every_part_is_there(outcome):
    found = outcome[0].result
    assert [s.memorisation.examples for s in found.searches] == [9, 12, 18, 24, 48, 96]
    assert all(s.points.energies.size == 6 for s in found.searches)
    assert len(found.curves) == 12
    # The rescalings of units leave H₀ as it is: exact zeros, and nothing below.
    for parts in found.relu:
        assert np.abs(parts.gauss_newton[: parts.null_directions]).max() < 1e-12
    # The same starts: what polishing reaches is no larger than what it began from.
    assert (found.polished.squares <= found.first.squares * (1 + 1e-9)).all()
    assert np.array_equal(found.polished.start_energies, found.first.energies)


def test_searches_are_kept_part_by_part(outcome):
    kept = {p.name for p in (outcome[1] / "searches").iterdir()}
    kinds = ("second-order", "minimum", "silent", "few", "saddle")
    assert {f"{kind}-12" for kind in kinds} < kept


def test_both_presets_can_be_read():
    assert list(experiment_presets("critical-points")) == ["quick", "paper"]


def test_whitened_pictures(rng):
    data = torch.from_numpy(rng.standard_normal((40, 3)) @ np.diag([1.0, 5, 9]) + 2)
    found = whitened(data)
    assert found.mean(dim=0).abs().max() < 1e-14
    torch.testing.assert_close(found.T @ found / 40, torch.eye(3).double())
