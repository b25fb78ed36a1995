import itertools

import numpy as np
import pytest
import scipy

from eigenscape.core import load, save
from eigenscape.landscape.gan.survey import Phases
from eigenscape.landscape.gan.trained_losses import (
    LossSweep,
    loss_sweep,
    mean_least,
    rank_agreement,
)


def test_the_correlation_is_spearmans(rng):
    x = rng.integers(0, 6, 20).astype(float)  # with ties
    y = x + 3 * rng.standard_normal(20)
    found = rank_agreement(x, y, rng=rng)
    assert found.correlation == pytest.approx(scipy.stats.spearmanr(x, y).statistic)


def test_the_p_value_is_that_of_all_orders(rng):
    x, y = np.array([3.0, 1.0, 4.0, 1.5, 9.0]), np.array([2.0, 1.0, 3.0, 0.0, 4.0])
    found = rank_agreement(x, y, rng=rng)
    orders = np.array(list(itertools.permutations(scipy.stats.rankdata(x))))
    centred = scipy.stats.rankdata(y) - 3
    values = np.abs(orders @ centred)
    exact = (values >= abs(scipy.stats.rankdata(x) @ centred)).mean()
    # Three standard errors of 999 draws.
    assert abs(found.p_value - exact) < 3 * (exact / 999) ** 0.5 + 1e-3
    opposite = rank_agreement(x, -y, rng=rng)
    assert opposite.correlation == pytest.approx(-found.correlation)


def test_p_values_are_uniform_without_an_effect(rng):
    predicted = np.arange(9.0)
    values = [
        rank_agreement(rng.standard_normal(9), predicted, rng=rng).p_value
        for _ in range(300)
    ]
    for level in (0.05, 0.2, 0.5):
        share = np.mean(np.array(values) <= level)
        assert abs(share - level) < 3.5 * (level * (1 - level) / 300) ** 0.5


def test_what_does_not_vary_agrees_with_nothing(rng):
    found = rank_agreement(np.ones(4), np.arange(4.0), rng=rng)
    assert (found.correlation, found.p_value) == (0.0, 1.0)
    assert str(found) == "0.00 (p = 1)"


def test_standard_errors_cover(rng):
    samples = rng.standard_normal((4000, 5)) + 2
    inside = [abs(e.value - 2) <= 2 * e.standard_error for e in mean_least(samples)]
    exact = 1 - 2 * scipy.stats.t.sf(2, 4)
    assert abs(np.mean(inside) - exact) < 4 * (exact * (1 - exact) / 4000) ** 0.5


def test_a_sweep_is_stored(rng, tmp_path):
    values = np.array([0.1, 0.5, 0.9])
    theory = Phases("κ", values, values, -values, values - 1)
    losses = np.stack([np.array([[0.3, 0.2]] * 2) * k for k in (3, 2, 1)])
    found = loss_sweep(theory, values, losses, rng=rng)
    assert found.discriminator_agreement.correlation == pytest.approx(1)
    assert found.generator_agreement.correlation == pytest.approx(-1)
    save(found, tmp_path / "sweep")
    again = load(LossSweep, tmp_path / "sweep")
    assert (again.discriminator == found.discriminator).all()
    assert again.generator_agreement == found.generator_agreement
