import functools

import numpy as np
import pytest

import level_samples as samples
from eigenscape.spectra.local.spacings import spacing_test, spacings
from eigenscape.theory.local_laws import spacing_cdf


def test_spacings_of_each_order():
    rows = [np.array([0.5, 1.0, 3.0, 3.5]), np.array([1.0, 2.0])]
    levels = samples.levels_of(rows, 4)
    first, second = spacings(levels)
    np.testing.assert_allclose(first, [0.5, 2, 0.5])
    np.testing.assert_allclose(second, [1])
    first, second = spacings(levels, 2)
    np.testing.assert_allclose(first, [2.5, 2.5])
    assert second.size == 0


@pytest.mark.parametrize("beta", samples.BETAS)
@pytest.mark.parametrize("order", [1, 2])
def test_p_values_are_uniform(beta, order, rng):
    cdf = functools.partial(spacing_cdf, beta=beta, order=order)
    trials = samples.lone(beta)
    tests = [spacing_test(one, cdf, order, rng=rng, draws=100) for one in trials]
    p_values = np.array([test.p_value for test in tests])
    for level in (0.1, 0.5):
        # three standard errors and a twentieth for some twenty units
        allowed = 3 * np.sqrt(level * (1 - level) / len(trials)) + 0.05
        assert abs((p_values <= level).mean() - level) < allowed


def test_classes_are_told_apart(rng):
    both = [
        spacing_test(
            samples.many(1)[0], functools.partial(spacing_cdf, beta=beta), rng=rng
        )
        for beta in (1, 2)
    ]
    assert both[0].p_value > 0.01
    assert both[1].p_value < 0.001


@pytest.mark.parametrize(("order", "message"), [(0, "at least 1"), (9, "fewer than")])
def test_bad_orders(order, message):
    levels = samples.levels_of([np.arange(9.0)], 9)
    with pytest.raises(ValueError, match=f"order: expected {message}"):
        spacings(levels, order)
