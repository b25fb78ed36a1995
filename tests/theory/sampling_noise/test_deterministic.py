import mpmath
import numpy as np
import pytest

from eigenscape.theory.sampling_noise.deterministic import (
    growth,
    sampled_outliers,
    sampling_shift,
)

SPIKES = np.concatenate([[20.0, 12.0, 7.0], np.full(57, 0.4)])


def lognormal(examples, ranks, width, rng):
    shares = rng.dirichlet(np.full(ranks, 0.5), examples)
    weights = np.exp(width * rng.standard_normal((examples, 1))) * shares
    return weights / weights.sum(1).mean()


def planted(weights, rng):
    """Examples whose sample mean is A, with A's eigenvalues."""
    normal = rng.standard_normal((*weights.shape, SPIKES.size))
    rows = normal * np.sqrt(SPIKES) * np.sqrt(weights)[:, :, None]
    return rows, np.linalg.eigvalsh(np.einsum("mck,mcl->kl", rows, rows) / len(rows))


def batch_tops(rows, batch_size, draws, rng, count=3):
    tops = []
    for _ in range(draws):
        batch = rows[rng.choice(len(rows), batch_size, replace=False)]
        flat = batch.reshape(-1, rows.shape[2])
        values = np.linalg.eigvalsh(flat.T @ flat / batch_size)
        tops.append(values[: -count - 1 : -1])
    return np.array(tops)


def test_equal_weights_are_the_spiked_sample_covariance():
    """z = θ + θ c/(θ − 1), overlap and variance of Bai and Yao (2008) for K = cb."""
    batch, ratio, theta = 80, 0.25, 3.0
    spikes = np.concatenate([[theta], np.ones(20)])
    found = sampled_outliers(spikes, np.ones((1, 1)), batch, count=1)
    slope = 1 - ratio / (theta - 1) ** 2
    location = theta * (1 + ratio / (theta - 1))
    assert found.locations[0] == pytest.approx(location, rel=1e-12)
    assert found.overlaps[0] == pytest.approx(theta * slope / location, rel=1e-12)
    assert found.covariance[0, 0] == pytest.approx(
        2 * theta**2 * slope / batch, rel=1e-12
    )


def test_a_published_location():
    """θ = 10 over a white bulk with two dimensions a row: 10 + 2 · 10/9."""
    spikes = np.concatenate([[10.0], np.ones(100)])
    found = sampled_outliers(spikes, np.ones((1, 1)), 50, count=1)
    assert found.locations[0] == pytest.approx(12.2222, abs=5e-5)


def test_equal_weights_without_replacement_are_the_free_jacobi_law():
    """f = (1 + τ/b)/(1 + τ/n): the S-transform of a compressed projection."""
    batch, n = 50, 400
    found = sampled_outliers(SPIKES, np.ones((n, 1)), batch, population=n, count=3)
    tau = sampling_shift(SPIKES)[:3] / SPIKES[:3]
    expected = SPIKES[:3] * (1 + tau / batch) / (1 + tau / n)
    np.testing.assert_allclose(found.locations, expected, rtol=1e-12)


def test_the_equation_of_two_weights_against_forty_digits():
    """z = θ E[w/(1 − wT/(bz))], solved for z by mpmath."""
    mpmath.mp.dps = 40
    weights = np.array([[0.4], [0.4], [2.2]])
    shift, theta = mpmath.mpf(float(sampling_shift(SPIKES)[0])), mpmath.mpf(20)

    def equation(z):
        loads = [mpmath.mpf(float(w)) for w in weights[:, 0]]
        return z - theta * sum(w / (1 - w * shift / (90 * z)) for w in loads) / 3

    exact = mpmath.findroot(equation, 21)
    found = sampled_outliers(SPIKES, weights, 90, count=1)
    assert found.locations[0] == pytest.approx(float(exact), rel=1e-13)


def test_slopes_and_responses_are_derivatives(rng):
    weights = lognormal(50, 2, 0.8, rng)
    for population in (None, 50):
        for tau in (-3.0, 0.0, 4.0):
            found = growth(weights, 20, population, tau)
            near = [growth(weights, 20, population, tau + h) for h in (-1e-5, 1e-5)]
            slope = np.log(near[1].factor / near[0].factor) / 2e-5
            # central differences: h² and rounding over h
            assert found.slope == pytest.approx(slope, rel=1e-5)
    # independent examples: more of one example is a change of the law of weights
    more = np.vstack([np.repeat(weights, 2000, axis=0), weights[:1]])
    moved = growth(more, 20, None, 4.0).factor / growth(weights, 20, None, 4.0).factor
    response = growth(weights, 20, None, 4.0).response
    change = (response[0] - response.mean()) / len(more)
    assert np.log(moved) == pytest.approx(change, rel=1e-3)


@pytest.mark.parametrize(("batch", "width"), [(100, 0.0), (100, 0.8), (600, 1.2)])
def test_batches_of_planted_examples_lie_where_predicted(batch, width, rng):
    """Locations within four standard errors and 1 % of the second order 1/b²."""
    weights = lognormal(1200, 2, width, rng) if width else np.ones((1200, 1))
    rows, spectrum = planted(weights, rng)
    draws = 250
    tops = batch_tops(rows, batch, draws, rng)
    found = sampled_outliers(
        spectrum[::-1].copy(), weights, batch, population=1200, count=3
    )
    assert found.reasons == ("", "", "")
    error = tops.std(0) / np.sqrt(draws)
    np.testing.assert_array_less(
        np.abs(tops.mean(0) - found.locations), 4 * error + 0.01 * found.locations
    )
    # the fourth moments of 1,200 planted examples differ from their law's by a
    # relative √(2 · 96 E w⁴/1200) at most: a factor 1.5 of the deviation
    ratio = tops.std(0) / np.sqrt(np.diag(found.covariance))
    assert ((ratio > 1 / 1.5) & (ratio < 1.5)).all()


def test_fluctuations_and_overlaps_of_fresh_examples(rng):
    """Independent rows, so no planted sample is in between."""
    weights, batch, draws = lognormal(4000, 2, 0.7, rng), 150, 400
    found = sampled_outliers(SPIKES, weights, batch, count=3)
    tops, overlaps = [], []
    for _ in range(draws):
        drawn = weights[rng.integers(4000, size=batch)].reshape(-1, 1)
        rows = rng.standard_normal((drawn.size, SPIKES.size)) * np.sqrt(drawn * SPIKES)
        values, vectors = np.linalg.eigh(rows.T @ rows / batch)
        tops.append(values[:-4:-1])
        overlaps.append(np.diag(vectors[:3, :-4:-1]) ** 2)
    deviation = np.std(tops, axis=0) / np.sqrt(np.diag(found.covariance))
    # a standard deviation of 400 draws is known to 3.5 %, more for heavy tails
    np.testing.assert_allclose(deviation, 1, atol=0.18)
    mean, error = np.mean(overlaps, 0), np.std(overlaps, 0) / np.sqrt(draws)
    # spikes mix at second order, which the single-spike limit has only in the mean
    np.testing.assert_array_less(np.abs(mean - found.overlaps), 4 * error + 0.04)
    sampled = np.corrcoef(np.array(tops).T)[0, 2]
    scale = np.sqrt(np.diag(found.covariance))
    assert abs(sampled - (found.covariance / np.outer(scale, scale))[0, 2]) < 0.2


def test_all_the_data_are_exact():
    found = sampled_outliers(SPIKES, np.ones((9, 1)), 9, population=9, count=4)
    np.testing.assert_array_equal(found.locations, SPIKES[:4])
    assert not found.covariance.any()


def test_what_does_not_hold_is_nan_with_a_reason(rng):
    heavy = lognormal(2000, 1, 1.5, rng)
    lost = sampled_outliers(SPIKES, heavy, 12, count=1)
    assert np.isnan(lost.locations[0])
    assert lost.effective_examples[0] < 8
    assert lost.reasons[0]
    close = sampled_outliers(np.array([10.0, 9.9, 1.0]), np.ones((1, 1)), 50)
    assert "mixes" in close.reasons[0]
    assert "too near" in close.reasons[1]
    assert np.isnan(close.covariance[0]).all()
    assert not close.reasons[2]
    twins = sampled_outliers(np.array([10.0, 10.0]), np.ones((1, 1)), 50)
    assert "too near" in twins.reasons[0]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"spikes": np.array([1.0, 2.0])}, "spikes"),
        ({"spikes": np.array([1.0, -2.0])}, "spikes"),
        ({"spikes": np.array([np.nan])}, "spikes"),
        ({"weights": np.full((4, 1), 2.0)}, "weights"),
        ({"weights": np.array([[np.nan], [1.0]])}, "weights"),
        ({"remainder": -1.0}, "remainder"),
        ({"remainder": np.inf}, "remainder"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 5}, "batch_size"),
    ],
)
def test_bad_arguments(change, name):
    good = {
        "spikes": np.array([2.0, 1.0]),
        "weights": np.ones((4, 1)),
        "batch_size": 2,
        "population": 4,
    }
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        sampled_outliers(**{**good, **change})
