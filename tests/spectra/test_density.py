import numpy as np
import pytest
from scipy.integrate import trapezoid

from eigenscape.spectra import (
    SpectralMeasure,
    estimate_density,
    fit_bulk,
    measure_of_eigenvalues,
    split_spectrum,
)
from planted import SPIKES, additive_spectrum, goe


def planted(rng):
    values = additive_spectrum(goe, 64, rng)
    measure = SpectralMeasure(
        np.stack([values, values]), np.full((2, values.size), 1 / values.size), 300
    )
    return measure, split_spectrum(measure, values[-25:])


def test_the_grid_resolves_bulk_and_outliers(rng):
    measure, split = planted(rng)
    density = estimate_density(measure, split, fit_bulk(split.bulk))
    inside = density.grid <= split.bulk_edges[1] + 5 * density.bandwidth
    bulk = trapezoid(density.values[inside], density.grid[inside])
    assert bulk == pytest.approx(1 - SPIKES.size / 300, abs=1e-3)
    for spike in split.upper:
        near = np.abs(density.grid - spike) <= 4.01 * density.bandwidth
        mass = trapezoid(density.values[near], density.grid[near])
        assert mass == pytest.approx(1 / 300, rel=0.02)
    np.testing.assert_allclose(density.standard_errors, 0, atol=1e-12)


def test_the_fitted_law_lies_over_the_bulk(rng):
    measure, split = planted(rng)
    fits = fit_bulk(split.bulk)
    density = estimate_density(measure, split, fits)
    assert fits[0].family in {"semicircle", "free Meixner"}
    assert [f.distance for f in fits] == sorted(f.distance for f in fits)
    gap = np.abs(density.values - density.fitted[0])
    # 295 eigenvalues in forty bandwidths: local fluctuations of a few per cent
    assert gap[: gap.size // 2].max() < 0.15 * density.values.max()


def test_a_bulk_of_one_atom_has_a_density_and_no_law():
    values = np.array([0.0] * 50)
    measure = SpectralMeasure(np.stack([values] * 2), np.full((2, 50), 0.02), 50)
    split = split_spectrum(measure, values)
    assert fit_bulk(split.bulk) == ()
    density = estimate_density(measure, split, ())
    assert np.isfinite(density.values).all()
    assert density.fitted.shape[0] == 0
    assert measure_of_eigenvalues(values).dimension == 50
