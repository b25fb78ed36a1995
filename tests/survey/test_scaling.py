"""The batch-size law of a survey, and the reasons for none."""

from __future__ import annotations

import pytest

from eigenscape.survey.scaling import fit_scaling
from surveys import planted_survey


def test_the_law_of_a_survey_is_fitted_to_its_batches():
    batches = planted_survey().checkpoints[-1].batches
    scaling, verdict = fit_scaling(batches, 10_000, 2)
    assert scaling is not None
    assert scaling.batch_sizes.tolist() == [b.batch_size for b in batches]
    assert scaling.means.shape[1] == 2
    assert verdict == scaling.verdict


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"batch_sizes": (8, 16)}, "at least 3 batch sizes"),
        ({"draws": 1}, "at least 2 draws"),
        ({"spikes": ()}, "no positive outlier"),
    ],
)
def test_no_law_has_a_reason(options, reason):
    survey = planted_survey(dimension=60, checkpoints=("only",), **options)
    scaling, note = fit_scaling(survey.checkpoints[0].batches, 10_000, 5)
    assert scaling is None
    assert reason in note
