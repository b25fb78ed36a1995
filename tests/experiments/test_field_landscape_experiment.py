import numpy as np
import pytest

from eigenscape.experiments.field_landscape import (
    EXPERIMENT,
    FieldLandscapeConfig,
    models,
)
from smaller_runs import smaller_run


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    changes = {
        "size": 60,
        "samples": 20,
        "degenerate_size": 60,
        "degenerate_samples": 20,
        "losses": 60,
    }
    return smaller_run(EXPERIMENT, changes, tmp_path_factory.mktemp("field") / "run")


def test_the_acceptance_holds_at_a_smaller_size(outcome):
    missed = [c.bound.quantity for c in outcome.checks if not c.passed]
    # 1,200 ratios of sixty rows leave histograms to chance, and edges wide
    loose = ("published", "largest eigenvalue")
    assert [q for q in missed if not q.startswith(loose)] == []


def test_zero_rows_and_outliers_are_those_of_the_settings(outcome):
    found = [s for s in outcome.result.spectra if s.model.zero_rows]
    assert len(found) == 6
    for spectra in found:
        assert spectra.eigenvalues.shape == (20, 92)
        size = np.abs(spectra.eigenvalues).max(1, keepdims=True)
        assert ((np.abs(spectra.eigenvalues) < 1e-13 * size).sum(1) == 32).all()


def test_the_published_models_are_all_there():
    found = models(FieldLandscapeConfig())
    assert len(found) == 18
    glass = found["spin glass of three, shift as published"]
    assert (glass.shift_variance, glass.curvature, glass.size) == (9, 6, 300)
    assert found["spin glass of three, shift as derived"].shift_variance == 6
    assert found["k′ = 1, k″ = 1, given L, k = 2"].shift_variance == 0.5
