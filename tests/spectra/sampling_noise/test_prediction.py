from dataclasses import replace

import numpy as np
import pytest

from eigenscape.core import load, save
from eigenscape.spectra.sampling_noise.population import ResidualNoise
from eigenscape.spectra.sampling_noise.prediction import (
    BatchPrediction,
    noise_batch_size,
    predict_batch_outliers,
)
from sampled_examples import draw_batches, plant

NOISE = ResidualNoise(np.array([[6000.0]]), np.array([6000.0]), 5.0)


@pytest.mark.parametrize("directions", ["elliptical", "measured"])
def test_planted_batches_are_predicted_in_mean_and_spread(directions, rng):
    rows, mean, population = plant("weighted", rng)
    sizes = [8, 64, 400]
    tops, _ = draw_batches(rows, mean, sizes, 200, rng)
    found = predict_batch_outliers(population, sizes, rng=rng, directions=directions)
    seen, spread = np.mean(tops, 1), np.std(tops, 1)
    error = np.sqrt((spread**2 + found.standard_deviation**2) / 200)
    # measured weights hold the length of a direction too: 2 ∑θ²/t², 0.3, of a shift
    slack = 0.3 * np.maximum(seen[:, :1] - population.spikes[0], 0.2)
    np.testing.assert_array_less(np.abs(found.mean - seen), 4 * error + slack)
    ratio = found.standard_deviation / spread
    assert ((ratio > 0.6) & (ratio < 1.6)).all()


def test_directions_that_are_not_normal_need_measured_ones(rng):
    rows, mean, population = plant("signs", rng)
    tops, _ = draw_batches(rows, mean, [64], 200, rng)
    far, near = (
        predict_batch_outliers(population, [64], rng=rng, directions=directions)
        for directions in ("elliptical", "measured")
    )
    spread = tops[0].std(0)
    # standard deviations of 200 draws are known to 5 % each
    np.testing.assert_allclose(near.standard_deviation[0] / spread, 1, atol=0.25)
    assert (far.standard_deviation[0, :2] > 1.5 * spread[:2]).all()


def test_residual_noise_moves_and_spreads_outliers_as_those_of_matrices(rng):
    """Symmetric noise that couples the top directions to 300 empty ones."""
    _, _, population = plant("weighted", rng)
    within = np.array([[4000.0, 3000.0], [3000.0, 1000.0]])
    noise = ResidualNoise(within, across=np.array([6000.0, 2000.0]), freedom=4.0)
    own = [0, 1, 1]  # what is not measured is as the last
    noisy = replace(population, residual_noise=noise)
    size, count = 50, 3
    plain, found = (
        predict_batch_outliers(
            p, [size], count=count, draws=800, rng=np.random.default_rng(3)
        )
        for p in (population, noisy)
    )
    n = population.examples
    share = (n - size) / ((n - 1) * size)
    tops = []
    for values in plain.samples[0]:
        scale = share * rng.chisquare(4) / 4
        variance = scale * noise.across[own]
        coupling = np.sqrt(variance / 300) * rng.standard_normal((300, count))
        kicks = np.zeros((count, count))
        kicks[:2, :2] = np.sqrt(scale * within) * rng.standard_normal((2, 2))
        kicks = np.tril(kicks) + np.tril(kicks, -1).T
        # the other 297 empty directions stay empty
        triangle = np.linalg.qr(coupling).R
        matrix = np.zeros((2 * count, 2 * count))
        matrix[:count, :count] = np.diag(values) + kicks
        matrix[count:, :count], matrix[:count, count:] = triangle, triangle.T
        tops.append(np.linalg.eigvalsh(matrix)[::-1][:count])
    moved, spread = np.mean(tops, 0), np.std(tops, 0, ddof=1)
    assert (moved > 1.03 * plain.mean[0]).all()
    # the coupling's columns are orthogonal to order 1/√300 only
    np.testing.assert_allclose(found.mean[0], moved, rtol=0.02)
    # deviations of 800 draws are known to 2.5 % each
    np.testing.assert_allclose(found.standard_deviation[0], spread, rtol=0.12)
    assert (spread > 1.1 * plain.standard_deviation[0]).all()


def test_noise_that_works_against_the_rest_adds_nothing(rng):
    _, _, population = plant("weighted", rng)
    noise = ResidualNoise(-np.ones((2, 2)), -np.ones(2), freedom=5.0)
    noisy = replace(population, residual_noise=noise)
    plain, found = (
        predict_batch_outliers(p, [20], count=2, rng=np.random.default_rng(3))
        for p in (population, noisy)
    )
    np.testing.assert_allclose(found.samples, plain.samples, rtol=1e-12)


def test_all_the_data_have_no_residual_noise(rng):
    _, _, population = plant("weighted", rng)
    noisy = replace(population, residual_noise=NOISE)
    sizes = [population.examples]
    found = predict_batch_outliers(noisy, sizes, count=2, rng=rng)
    np.testing.assert_allclose(found.mean[0], population.spikes[:2], rtol=1e-12)


def samples(values):
    return BatchPrediction(
        batch_sizes=np.array([4, 8]),
        spikes=np.array([2.0, 1.0]),
        samples=np.asarray(values, float),
    )


def test_what_a_prediction_says():
    top = np.arange(1.0, 101)
    prediction = samples(np.stack([np.stack([top, top / 2], 1), np.ones((100, 2))]))
    np.testing.assert_allclose(prediction.mean, [[50.5, 25.25], [1, 1]])
    lower, upper = prediction.interval(0.9)
    np.testing.assert_allclose([lower[0, 0], upper[0, 0]], [5.95, 95.05])
    assert prediction.unstable_probability(2 / 75.5).tolist() == [0.25, 0]
    assert prediction.unstable_probability(2 * 1.9 / 75.5, momentum=0.9)[0] == 0.25
    rates = prediction.stable_learning_rate(probability=0.9, momentum=0.9)
    # at the second size the rate is that of all the data, 2 (1 + β)/θ₁
    np.testing.assert_allclose(rates, [3.8 / 90.1, 3.8 / 2])


def test_the_stable_rate_is_proportional_to_small_batches_and_then_constant(rng):
    _, _, population = plant("weighted", rng)
    crossover = noise_batch_size(population)
    second = (population.weights**2).sum(1).mean()
    positive = population.spikes
    shift = (positive[1:] / (positive[0] - positive[1:])).sum()
    shift += population.remainder / positive[0]
    assert crossover == pytest.approx(second * shift, rel=1e-12)
    found = predict_batch_outliers(population, [300, 600], rng=rng)
    rates = found.stable_learning_rate(probability=0.5)
    np.testing.assert_allclose(rates, 2 / population.spikes[0], rtol=0.1)


def test_all_the_data_are_the_spikes_and_storage_keeps_a_prediction(rng, tmp_path):
    _, _, population = plant("weighted", rng, known=3)
    found = predict_batch_outliers(population, [600], draws=2, rng=rng)
    np.testing.assert_array_equal(found.samples[0, 0], [*population.spikes, 0, 0])
    save(found, tmp_path / "stored")
    again = load(BatchPrediction, tmp_path / "stored")
    np.testing.assert_array_equal(again.samples, found.samples)


def test_negative_spikes_of_a_hessian_are_left_out_of_the_noise(rng):
    _, _, population = plant("weighted", rng)
    spikes = np.append(population.spikes, -1.0)
    hessian = replace(population, spikes=spikes, projections=None, matrix="hessian")
    one, other = (
        predict_batch_outliers(p, [16], draws=3, rng=np.random.default_rng(0))
        for p in (hessian, replace(population, projections=None))
    )
    np.testing.assert_array_equal(one.samples, other.samples)


def test_bad_arguments(rng):
    _, _, population = plant("unweighted", rng)
    bare = replace(population, projections=None)
    with pytest.raises(
        ValueError, match="^batch_sizes: expected sizes from 1 to n = 600"
    ):
        predict_batch_outliers(population, [601], rng=rng)
    with pytest.raises(ValueError, match="^batch_sizes: expected"):
        predict_batch_outliers(population, [], rng=rng)
    with pytest.raises(ValueError, match="^population: expected projections"):
        predict_batch_outliers(bare, [2], rng=rng, directions="measured")
    prediction = samples(np.ones((2, 3, 2)))
    with pytest.raises(ValueError, match="^level: expected"):
        prediction.interval(1.0)
    with pytest.raises(ValueError, match="^probability: expected"):
        prediction.stable_learning_rate(probability=0.0)
