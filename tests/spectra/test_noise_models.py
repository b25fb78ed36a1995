import numpy as np
import pytest

from eigenscape.spectra import AdditiveNoise, MultiplicativeNoise
from eigenscape.theory import (
    Affine,
    FreeMeixner,
    Semicircle,
    outlier_location,
    spike_threshold,
)
from planted import SPIKES


def additive(alpha, beta=0.0, a=0.0, b=0.0):
    return np.array([np.log(alpha), beta / SPIKES[-1], a, np.log1p(2 * b)])


@pytest.mark.parametrize(
    ("a", "b"), [(0.0, 0.0), (0.7, 0.0), (0.0, -1 / 3), (-0.4, 0.3)]
)
@pytest.mark.parametrize("scale", [0.05, 0.5, 1.0, 3.0])
def test_additive_locations_are_those_of_the_theory(a, b, scale):
    """Against `outlier_location`, which solves the threshold for any law."""
    noise = Affine(FreeMeixner(variance=4.0, a=a, b=b), scale, 0.0)
    got = AdditiveNoise().locations(SPIKES, additive(4.0, a=a, b=b), scale)
    threshold = spike_threshold(noise)
    for spike, location in zip(SPIKES, got, strict=True):
        expected = outlier_location(float(spike), noise)
        if expected is None:
            assert spike <= threshold * (1 + 1e-9)
            expected = noise.support[0].upper
        assert location == pytest.approx(expected, rel=1e-10)


def test_the_semicircle_gives_the_published_form():
    """θ + α s² (1/θ + β/θ²), exactly, above the threshold."""
    got = AdditiveNoise().locations(SPIKES, additive(2.0, beta=0.3), 0.5)
    expected = SPIKES + 2.0 * 0.25 * (1 / SPIKES + 0.3 / SPIKES**2)
    np.testing.assert_allclose(got, expected, rtol=1e-14)


def test_below_the_threshold_an_additive_spike_sits_at_the_edge():
    got = AdditiveNoise().locations(SPIKES, additive(36.0), 1.0)
    edge = Semicircle(36.0).support[0].upper
    # thresholds: θ = 6 is exactly critical, θ = 5 is below
    np.testing.assert_allclose(got[3:], edge, rtol=1e-12)
    assert (np.diff(got[:4]) < 0).all()


def multiplicative_mean(spikes, bulk, count, columns, rng, draws=400):
    size = spikes.size + count
    spectrum = np.concatenate([spikes, np.full(count, bulk)])
    tops = []
    for _ in range(draws):
        data = np.sqrt(spectrum)[:, None] * rng.standard_normal((size, columns))
        gram = data.T @ data if columns < size else data @ data.T
        tops.append(np.linalg.eigvalsh(gram / columns)[::-1][: spikes.size])
    tops = np.array(tops)
    return tops.mean(0), tops.std(0, ddof=1) / np.sqrt(draws)


@pytest.mark.parametrize("columns", [16, 64, 256])
def test_multiplicative_locations_are_those_of_sampled_matrices(rng, columns):
    bulk, count = 0.05, 200
    mean, error = multiplicative_mean(SPIKES, bulk, count, columns, rng)
    trace = bulk * count
    # with s = 1, T/m is the shift T/M and m = M
    noise = np.log([trace / columns, bulk / SPIKES[-1], columns])
    got = MultiplicativeNoise(draws=2000).locations(SPIKES, noise, 1.0)
    # four standard errors, and the next order of the bulk, (T/M)²/θ
    allowed = 4 * error + (trace / columns) ** 2 / SPIKES[-1]
    assert (np.abs(got - mean) <= allowed).all()


def test_a_single_multiplicative_spike_in_closed_form():
    """θ + (T/M) θ/(θ − σ²): 10 + 2·10/9 for θ = 10, N/M = 2, σ² = 1."""
    spikes = np.array([10.0])
    noise = np.array([np.log(2.0), np.log(0.1), 30.0])
    got = MultiplicativeNoise().locations(spikes, noise, 1.0)
    # the one-dimensional block is exact: its mean is its trace
    assert got[0] == pytest.approx(10 + 20 / 9, rel=1e-12)


def test_below_the_threshold_a_multiplicative_spike_sits_at_the_edge():
    """σ² (1 + √γ)² with γ = T/(M σ²): the Marchenko–Pastur edge."""
    spikes = np.array([1.2])
    noise = np.array([np.log(2.0), np.log(1 / 1.2), 30.0])
    got = MultiplicativeNoise().locations(spikes, noise, 1.0)
    assert got[0] == pytest.approx((1 + np.sqrt(2.0)) ** 2, rel=1e-12)


@pytest.mark.parametrize("model", [AdditiveNoise(), MultiplicativeNoise()])
def test_without_noise_outliers_are_spikes(model):
    start = np.array([p.start for p in model.parameters(SPIKES, 1.0)])
    got = model.locations(SPIKES, start, 1e-8)
    # first-order shifts are of order s² = 1e-16, the sampled block of order s
    np.testing.assert_allclose(got, SPIKES, rtol=1e-6)


@pytest.mark.parametrize("model", [AdditiveNoise(), MultiplicativeNoise()])
def test_starts_lie_inside_their_bounds(model):
    for parameter in model.parameters(SPIKES, 1e-6):
        assert parameter.lower < parameter.start < parameter.upper
