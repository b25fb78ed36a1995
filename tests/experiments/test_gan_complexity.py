import pytest

from eigenscape.experiments.experiment import (
    configure,
    execute,
    find_experiment_preset,
)
from eigenscape.experiments.gan_complexity import EXPERIMENT
from eigenscape.report.figures.gan_complexity import (
    block_spectrum_panel,
    complexity_map_panel,
    lowest_losses_panel,
    total_complexity_panel,
)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    preset = find_experiment_preset("gan-complexity", "quick")
    smaller = {
        "size": 80,
        "samples": 4,
        "instances": 6,
        "map_points": 5,
        "sweep_points": 2,
    }
    config = configure(EXPERIMENT, preset, smaller)
    place = tmp_path_factory.mktemp("gan") / "run"
    return execute(EXPERIMENT, config, place, acceptance=preset.acceptance)


def test_the_acceptance_holds_at_a_smaller_size(outcome):
    missed = [c.bound.quantity for c in outcome.checks if not c.passed]
    # Eighty rows leave wider edges.
    assert [q for q in missed if not q.startswith("spectra")] == []


def test_its_figures_have_their_series(outcome):
    found = outcome.result
    assert len(block_spectrum_panel(found.spectra[0]).series) == 2
    panel = complexity_map_panel(found.model, found.levels, found.complexity)
    shown = sum(s.x.size for s in panel.series)
    assert shown == (found.complexity >= 0).sum()
    assert lowest_losses_panel(found.noises).y_log
    assert not total_complexity_panel(found.fractions).x_log
