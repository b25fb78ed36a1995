"""Risks over spectra: published numbers, closed forms, exhaustive search, a run."""

import numpy as np
import pytest

from eigenscape.theory import Discrete, Semicircle, Uniform
from eigenscape.theory.averaging_risk import (
    NoisyQuadratic,
    averaged_risk,
    best_average,
    last_risk,
)
from eigenscape.theory.iterate_averaging import (
    AveragedIterates,
    averaged_iterate,
    long_average,
)


def test_simulated_norms_are_those_expected(rng):
    """20,000 parameters, λ log-uniform in [0.05, 1], η = 1/2, σ = 1, B = 8, n = 2000.

    The values were computed once, by others, from another draw of the eigenvalues:
    4119, 82.3 and 84.0, with 4099 and 81.3 simulated. Means over the law of λ are
    compared, a draw of it deviating by less than a hundredth.
    """
    eigenvalues = np.exp(rng.uniform(np.log(0.05), 0, 20_000))
    quadratic = NoisyQuadratic.of(eigenvalues, noise_variance=1 / 8)
    last = last_risk(quadratic, 2000, learning_rate=0.5)
    average = averaged_risk(quadratic, AveragedIterates(2000), learning_rate=0.5)
    assert 20_000 * last.squared_norm == pytest.approx(4119, rel=0.01)
    assert 20_000 * average.squared_norm == pytest.approx(82.3, rel=0.02)
    leading = long_average(
        eigenvalues, AveragedIterates(2000), learning_rate=0.5, noise_variance=1 / 8
    )
    norm = (leading.bias**2 + leading.variance).sum()
    assert norm == pytest.approx(84.0, rel=0.02)


def test_one_run_of_many_parameters_shows_the_expected_norms(rng):
    count, steps = 2000, 400
    eigenvalues = np.exp(rng.uniform(np.log(0.05), 0, count))
    w, total = np.ones(count), np.zeros(count)
    for _ in range(steps):
        w -= 0.5 * (eigenvalues * w + rng.standard_normal(count) / np.sqrt(8))
        total += w / steps
    quadratic = NoisyQuadratic.of(eigenvalues, noise_variance=1 / 8)
    last = last_risk(quadratic, steps, learning_rate=0.5)
    average = averaged_risk(quadratic, AveragedIterates(steps), learning_rate=0.5)
    # A sum of 2,000 squares of unequal variance has a standard error of about 4 %.
    assert w @ w / count == pytest.approx(last.squared_norm, rel=0.16)
    assert total @ total / count == pytest.approx(average.squared_norm, rel=0.16)
    assert eigenvalues @ w**2 / (2 * count) == pytest.approx(last.loss, rel=0.16)
    assert average.squared_norm < last.squared_norm / 5


def test_a_law_gives_the_mean_over_its_eigenvalues():
    grid = 0.05 + 0.95 * (np.arange(20_000) + 0.5) / 20_000
    averaged = AveragedIterates(40, 10, 3)
    risks = [
        averaged_risk(
            NoisyQuadratic.of(spectrum, noise_variance=0.3, initial_square=2.0),
            averaged,
            learning_rate=0.8,
        )
        for spectrum in (Uniform(0.05, 1.0), grid)
    ]
    # The midpoint rule errs by f''/24 of a squared spacing.
    assert risks[0].loss == pytest.approx(risks[1].loss, rel=1e-7)
    assert risks[0].squared_norm == pytest.approx(risks[1].squared_norm, rel=1e-7)
    assert risks[0].noise_loss == pytest.approx(risks[1].noise_loss, rel=1e-7)


def test_atoms_count_by_their_weight():
    law = Discrete(np.array([0.0, 2.0]), np.array([0.25, 0.75]))
    quadratic = NoisyQuadratic.of(law, noise_variance=0.5, initial_square=3.0)
    averaged = AveragedIterates(7)
    moments = averaged_iterate(
        np.array([2.0]), averaged, learning_rate=0.3, noise_variance=0.5
    )
    found = averaged_risk(quadratic, averaged, learning_rate=0.3)
    assert found.bias_loss == pytest.approx(0.75 * 3 * moments.bias[0] ** 2)
    assert found.noise_loss == pytest.approx(0.75 * moments.variance[0])
    assert found.loss == found.bias_loss + found.noise_loss


@pytest.mark.parametrize(("rate", "every"), [(0.02, 1), (0.4, 1), (0.1, 3)])
@pytest.mark.parametrize("noise", [0.0, 1e-3, 1.0])
def test_the_best_start_is_that_of_an_exhaustive_search(rate, noise, every):
    spectrum = np.geomspace(0.01, 2.0, 20)
    quadratic = NoisyQuadratic.of(spectrum, noise_variance=noise)
    steps = 120
    losses = {
        count: averaged_risk(
            quadratic,
            AveragedIterates(count, steps - every * count, every),
            learning_rate=rate,
        ).loss
        for count in range(1, steps // every + 1)
    }
    found = best_average(quadratic, steps, learning_rate=rate, every=every)
    assert found.steps == steps
    assert losses[found.count] == pytest.approx(min(losses.values()), rel=1e-12)
    assert noise or found.count == 1


def test_the_fewer_the_steps_the_later_the_share_averaged():
    """Noise alone asks for the whole path, the start for its end."""
    quadratic = NoisyQuadratic.of(Uniform(0.05, 1.0), noise_variance=0.01)
    shares = [
        best_average(quadratic, steps, learning_rate=0.5).count / steps
        for steps in (50, 300, 2000)
    ]
    assert shares == sorted(shares)


def test_negative_eigenvalues_and_too_few_steps_are_refused():
    with pytest.raises(ValueError, match="expected eigenvalues of at least 0"):
        NoisyQuadratic.of(Semicircle(1.0), noise_variance=1.0)
    quadratic = NoisyQuadratic.of(np.ones(1), noise_variance=1.0)
    with pytest.raises(ValueError, match="steps: expected at least every = 3"):
        best_average(quadratic, 2, learning_rate=0.1, every=3)
