import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.stats import norm

from eigenscape.spectra import SpectralMeasure, smooth, smooth_standard_error


def measure(rng, probes=5, nodes=6):
    weights = rng.dirichlet(np.ones(nodes), probes)
    return SpectralMeasure(rng.normal(size=(probes, nodes)), weights, 100)


def test_the_density_is_a_mixture_of_normals(rng):
    m, grid = measure(rng), np.linspace(-4, 4, 9)
    expected = [
        sum(
            w * norm.pdf(x, n, 0.3)
            for n, w in zip(m.nodes.ravel(), m.weights.ravel(), strict=True)
        )
        / m.probes
        for x in grid
    ]
    np.testing.assert_allclose(smooth(m, grid, 0.3), expected, rtol=1e-12)


def test_mass_and_mean_are_kept(rng):
    m, grid = measure(rng), np.linspace(-12, 12, 4001)
    density = smooth(m, grid, 0.5)
    assert trapezoid(density, grid) == pytest.approx(1.0, abs=1e-10)
    mean = (m.nodes * m.weights).sum(1).mean()
    assert trapezoid(grid * density, grid) == pytest.approx(mean, abs=1e-9)


def test_the_standard_error_is_that_of_probes(rng):
    m, grid = measure(rng), np.array([0.1])
    rows = [
        smooth(SpectralMeasure(n[None], w[None], 100), grid, 0.4)[0]
        for n, w in zip(m.nodes, m.weights, strict=True)
    ]
    expected = np.std(rows, ddof=1) / np.sqrt(len(rows))
    assert smooth_standard_error(m, grid, 0.4)[0] == pytest.approx(expected)


def test_bad_arguments_are_refused(rng):
    with pytest.raises(ValueError, match="bandwidth: expected a positive number"):
        smooth(measure(rng), np.zeros(1), 0.0)
    with pytest.raises(ValueError, match="at least 2 probes for a standard error"):
        smooth_standard_error(measure(rng, probes=1), np.zeros(1), 1.0)
