import numpy as np
import pytest
from scipy import stats

from eigenscape.spectra.sampling_noise.comparison import compare_prediction
from eigenscape.spectra.sampling_noise.prediction import BatchPrediction


def heavy(sizes, draws, rng, scale=1.0, width=0.3):
    """Ordered, correlated, skewed draws, as outliers are."""
    common = rng.standard_normal((sizes, draws, 1))
    own = rng.standard_normal((sizes, draws, 4))
    values = scale * np.exp(width * (common + own)) * [8.0, 5, 3, 2]
    return np.sort(values, axis=2)[:, :, ::-1].copy()


def predicted(rng, draws=100):
    return BatchPrediction(
        batch_sizes=np.array([8, 32, 128]),
        spikes=np.array([8.0, 5, 3, 2]),
        samples=heavy(3, draws, rng),
    )


def test_p_values_of_the_truth_are_uniform(rng):
    found = [
        compare_prediction(
            predicted(rng), list(heavy(3, 10, rng)), rng=rng, permutations=99
        )
        for _ in range(150)
    ]
    p_values = [f.p_value for f in found]
    # uniform on multiples of 1/100: a distance of 0.1 has p = 0.1 at 150 trials
    assert stats.kstest(p_values, "uniform").pvalue > 1e-3
    single = np.concatenate([f.p_values for f in found])
    assert stats.kstest(single, "uniform").pvalue > 1e-3
    # 95 % intervals of 100 samples cover 93 to 95 %
    assert np.mean([f.coverage for f in found]) == pytest.approx(0.94, abs=0.015)
    # standard errors: deviations of skewed means have variance one
    deviations = np.array([f.deviations for f in found])
    assert deviations.std() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("wrong", [{"scale": 1.7}, {"width": 0.75}])
def test_a_wrong_mean_or_spread_is_rejected(wrong, rng):
    found = [
        compare_prediction(
            predicted(rng), list(heavy(3, 10, rng, **wrong)), rng=rng, permutations=199
        )
        for _ in range(10)
    ]
    assert sum(f.p_value <= 0.01 for f in found) >= 9


def test_the_likelihood_is_the_predictive_student_density(rng):
    prediction = predicted(rng, 60)
    draws = list(heavy(3, 5, rng))
    found = compare_prediction(prediction, draws, rng=rng, permutations=9)
    expected = 0.0
    for known, seen in zip(prediction.samples, draws, strict=True):
        logs = np.log(known)
        law = stats.multivariate_t(
            logs.mean(0), np.cov(logs.T) * 59 / 56 * (1 + 1 / 60), df=56
        )
        expected += float(law.logpdf(np.log(seen)).sum())
    assert found.log_likelihood == pytest.approx(expected, rel=1e-10)


def test_what_cannot_differ_is_not_tested(rng):
    """All the data, and eigenvalues that no batch has."""
    samples = heavy(2, 50, rng)
    samples[1] = [8, 5, 3, 2]
    samples[0, :, 3] = 0
    prediction = BatchPrediction(np.array([1, 600]), np.ones(4), samples)
    draws = [heavy(1, 6, rng)[0] * [1, 1, 1, 0], samples[1, :6]]
    found = compare_prediction(prediction, draws, rng=rng)
    assert found.p_values[1] == 1
    assert np.isnan(found.relative_errors[0, 3])
    assert np.isnan(found.deviations[1]).all()
    assert np.isfinite(found.log_likelihood)


def test_bad_arguments(rng):
    with pytest.raises(ValueError, match="^draws: expected draws for each of 3"):
        compare_prediction(predicted(rng), list(heavy(2, 5, rng)), rng=rng)
    with pytest.raises(ValueError, match="^draws: expected at most the 4 eigenvalues"):
        compare_prediction(predicted(rng), [np.ones((2, 5))] * 3, rng=rng)
