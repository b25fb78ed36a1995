from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from eigenscape.report import stability
from surveys import planted_survey


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
