"""Laws of λ′ against sampled matrices, other code and published numbers."""

from __future__ import annotations

import numpy as np
import pytest
import scipy

from eigenscape.optim.stability_laws import (
    AdditiveStability,
    MeanSquareStability,
    MultiplicativeStability,
    SampledStability,
)
from eigenscape.spectra.sampling_noise.prediction import predict_batch_outliers
from eigenscape.theory import (
    Discrete,
    MarchenkoPastur,
    Semicircle,
    multiplicative_outliers,
    outlier_location,
)
from sampled_examples import plant


def top(matrix):
    last = len(matrix) - 1
    return scipy.linalg.eigvalsh(matrix, subset_by_index=[last, last])[0]


@pytest.mark.parametrize("deviation", [0.6, 0.9, 1.2, 2.0])
def test_additive_noise_on_sampled_matrices(deviation, rng):
    """A spike of 1, from clear of the noise to drowned in it."""
    size = 600
    noise = rng.standard_normal((size, size))
    noise = (noise + noise.T) * deviation / np.sqrt(2 * size)
    noise[0, 0] += 1
    law = AdditiveStability(1.0, deviation**2)
    # fluctuations of N^(−1/3) at the threshold, of N^(−1/2) beyond it
    assert law.curvature(np.ones(1))[0] == pytest.approx(top(noise), rel=0.05)


def test_additive_noise_by_free_probability():
    law, sizes = AdditiveStability(2.0, 9.0), np.geomspace(0.5, 1e4, 30)
    found = law.curvature(sizes)
    for size, value in zip(sizes, found, strict=True):
        place = outlier_location(2.0, Semicircle(9.0 / size))
        expected = 2 * np.sqrt(9.0 / size) if place is None else place
        assert value == pytest.approx(expected, rel=1e-9)
    assert law.curvature(np.array([np.inf]))[0] == 2.0


@pytest.mark.parametrize("size", [10, 40, 160])
def test_multiplicative_noise_on_sampled_matrices(size, rng):
    parameters = 2000
    rows = rng.standard_normal((size, parameters))
    rows[:, 0] *= np.sqrt(20)
    law = MultiplicativeStability(20.0, 1.0, parameters)
    found = law.curvature(np.array([float(size)]))[0]
    # one draw of a spike has a relative deviation of √(2/b) on its own part
    slack = 4 * 20 * np.sqrt(2 / size) / found
    assert top(rows @ rows.T / size) == pytest.approx(found, rel=max(slack, 0.05))


def test_multiplicative_noise_has_the_published_values():
    """The table of our theory page, from other code."""
    law = MultiplicativeStability(20.0, 1.0, 4000)
    sizes = np.array([10.0, 20, 40, 80, 160, 320, 640])
    expected = [441, 230.5, 125.3, 72.6, 46.3, 33.2, 26.6]
    np.testing.assert_allclose(law.curvature(sizes), expected, rtol=2e-3)


def test_multiplicative_noise_by_free_probability():
    law, bulk = MultiplicativeStability(3.0, 0.5, 100), Discrete.point_mass(0.5)
    for size in (3.0, 30.0, 300.0):
        noise = MarchenkoPastur(100 / size)
        seen = multiplicative_outliers(3.0, noise, bulk)
        edge = 0.5 * noise.support[-1].upper
        expected = seen[-1].location if seen else edge
        found = law.curvature(np.array([size]))[0]
        assert found == pytest.approx(expected, rel=1e-9)


def test_no_bulk_leaves_the_spike():
    law = MultiplicativeStability(3.0, 0.0, 100)
    np.testing.assert_array_equal(law.curvature(np.array([1.0, np.inf])), [3.0, 3.0])


def test_sampled_batches_are_followed_between_their_sizes(rng):
    _, _, population = plant("weighted", rng)
    sizes = [4, 16, 64, 600]
    prediction = predict_batch_outliers(population, sizes, count=1, rng=rng)
    law = SampledStability.of(prediction, 600)
    assert law.sizes.tolist() == [
        4 / (1 - 4 / 600),
        16 / (1 - 16 / 600),
        64 / (1 - 64 / 600),
    ]
    np.testing.assert_allclose(law.curvature(law.sizes), law.values, rtol=1e-12)
    middle = np.sqrt(law.sizes[0] * law.sizes[1])
    expected = np.sqrt(law.values[0] * law.values[1])
    assert law.curvature(np.array([middle]))[0] == pytest.approx(expected, rel=1e-12)
    below = law.curvature(np.array([law.sizes[0] ** 2 / law.sizes[1]]))[0]
    assert below == pytest.approx(law.values[0] ** 2 / law.values[1], rel=1e-9)
    assert law.curvature(np.array([np.inf]))[0] == population.spikes[0]


def test_sgd_on_planted_batches_diverges_beyond_the_mean_square_edge(rng):
    """Second moments of SGD on batches of the examples themselves."""
    rows, mean, population = plant("weighted", rng, known=80)
    size, draws = 16, 4000
    law = MeanSquareStability(population)
    effective = np.array([size / (1 - size / 600)])
    edge = 2 / law.curvature(effective)[0]

    def growth(rate):
        state = np.eye(len(mean)) / len(mean)
        logs = 0.0
        for _ in range(draws):
            chosen = rows[rng.choice(600, size, replace=False)].reshape(-1, len(mean))
            # many columns in one batch: an average over starts, not over batches
            state = state - rate * (chosen.T @ (chosen @ state)) / size
            norm = np.linalg.norm(state)
            state /= norm
            logs += np.log(norm)
        return logs / draws

    # the almost sure edge lies beyond that of mean squares, within a factor of 2 here
    assert growth(edge) < 0 < growth(2 * edge)


def test_bad_arguments():
    with pytest.raises(ValueError, match="^top: expected a positive finite number"):
        AdditiveStability(0.0, 1.0)
    with pytest.raises(ValueError, match="^variance: expected a finite number ≥ 0"):
        AdditiveStability(1.0, -1.0)
    with pytest.raises(ValueError, match="^bulk: expected"):
        MultiplicativeStability(1.0, np.nan, 3)
    with pytest.raises(ValueError, match="^dimension: expected"):
        MultiplicativeStability(1.0, 0.5, 0)
