import numpy as np
import pytest

from eigenscape.spectra import AdditiveNoise, SpectrumSplit, measure_of_eigenvalues
from eigenscape.spectra.noise_fit import fit_noise_model
from eigenscape.spectra.outlier_observations import observe_outliers, outlier_spread
from planted import SPIKES

BULK = measure_of_eigenvalues(np.linspace(-0.1, 0.1, 21))
SIZES = (8, 16, 32, 64, 128, 256)
MODEL = AdditiveNoise()
TRUTH = np.array([np.log(30.0), 0.0, 0.0, 0.0])


def outliers(rng, *, correlation=0.0, scale=0.5, draws=10):
    """Outliers exactly on the law, with Gaussian scatter: no matrices involved."""
    k = SPIKES.size
    mix = np.linalg.cholesky(
        (1 - correlation) * np.eye(k) + correlation * np.ones((k, k))
    )
    rows = []
    for b in SIZES:
        mean = MODEL.locations(SPIKES, TRUTH, b**-0.5)
        noise = scale * b**-0.5 * rng.standard_normal((draws, k)) @ mix.T
        tops = np.sort(mean + noise, axis=1)[:, ::-1]
        rows.append([SpectrumSplit(BULK, t, (-0.1, 0.1), 0.05) for t in tops])
    return rows


def fit(rows):
    obs = observe_outliers(SIZES, rows, population=None)
    return fit_noise_model(MODEL, obs, outlier_spread(obs), population=None)


def test_without_scatter_the_truth_is_recovered(rng):
    found = fit(outliers(rng, scale=1e-5))
    values = [s.value for s in found.spikes]
    np.testing.assert_allclose(values, SPIKES, rtol=1e-5)
    assert found.exponent.value == pytest.approx(0.5, abs=1e-3)
    assert found.amplitude.value == pytest.approx(30.0, rel=1e-2)


@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_intervals_and_p_values_are_honest(rng, correlation):
    """Coverage of 95 % intervals and size of the test at 10 %, over 25 fits."""
    trials, held, p_values = 25, [], []
    for _ in range(trials):
        found = fit(outliers(rng, correlation=correlation))
        held.append([t in s for t, s in zip(SPIKES, found.spikes, strict=True)])
        held[-1] += [30.0 in found.amplitude, 0.5 in found.exponent]
        p_values.append(found.p_value)
    coverage = np.mean(held, axis=0)
    # binomial: 0.95 ± 0.028; three standard deviations down
    assert coverage.min() >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / trials)
    assert np.mean(coverage) >= 0.92
    # the test of fit rejects 10 % at 10 %: 2.5 ± 1.5 of 25
    assert np.mean(np.array(p_values) < 0.1) <= (2.5 + 3 * 1.5) / trials


@pytest.mark.parametrize("scale", [1e-14, 1e14])
def test_the_fit_does_not_depend_on_the_unit(rng, scale):
    rows = outliers(rng)
    scaled = [
        [
            SpectrumSplit(
                measure_of_eigenvalues(s.bulk.nodes[0] * scale),
                s.outliers * scale,
                (-0.1 * scale, 0.1 * scale),
                0.05,
            )
            for s in row
        ]
        for row in rows
    ]
    first, second = fit(rows), fit(scaled)
    for one, other in zip(first.spikes, second.spikes, strict=True):
        assert other.value == pytest.approx(one.value * scale, rel=1e-6)
    assert second.amplitude.upper == pytest.approx(
        first.amplitude.upper * scale**2, rel=1e-4
    )
    assert second.p_value == pytest.approx(first.p_value, rel=1e-4)


def test_a_wrong_curve_is_rejected(rng):
    rows = outliers(rng)
    moved = [
        [
            SpectrumSplit(
                BULK, s.outliers + (2.0 if i == 2 else 0.0), s.bulk_edges, 0.05
            )
            for s in row
        ]
        for i, row in enumerate(rows)
    ]
    assert fit(moved).p_value < 1e-3


def test_the_band_is_that_of_the_mean(rng):
    """The 95 % band at a batch size holds the true mean curve."""
    held = []
    for _ in range(15):
        found = fit(outliers(rng))
        truth = np.stack([
            MODEL.locations(SPIKES, TRUTH, b**-0.5) for b in found.curve_batch_sizes
        ])
        inside = (found.curve_lower <= truth) & (truth <= found.curve_upper)
        held.append(inside[::20].mean())
    assert np.mean(held) >= 0.85
