import numpy as np
import pytest

from eigenscape.experiments.gan_complexity import EXPERIMENT
from eigenscape.report.figures.gan_complexity import (
    block_densities_panel,
    block_spectrum_panel,
    complexity_map_panel,
    index_bands_panel,
    lowest_losses_panel,
    total_complexity_panel,
)
from half_runs import resumed
from smaller_runs import smaller_config, smaller_run

SMALLER = {
    "size": 80,
    "samples": 4,
    "instances": 6,
    "map_points": 5,
    "band_points": 3,
    "directions": 0,
    "sweep_points": 2,
}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    place = tmp_path_factory.mktemp("gan") / "run"
    return smaller_run(EXPERIMENT, SMALLER, place), place


def test_the_acceptance_holds_at_a_smaller_size(outcome):
    missed = [c.bound.quantity for c in outcome[0].checks if not c.passed]
    # Eighty rows leave wider edges.
    assert [q for q in missed if not q.startswith("spectra")] == []


def test_its_figures_have_their_series(outcome):
    found = outcome[0].result
    assert len(block_spectrum_panel(found.spectra[0]).series) == 2
    alike = tuple(s for s in found.spectra if s.shift == 1.5)
    keys = [line.key for line in block_densities_panel(alike).series]
    assert keys == ["κ = 0.1", "κ = 0.5", "κ = 0.9"]
    panel = complexity_map_panel(found.model, found.levels, found.complexity)
    (heat,) = panel.series
    shown = np.isfinite(heat.values)
    assert (shown == (found.complexity.T >= 0)).all()
    assert (heat.values[shown] == found.complexity.T[shown]).all()
    assert found.bands.model.noise == 1e-3
    assert len(index_bands_panel(found.bands).series) == 2
    assert lowest_losses_panel(found.noises).y_log
    assert not total_complexity_panel(found.fractions).x_log


def test_a_killed_run_goes_on_to_the_same_bits(outcome, tmp_path):
    _, place = outcome
    config = smaller_config(EXPERIMENT, SMALLER)
    lost = ("shift-1.5-share-0.1", "noise-1.0")
    first, second, made = resumed(
        EXPERIMENT, config, place, tmp_path / "half", lost=lost
    )
    assert first == second
    assert made == set(lost)
