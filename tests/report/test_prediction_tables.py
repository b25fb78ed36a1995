"""Tables of predicted outliers."""

from __future__ import annotations

import numpy as np
import pytest

from eigenscape.report.prediction_tables import law_comparison_table, prediction_table
from surveys import planted_survey, predicted_survey


def test_laws_the_most_likely_first():
    checkpoint = predicted_survey().checkpoints[-1]
    table = law_comparison_table(checkpoint)
    competitors = checkpoint.prediction.competition.competitors
    assert {row[0] for row in table.rows} == {c.name for c in competitors}
    below = [row[2] for row in table.rows]
    assert below[0] == 0
    assert below == sorted(below)
    assert table.rows[0][0] == "weighted sampling"


def test_predicted_beside_measured():
    checkpoint = predicted_survey().checkpoints[-1]
    rows = prediction_table(checkpoint).rows
    assert [row[0] for row in rows] == [b.batch_size for b in checkpoint.batches]
    for row, batch in zip(rows, checkpoint.batches, strict=True):
        tops = batch.values[:, 0]
        assert row[3] == pytest.approx(tops.mean())
        assert row[4] == pytest.approx(tops.std(ddof=1))
        assert row[5] == f"{100 * (row[3] / row[1] - 1):.0f} %"
        error = row[2] * np.sqrt(1 / tops.size + 1 / 200)
        assert row[6] == pytest.approx((row[3] - row[1]) / error)


@pytest.mark.parametrize("table", [law_comparison_table, prediction_table])
def test_nothing_to_compare(table):
    assert not table(planted_survey().checkpoints[-1]).rows
    assert not table(predicted_survey(measured=False).checkpoints[-1]).rows
