"""Advice that rests on a prediction, and when it does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eigenscape.spectra import advise
from eigenscape.spectra.predicted_advice import is_trusted, quiet_batch_size
from surveys import predicted_survey


def test_rates_are_those_of_the_curve():
    checkpoint = predicted_survey().checkpoints[-1]
    curve = checkpoint.prediction.curve
    advice = advise(checkpoint, momentum=0.5)[0]
    assert advice.table.columns[1] == "predicted mean λ_max"
    rows = {row[0]: row for row in advice.table.rows}
    assert set(rows) == {*(2**k for k in range(9)), "all"}
    top = checkpoint.largest[0]
    for size, mean, safe in zip(
        curve.batch_sizes.tolist(),
        curve.mean[:, 0],
        curve.stable_learning_rate(probability=0.95),
        strict=True,
    ):
        if size in rows:
            assert rows[size][1] == pytest.approx(max(mean, top), rel=1e-12)
            assert rows[size][3] == pytest.approx(2 / max(mean, top), rel=1e-12)
            assert rows[size][4] == pytest.approx(safe, rel=1e-12)
    measured = {b.batch_size: b.values[:, 0].mean() for b in checkpoint.batches}
    assert {b: row[2] for b, row in rows.items() if row[2] is not None} == measured
    assert rows["all"][3:] == pytest.approx((2 / top, 2 / top, 2 / top, 3 / top))


def test_momentum_lowers_the_rate_of_noisy_batches_alone():
    """In mean square; its edge is tested in theory/test_mean_square_stability."""
    checkpoint = predicted_survey().checkpoints[-1]
    population = checkpoint.prediction.population
    rows = {row[0]: row[5:] for row in advise(checkpoint, momentum=0.9)[0].table.rows}
    noise = float((population.weights**2).sum(1).mean()) * population.mean_curvature
    plain, heavy = rows[1]
    # b = 1, where noise is nearly all there is: 2(1 − β)/(q tr A), but for d
    assert plain <= 2 / noise
    assert heavy == pytest.approx(0.1 * plain, rel=0.2)
    plain, heavy = rows["all"]
    assert heavy == pytest.approx(1.9 * plain)
    plain, heavy = zip(*(rows[2**k] for k in range(9)), strict=True)
    assert list(plain) == sorted(plain)
    assert list(heavy) == sorted(heavy)


def test_a_step_at_the_advised_rate_is_stable_on_as_many_batches():
    """The rate against fresh batches of the same law."""
    checkpoint = predicted_survey().checkpoints[-1]
    rows = {row[0]: row for row in advise(checkpoint)[0].table.rows}
    curve = checkpoint.prediction.curve
    for size, tops in zip(
        curve.batch_sizes.tolist(), curve.samples[:, :, 0], strict=True
    ):
        if size in rows:
            stable = (rows[size][4] * tops < 2).mean()
            assert stable >= 0.95 - 1 / len(tops)


def test_the_basis_says_what_was_measured_and_how_well_it_stood():
    basis = advise(predicted_survey().checkpoints[-1])[0].basis
    assert "curvature of 400 single examples" in basis
    assert "Measured means of λ_max lie within" in basis
    alone = advise(predicted_survey(measured=False).checkpoints[-1])[0].basis
    assert "No batch was measured" in alone


def test_a_prediction_that_fails_is_not_rested_on():
    good = predicted_survey().checkpoints[-1]
    bad = predicted_survey(wrong=3.0).checkpoints[-1]
    assert is_trusted(good.prediction)
    assert not is_trusted(bad.prediction)
    advice = advise(bad)
    assert "mean λ_max" in advice[0].table.columns
    tops = bad.batches[0].values[:, 0]
    assert advice[0].table.rows[0][1] == pytest.approx(tops.mean())
    assert "measured means" in advice[1].basis


def test_the_quiet_batch_size_is_where_the_curve_crosses():
    prediction = predicted_survey().checkpoints[-1].prediction
    curve = prediction.curve
    for shift in (0.1, 1.0):
        size = quiet_batch_size(prediction, shift)
        found = np.interp(np.log(size), np.log(curve.batch_sizes), curve.mean[:, 0])
        assert found / curve.spikes[0] - 1 == pytest.approx(shift, rel=1e-9)
    flat = replace(curve, samples=np.broadcast_to(curve.spikes, curve.samples.shape))
    assert quiet_batch_size(replace(prediction, curve=flat), 0.1) == 1
