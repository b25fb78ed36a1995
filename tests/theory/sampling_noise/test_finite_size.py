import numpy as np
import pytest

from eigenscape.theory.sampling_noise.deterministic import sampled_outliers
from eigenscape.theory.sampling_noise.finite_size import (
    sample_batch_outliers,
    thinning,
)

SPIKES = np.concatenate([[20.0, 12.0, 7.0], np.full(20, 0.5)])


def lognormal(examples, ranks, width, rng):
    shares = rng.dirichlet(np.full(ranks, 0.5), examples)
    weights = np.exp(width * rng.standard_normal((examples, 1))) * shares
    return weights / weights.sum(1).mean()


def dense_batches(weights, batch_size, draws, rng, private=0):
    """Every row drawn in full, the remainder in as many more directions."""
    spikes = np.concatenate([SPIKES, np.full(private, 10 / max(private, 1))])
    found = []
    for _ in range(draws):
        drawn = weights[rng.integers(len(weights), size=batch_size)].reshape(-1, 1)
        rows = rng.standard_normal((drawn.size, spikes.size)) * np.sqrt(drawn * spikes)
        gram = rows @ rows.T if rows.shape[0] < rows.shape[1] else rows.T @ rows
        found.append(np.linalg.eigvalsh(gram / batch_size)[:-4:-1])
    return np.array(found)


def agree(first, second, slack=0.0):
    """Means and standard deviations within four standard errors."""
    error = np.sqrt(first.var(0) / len(first) + second.var(0) / len(second))
    means = np.abs(first.mean(0) - second.mean(0))
    np.testing.assert_array_less(means, 4 * error + slack * second.mean(0))
    squares = (
        np.log(np.maximum(x, 1e-9)) - np.log(np.maximum(x, 1e-9)).mean(0)
        for x in (first, second)
    )
    a, b = (s**2 for s in squares)
    error = np.sqrt(a.var(0) / len(a) + b.var(0) / len(b))
    np.testing.assert_array_less(np.abs(a.mean(0) - b.mean(0)), 4 * error)


@pytest.mark.parametrize("batch", [1, 4, 40, 300])
def test_independent_examples_have_the_law_of_dense_batches(batch, rng):
    weights = lognormal(500, 3, 0.9, rng)
    found = sample_batch_outliers(SPIKES, weights, batch, count=3, draws=500, rng=rng)
    agree(found, dense_batches(weights, batch, 300, rng))


def test_the_remainder_stands_for_many_small_directions(rng):
    weights = lognormal(500, 2, 0.9, rng)
    found = sample_batch_outliers(
        SPIKES, weights, 20, remainder=10.0, count=3, draws=500, rng=rng
    )
    # 600 directions of 10/600: overlaps of rows, 1/√600, move a λ by less than 1 %
    agree(found, dense_batches(weights, 20, 300, rng, private=600), slack=0.01)


def test_many_rows_are_a_wishart_matrix(rng):
    """Equal weights: exact whatever the number of rows."""
    found = sample_batch_outliers(
        SPIKES, np.ones((5, 1)), 3000, count=3, draws=300, rng=rng
    )
    limit = sampled_outliers(SPIKES, np.ones((5, 1)), 3000, count=3)
    error = np.sqrt(np.diag(limit.covariance) / 300)
    np.testing.assert_array_less(np.abs(found.mean(0) - limit.locations), 4 * error)
    ratio = found.var(0, ddof=1) / np.diag(limit.covariance)
    # a variance of 300 draws is known to 8 %
    np.testing.assert_allclose(ratio, 1, atol=0.33)


@pytest.mark.parametrize("batch", [60, 250, 390])
def test_without_replacement_to_second_order(batch, rng):
    """Against batches of planted examples, given the spectrum of their own mean."""
    n, weights = 400, lognormal(400, 1, 0.5, rng)
    rows = rng.standard_normal((n, SPIKES.size)) * np.sqrt(weights * SPIKES)
    own = np.linalg.eigvalsh(rows.T @ rows / n)[::-1].copy()
    tops = []
    for _ in range(300):
        part = rows[rng.choice(n, batch, replace=False)]
        tops.append(np.linalg.eigvalsh(part.T @ part / batch)[:-4:-1])
    found = sample_batch_outliers(
        own, weights, batch, population=n, count=3, draws=300, rng=rng
    )
    agree(found[:, :1], np.array(tops)[:, :1], slack=0.01)
    error = np.std(tops, axis=0) / np.sqrt(150)
    np.testing.assert_array_less(
        np.abs(found.mean(0) - np.mean(tops, 0)), 4 * error + 0.01 * own[:3]
    )


def test_thinning_keeps_mean_and_variance():
    for batch, n in ((1, 50), (7, 50), (40, 50), (49, 50)):
        parts = thinning(batch, n)
        left = (n - batch) / (n - 1)
        assert parts.kept + parts.rows * parts.coefficient == pytest.approx(1)
        assert parts.rows * parts.coefficient**2 == pytest.approx(left / batch)
    assert thinning(5, None).coefficient == 1 / 5
    assert thinning(50, 50).kept == 1


def test_all_the_data_are_exact(rng):
    found = sample_batch_outliers(
        np.array([3.0, 1.0]),
        np.ones((6, 1)),
        6,
        population=6,
        count=3,
        draws=2,
        rng=rng,
    )
    np.testing.assert_array_equal(found, [[3, 1, 0], [3, 1, 0]])


def test_bad_arguments(rng):
    with pytest.raises(ValueError, match="^batch_size: expected"):
        sample_batch_outliers(
            SPIKES, np.ones((6, 1)), 7, population=6, count=3, draws=2, rng=rng
        )
