import numpy as np
import pytest

from eigenscape.theory import Discrete, MarchenkoPastur, moments
from eigenscape.theory.sampling_noise.bulk import (
    batch_bulk_edge,
    batch_bulk_law,
    sampling_noise_law,
)
from eigenscape.theory.sampling_noise.deterministic import sampled_outliers

BULK = Discrete(np.array([0.2, 2.0]), np.array([0.75, 0.25]))
SIZE, BATCH = 400, 200


@pytest.fixture(scope="module")
def weights():
    drawn = np.exp(0.7 * np.random.default_rng(0).standard_normal((3000, 2)))
    return drawn / drawn.sum(1).mean()


def test_equal_weights_are_marchenko_pastur():
    noise = sampling_noise_law(np.ones((10, 1)), 50, 25)
    z = np.array([0.3 + 0.1j, 2.0 + 1.0j])
    expected = MarchenkoPastur(ratio=0.5).stieltjes(z)
    np.testing.assert_allclose(noise.stieltjes(z), expected, rtol=1e-12)


def test_gathered_weights_keep_their_moments(weights):
    noise = sampling_noise_law(weights, BATCH, SIZE)
    first, second = moments(noise, 2)
    assert first == pytest.approx(1, rel=1e-12)
    # κ₂ = P E[∑ w²]/b; steps of ratio 1.16 lose its twelfth squared, 0.2 %
    exact = SIZE / BATCH * float((weights**2).sum(1).mean())
    assert second - 1 == pytest.approx(exact, rel=4e-3)


def test_the_law_is_that_of_sampled_batches(weights, rng):
    law = batch_bulk_law(weights, BATCH, SIZE, BULK)
    spectrum = np.repeat([0.2, 2.0], [300, 100])
    z = np.array([0.1, 0.5, 2.0, 5.0]) + 0.3j
    sampled = []
    for _ in range(6):
        drawn = weights[rng.integers(3000, size=BATCH)].reshape(-1, 1)
        rows = rng.standard_normal((drawn.size, SIZE)) * np.sqrt(drawn * spectrum)
        values = np.linalg.eigvalsh(rows.T @ rows / BATCH)
        sampled.append((1 / (z[:, None] - values)).mean(1))
    # the weights of a batch move its mean by √(E w²/b), 8 %, over √6
    np.testing.assert_allclose(np.mean(sampled, 0), law.stieltjes(z), rtol=0.03)


def test_the_edge_is_that_of_sampled_batches(rng):
    weights = np.array([[0.5], [0.5], [2.0]])
    edge = batch_bulk_edge(weights, 600, SIZE, BULK)
    drawn = np.repeat(weights, 200, axis=0)
    spectrum = np.repeat([0.2, 2.0], [300, 100])
    tops = []
    for _ in range(8):
        rows = rng.standard_normal((600, SIZE)) * np.sqrt(drawn * spectrum)
        tops.append(np.linalg.eigvalsh(rows.T @ rows / 600)[-1])
    # Tracy–Widom: about 1.2 of 100^(−2/3), a twentieth of the distance to the mean
    assert 0.94 * edge.edge < np.mean(tops) < 1.01 * edge.edge


def test_the_threshold_is_where_outliers_begin(weights):
    edge = batch_bulk_edge(weights, BATCH, SIZE, BULK)
    spectrum = np.repeat([2.0, 0.2], [100, 300])
    for factor, seen in ((0.97, False), (1.03, True)):
        spikes = np.concatenate([[factor * edge.threshold], spectrum])
        found = sampled_outliers(spikes, weights, BATCH, count=1)
        assert (not found.reasons[0]) == seen
        if seen:
            assert edge.edge < found.locations[0] < 1.01 * edge.edge


def test_the_edge_of_equal_weights_is_in_closed_form():
    """White bulk: threshold 1 + √c and edge (1 + √c)²."""
    white = Discrete.point_mass(1.0)
    found = batch_bulk_edge(np.ones((1, 1)), 100, 25, white)
    assert found.threshold == pytest.approx(1.5, rel=1e-9)
    assert found.edge == pytest.approx(2.25, rel=1e-12)
    part = batch_bulk_edge(np.ones((1, 1)), 100, 25, white, population=200)
    # the free Jacobi edge of 25 of 200 dimensions, half of the rows
    half = np.sqrt(0.5 * (1 - 25 / 200)) + np.sqrt(25 / 200 * 0.5)
    assert part.edge == pytest.approx(2 * half**2, rel=1e-12)


def test_bad_arguments(weights):
    with pytest.raises(ValueError, match="^bulk: expected"):
        batch_bulk_edge(weights, 9, 9, Discrete.point_mass(-1.0))
