from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from eigenscape.report import stability
from eigenscape.spectra.sampling_noise.population import PopulationCurvature
from eigenscape.spectra.sampling_noise.prediction import BatchPrediction
from eigenscape.spectra.survey_result import OutlierPrediction
from surveys import planted_survey

PLAIN = PopulationCurvature(np.ones(1), 1.0, np.ones((4096, 1)))


def test_the_bound_is_two_over_the_largest_eigenvalue():
    survey = planted_survey()
    last = survey.checkpoints[-1]
    whole, draws, mean, rate = stability(survey).series
    assert whole.at == pytest.approx(2 / last.largest[0], rel=1e-15)
    assert rate.at == survey.learning_rate
    assert draws.y.size == 5 * 6
    np.testing.assert_allclose(
        draws.y[:6], 2 / last.batches[0].values[:, 0], rtol=1e-15
    )
    # the mean bound stands in the advice too
    table = survey.advice[0].table
    column = table.columns.index("2/λ_max")
    np.testing.assert_allclose(mean.y, [r[column] for r in table.rows[:-1]], rtol=1e-14)


def test_an_unknown_learning_rate_is_not_drawn():
    survey = dataclasses.replace(planted_survey(), learning_rate=None)
    assert len(stability(survey).series) == 3


@pytest.mark.parametrize("options", [{"batch_sizes": ()}, {"shift": -30.0}])
def test_nothing_to_draw(options):
    assert (
        stability(planted_survey(dimension=60, checkpoints=("only",), **options))
        is None
    )


def test_sizes_that_are_only_predicted_are_marked_too():
    survey = planted_survey()
    marks = [label for _, label in stability(survey).x_ticks]
    measured = [str(b.batch_size) for b in survey.checkpoints[-1].batches]
    assert marks == measured
    curve = BatchPrediction(np.array([1, 16, 4096]), np.ones(1), np.ones((3, 4, 1)))
    last = survey.checkpoints[-1]
    predicted = OutlierPrediction(PLAIN, "weighted sampling", curve, np.ones(1), None)
    last = dataclasses.replace(last, prediction=predicted)
    survey = dataclasses.replace(survey, checkpoints=(last,))
    marks = [label for _, label in stability(survey).x_ticks]
    assert marks == ["1", "4", *measured, "256", "1024", "4096"]
