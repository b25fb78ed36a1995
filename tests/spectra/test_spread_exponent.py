import numpy as np
import pytest

from eigenscape.spectra import fit_batch_scaling
from eigenscape.spectra.outlier_observations import observe_outliers, outlier_spread
from eigenscape.spectra.spread_exponent import LEADING_ORDER, spread_exponent
from planted import (
    ADDITIVE,
    SIZES,
    additive_spectrum,
    multiplicative_spectrum,
    planted_splits,
)


def normal_draws(rng, exponent, *, draws=10):
    """Outliers whose scatter is exactly c(b) λ^κ."""
    means = np.array([20.0, 12.0, 8.0, 6.0]) * np.linspace(1.5, 1, 7)[:, None]
    spread = np.geomspace(0.05, 0.01, 7)[:, None] * means**exponent
    values = means[:, None] + spread[:, None] * rng.standard_normal((7, draws, 4))
    freedom = np.full(means.shape, draws - 1.0)
    return means, values.var(1, ddof=1), freedom, np.ones(means.shape, bool)


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
def test_the_exponent_of_normal_draws_is_found_within_its_error(rng, exponent):
    """Without the error of the leading order, deviations are those of a normal law."""
    found = [spread_exponent(*normal_draws(rng, exponent)) for _ in range(200)]
    errors = np.array([f.standard_error for f in found])
    sampling = np.sqrt(errors**2 - LEADING_ORDER**2)
    off = (np.array([f.value for f in found]) - exponent) / sampling
    # widened where logarithms scatter more, never narrowed: a spread of 1 or less
    assert abs(off.mean()) < 4 / np.sqrt(200)
    assert 0.7 < off.std() < 1.1
    assert found[0].samples == 28


@pytest.mark.parametrize("kind", ["wigner", "wishart", "multiplicative"])
def test_planted_noise_has_the_exponent_of_its_kind(kind, rng):
    def spectrum(batch_size, generator):
        if kind == "multiplicative":
            return multiplicative_spectrum(batch_size, generator)
        return additive_spectrum(ADDITIVE[kind], batch_size, generator)

    splits = planted_splits(spectrum, rng)
    found = outlier_spread(observe_outliers(SIZES, splits, population=None)).exponent
    truth, other = (1.0, 0.0) if kind == "multiplicative" else (0.0, 1.0)
    assert abs(found.value - truth) < 3 * found.standard_error
    assert abs(found.value - other) > 3 * found.standard_error
    scaling = fit_batch_scaling(SIZES, splits, count=4)
    name = "additive" if truth == 0 else "multiplicative"
    assert scaling.verdict.startswith(f"{name} noise fits")
    assert f"refused: {'multiplicative' if truth == 0 else 'additive'}" in (
        scaling.verdict
    )


def test_one_outlier_or_close_ones_say_nothing(rng):
    means, variances, freedom, usable = normal_draws(rng, 1.0)
    one = (part[:, :1] for part in (means, variances, freedom, usable))
    assert spread_exponent(*one) is None
    close = np.ones_like(means) + 1e-3 * np.arange(4)
    assert spread_exponent(close, variances, freedom, usable) is None
    assert spread_exponent(means, variances, freedom, np.zeros_like(usable)) is None
