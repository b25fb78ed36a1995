import numpy as np
import pytest

from eigenscape.theory import Semicircle, outlier_location, outlier_overlap
from eigenscape.theory.sampling_noise.additive import sample_additive_outliers

SPIKES = np.array([5.0, 3.0, 0.5])


def test_a_small_matrix_has_the_law_of_a_dense_one(rng):
    draws, size = 400, 30
    found = sample_additive_outliers(
        np.tile(SPIKES, (draws, 1)), 1.5, size, remainder=8.1, count=4, rng=rng
    )
    middle = np.diag(np.concatenate([SPIKES, np.full(size - 3, 8.1 / (size - 3))]))
    normal = rng.standard_normal((draws, size, size))
    noise = (normal + normal.transpose(0, 2, 1)) * np.sqrt(1.5 / (2 * size))
    dense = np.linalg.eigvalsh(middle + noise)[:, :-5:-1]
    error = np.sqrt((found.var(0) + dense.var(0)) / draws)
    np.testing.assert_array_less(np.abs(found.mean(0) - dense.mean(0)), 4 * error)
    # standard deviations of 400 draws are known to 3.5 % each
    np.testing.assert_allclose(found.std(0), dense.std(0), rtol=0.2)


def test_a_large_matrix_has_its_outliers_and_its_edge(rng):
    """The spikes' free additive locations, and their variance 2s²/P · overlap."""
    draws, size, variance = 200, 100_000, 1.0
    found = sample_additive_outliers(
        np.tile(SPIKES, (draws, 1)), variance, size, count=3, rng=rng
    )
    noise = Semicircle(variance)
    expected = [outlier_location(s, noise) for s in SPIKES[:2]]
    overlaps = np.array([outlier_overlap(s, noise) for s in SPIKES[:2]])
    deviation = np.sqrt(2 * variance * overlaps / size)
    np.testing.assert_allclose(found.std(0)[:2], deviation, rtol=0.2)
    np.testing.assert_array_less(
        np.abs(found.mean(0)[:2] - expected), 4 * deviation / np.sqrt(draws)
    )
    # Tracy–Widom: mean −1.2065 P^(−2/3) from 2s
    assert found.mean(0)[2] == pytest.approx(2 - 1.2065 * size ** (-2 / 3), abs=2e-4)


def test_bad_arguments(rng):
    with pytest.raises(ValueError, match="^dimension: expected"):
        sample_additive_outliers(SPIKES[None], 1.0, 2, count=1, rng=rng)
    with pytest.raises(ValueError, match="^variance: expected"):
        sample_additive_outliers(SPIKES[None], -1.0, 9, count=1, rng=rng)
