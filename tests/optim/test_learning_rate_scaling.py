"""How the rate scales, by laws whose scaling is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.core import Estimate, record_provenance
from eigenscape.optim.learning_rate_scaling import (
    AdamRule,
    HeavyBallRule,
    batch_size_grid,
    population_laws,
    scale_learning_rate,
    survey_rate_scaling,
)
from eigenscape.optim.stability_laws import (
    AdditiveStability,
    MultiplicativeStability,
)
from eigenscape.spectra import SpectrumSplit, measure_of_eigenvalues
from eigenscape.spectra.rate_scaling import LINEAR
from eigenscape.spectra.sampling_noise.competition import MEASURED, WEIGHTED
from eigenscape.spectra.sampling_noise.population import PopulationCurvature
from eigenscape.spectra.sampling_noise.prediction import predict_batch_outliers
from eigenscape.spectra.survey_result import (
    CheckpointSurvey,
    Density,
    OutlierPrediction,
    Survey,
)
from sampled_examples import draw_batches, plant

SIZES = batch_size_grid(1 << 20)


@given(
    top=st.floats(1e-3, 1e3),
    variance=st.floats(0, 1e9),
    population=st.one_of(st.none(), st.integers(1 << 20, 1 << 24)),
    momentum=st.floats(0, 0.99),
)
def test_the_additive_law_never_gives_linear_scaling(
    top, variance, population, momentum
):
    law = AdditiveStability(top, variance)
    found = scale_learning_rate(
        law, HeavyBallRule(momentum), SIZES, population=population
    )
    assert (found.exponents <= 0.5 + 1e-9).all()
    assert (found.exponents >= -1e-9).all()
    assert LINEAR not in {r.name for r in found.regimes}


def test_the_additive_law_is_a_square_root_and_then_saturated():
    found = scale_learning_rate(AdditiveStability(1.0, 1e4), HeavyBallRule(), SIZES)
    noisy = SIZES * np.sqrt(2) < 1e4
    np.testing.assert_allclose(found.exponents[noisy], 0.5, rtol=1e-9)
    np.testing.assert_allclose(found.rates[noisy], np.sqrt(SIZES[noisy]) / 100)
    assert [r.name for r in found.regimes] == ["square root", "saturated"]
    assert found.rates[-1] == pytest.approx(2, rel=0.02)
    # at the edge of phases λ′ = 2λ, and d log η/d log b = (s²/bλ²)/(1 + s²/bλ²)
    assert found.regimes[1].smallest == pytest.approx(3e4, rel=0.1)


def test_the_multiplicative_law_is_linear_and_then_saturated():
    law = MultiplicativeStability(20.0, 1.0, 40_000)
    found = scale_learning_rate(law, HeavyBallRule(), SIZES)
    assert [r.name for r in found.regimes] == ["linear", "square root", "saturated"]
    few = SIZES < 50
    slopes = found.rates[few] / SIZES[few]
    assert slopes.max() < 1.1 * slopes.min()
    # linear while P s₀²/b outweighs λ threefold, saturated once it is a third of it
    assert found.regimes[0].largest == pytest.approx(40_000 / 19 / 3, rel=0.2)
    assert found.regimes[2].smallest == pytest.approx(40_000 / 19 * 3, rel=0.2)


def test_exponents_are_those_of_finer_differences():
    law = MultiplicativeStability(20.0, 1.0, 40_000)
    found = scale_learning_rate(law, HeavyBallRule(0.9), np.array([100.0, 2000.0]))
    for size, exponent in zip([100.0, 2000.0], found.exponents, strict=True):
        near = size * np.exp([-1e-4, 1e-4])
        values = -np.log(law.curvature(near))
        # a doubling averages: the slope bends by 3 % over it
        assert exponent == pytest.approx(np.diff(values)[0] / 2e-4, abs=0.03)
    assert found.rates[0] == 3.8 / law.curvature(np.array([100.0]))[0]


def test_adam_has_half_the_exponent_where_gradients_are_noisy():
    law = MultiplicativeStability(20.0, 1.0, 400_000)
    plain = scale_learning_rate(law, HeavyBallRule(), SIZES)
    noisy = scale_learning_rate(law, AdamRule(1e12, 128.0), SIZES)
    exact = scale_learning_rate(law, AdamRule(0.0, 128.0), SIZES)
    np.testing.assert_allclose(noisy.exponents, plain.exponents - 0.5, atol=1e-6)
    np.testing.assert_allclose(exact.exponents, plain.exponents, atol=1e-12)
    assert [r.name for r in noisy.regimes] == ["square root", "saturated", "falling"]
    at = scale_learning_rate(law, AdamRule(50.0, 128.0), np.array([128.0]))
    assert at.rates[0] == pytest.approx(38 / at.curvature[0], rel=1e-12)


def test_all_the_data_have_the_rate_of_no_noise():
    law = AdditiveStability(2.0, 5.0)
    found = scale_learning_rate(
        law, HeavyBallRule(), np.array([3.0, 9.0]), population=9
    )
    assert np.isinf(found.effective[1])
    assert (found.rates[1], found.exponents[1]) == (1.0, 0.0)


def test_planted_batches_bound_the_rate_as_measured(rng):
    """Heavy weights of low rank: sampling follows batches that free noise does not."""
    rows, mean, population = plant("weighted", rng)
    sizes = [4, 32]
    tops, _ = draw_batches(rows, mean, sizes, 100, rng, count=1)
    measured = 2 / np.mean(tops, 1)[:, 0]
    laws = population_laws(population, parameters=len(mean), draws=100, rng=rng)
    grid = batch_size_grid(600)
    found = {
        law.name: scale_learning_rate(law, HeavyBallRule(), grid, population=600)
        for law in laws
    }
    for size, rate in zip(sizes, measured, strict=True):
        # elliptical directions overstate shifts by 2 ∑θ²/t² at most, 0.3 here
        assert found["weighted sampling"].rate(size) == pytest.approx(rate, rel=0.3)
        assert found["additive"].rate(size) > 1.1 * rate
    assert found["additive"].rate(sizes[0]) > 1.5 * measured[0]
    assert found["mean square"].regimes[0].name == "linear"
    additive = laws[0]
    given = population_laws(
        population, parameters=len(mean), curvature_variance=7.0, draws=2, rng=rng
    )
    assert given[0].variance == 7.0
    own = ((rows.transpose(0, 2, 1) @ rows - mean) ** 2).sum((1, 2)).mean() / len(mean)
    # the spikes known hold all of tr A² but 60 · 0.1²
    assert additive.variance == pytest.approx(own, rel=0.01)


def surveyed(rng, law=WEIGHTED):
    """A survey of one checkpoint, of which only the prediction matters."""
    population = PopulationCurvature(
        spikes=np.array([12.0, 8.0, 5.5]),
        trace=60.0,
        example_eigenvalues=60.0 * rng.exponential(size=(400, 1)),
    )
    curve = predict_batch_outliers(population, [1, 10, 100], count=1, rng=rng)
    prediction = OutlierPrediction(population, law, curve, np.ones(1), None)
    measure, few = measure_of_eigenvalues(np.linspace(-1, 12, 40)), np.ones(1)
    last = CheckpointSurvey(
        name="end",
        epoch=None,
        loss=1.0,
        gradient_norm=1.0,
        trace=Estimate(60.0, 0.0, 1),
        measure=measure,
        largest=population.spikes,
        largest_residuals=np.zeros(3),
        smallest=-few,
        smallest_residuals=np.zeros(1),
        split=SpectrumSplit(measure, np.zeros(0), (-1.0, 12.0), 0.05),
        law_fits=(),
        density=Density(few, few, few, 1.0, np.zeros((0, 1))),
        batches=(),
        scaling=None,
        scaling_note="",
        prediction=prediction,
    )
    origin = record_provenance(1.0, started="2026-01-01T00:00:00+00:00")
    survey = Survey("", 240, 400, None, 0.9, (last,), (), (), (), origin)
    return survey, prediction


def test_a_survey_is_enough(rng):
    survey, prediction = surveyed(rng)
    found = survey_rate_scaling(survey, rng=rng)
    assert [f.law for f in found] == [
        "additive",
        "multiplicative",
        "weighted sampling",
        "mean square",
    ]
    n, whole = prediction.population.examples, 2 * 1.9 / 12.0
    for scaling in found:
        assert scaling.optimiser == "heavy ball of momentum 0.9"
        assert scaling.batch_sizes[-1] == n / 2
        assert (scaling.rates <= whole * (1 + 1e-9)).all()
    plain = survey_rate_scaling(survey, HeavyBallRule(), rng=rng)
    assert plain[0].rates[0] == pytest.approx(found[0].rates[0] / 1.9, rel=1e-12)
    bare = replace(survey.checkpoints[0], prediction=None)
    with pytest.raises(ValueError, match="^survey: expected a prediction, got none"):
        survey_rate_scaling(replace(survey, checkpoints=(bare,)), rng=rng)


def test_measured_directions_are_followed_where_the_survey_did(rng):
    survey, prediction = surveyed(rng, MEASURED)
    found = survey_rate_scaling(survey, rng=rng)[2]
    assert found.law == MEASURED
    curve = prediction.curve.mean[:, 0]
    for size, mean in zip([1, 10, 100], curve, strict=True):
        # the grid of the verdict lies between the sizes of the curve
        assert found.rate(size) == pytest.approx(2 * 1.9 / max(mean, 12), rel=0.02)


def test_bad_arguments():
    law = AdditiveStability(1.0, 1.0)
    with pytest.raises(ValueError, match="^batch_sizes: expected ascending sizes"):
        scale_learning_rate(law, HeavyBallRule(), np.array([2.0, 1.0]))
    with pytest.raises(ValueError, match="^momentum: expected a number in"):
        HeavyBallRule(1.0)
    with pytest.raises(ValueError, match="^noise_scale, reference: expected finite"):
        AdamRule(np.inf, 1.0)
    with pytest.raises(ValueError, match="^population: expected at least 2"):
        batch_size_grid(1)
