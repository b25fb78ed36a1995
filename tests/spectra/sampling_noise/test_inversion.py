import numpy as np
import pytest

from eigenscape.spectra.sampling_noise.inversion import estimate_population
from eigenscape.theory.sampling_noise.finite_size import sample_batch_outliers

SPIKES, REMAINDER, SIZES = np.array([20.0, 12.0, 7.0]), 20.0, [16, 48]


def batches(rng, examples=600):
    weights = np.exp(0.8 * rng.standard_normal((20_000, 1)))
    weights /= weights.mean()
    draws = [
        sample_batch_outliers(
            SPIKES, weights, b, remainder=REMAINDER, count=3, draws=10, rng=rng
        )
        for b in SIZES
    ]
    own = weights[rng.integers(20_000, size=examples)] * (SPIKES.sum() + REMAINDER)
    return draws, own


def test_spikes_are_covered(rng):
    """At b = 16 the largest outlier lies a third above its spike."""
    inside, fits, errors = [], [], []
    for _ in range(8):
        draws, own = batches(rng)
        found = estimate_population(
            SIZES, draws, own, samples=100, replicas=100, rng=rng
        )
        truth = [*SPIKES, SPIKES.sum() + REMAINDER, REMAINDER]
        parts = [*found.spikes, found.trace, found.remainder]
        inside.append([t in i for t, i in zip(truth, parts, strict=True)])
        errors.append([
            np.log(i.value / t) for t, i in zip(SPIKES, found.spikes, strict=True)
        ])
        fits.append(found.p_value)
    # 40 intervals of 95 %: 38 ± 1.4, more for the correlation of five
    assert np.sum(inside) >= 33
    assert (np.array(fits) > 0.01).mean() > 0.8
    # unbiased: the mean of 8 estimates of deviation 8 %
    np.testing.assert_allclose(np.mean(errors, 0), 0, atol=0.1)


def test_bad_arguments(rng):
    draws, own = batches(rng)
    with pytest.raises(ValueError, match="^draws: expected positive outliers"):
        estimate_population(SIZES, draws[:1], own, rng=rng)
    with pytest.raises(ValueError, match="^draws: expected positive outliers"):
        estimate_population(SIZES, [draws[0], 0 * draws[1]], own, rng=rng)
