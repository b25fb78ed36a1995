import numpy as np
import pytest

from eigenscape.core import load, save
from eigenscape.spectra import AdditiveNoise, BatchScaling, fit_batch_scaling
from planted import (
    ADDITIVE,
    NOISE,
    SIZES,
    SPIKES,
    additive_spectrum,
    multiplicative_spectrum,
    planted_splits,
)

TRIALS = 3


@pytest.mark.parametrize("kind", ADDITIVE)
def test_additive_noise_is_recovered_and_recognised(kind, rng):
    """True values inside the 95 % intervals, for Wigner, Wishart and regular noise."""
    inside, fits, recognised = [], 0, 0
    for _ in range(TRIALS):
        splits = planted_splits(
            lambda b, r: additive_spectrum(ADDITIVE[kind], b, r), rng
        )
        scaling = fit_batch_scaling(SIZES, splits)
        fit = scaling.fit("additive")
        assert len(fit.spikes) == SPIKES.size
        inside += [t in i for t, i in zip(SPIKES, fit.spikes, strict=True)]
        inside += [NOISE**2 in fit.amplitude, 0.5 in fit.exponent]
        fits += fit.p_value >= 0.01
        recognised += scaling.best == "additive"
    # 21 intervals of 95 %: 20 ± 1, widened for their correlation to four sigma
    assert sum(inside) >= 16
    assert fits >= TRIALS - 1
    assert recognised == TRIALS


def test_multiplicative_noise_is_recovered_and_recognised(rng):
    inside, fits, recognised = [], 0, 0
    for _ in range(2):
        splits = planted_splits(multiplicative_spectrum, rng)
        scaling = fit_batch_scaling(SIZES, splits)
        fit = scaling.fit("multiplicative")
        inside += [t in i for t, i in zip(SPIKES, fit.spikes, strict=True)]
        inside += [295 * 0.05 / 4 in fit.amplitude, 0.5 in fit.exponent]
        fits += fit.p_value >= 0.01
        recognised += scaling.best == "multiplicative"
        assert "additive noise acts too" not in scaling.verdict
    # 14 intervals: 13.3 ± 0.8
    assert sum(inside) >= 11
    assert fits >= 1
    assert recognised == 2


def sampled(batch_size, rng, *, additive, weights):
    """Eigenvalues of A^½ W A^½ + s(b) X, samples weighted by log-normal numbers."""
    samples = 2 * batch_size
    spectrum = np.append(SPIKES, np.full(245, 0.05))
    rows = rng.standard_normal((samples, 250)) * np.sqrt(spectrum)
    each = np.exp(weights * rng.standard_normal(samples) - weights**2 / 2)
    noise = additive / np.sqrt(batch_size) * ADDITIVE["wigner"](250, rng)
    return np.linalg.eigvalsh((rows.T * each) @ rows / samples + noise)


def test_additive_noise_beside_multiplicative_shows_below_zero(rng):
    splits = planted_splits(lambda b, r: sampled(b, r, additive=6, weights=0), rng)
    scaling = fit_batch_scaling(SIZES, splits)
    assert scaling.best == "multiplicative"
    assert "additive noise acts too: the bulk ends at -" in scaling.verdict


def test_heavy_weights_keep_the_scatter_of_multiplicative_noise(rng):
    splits = planted_splits(lambda b, r: sampled(b, r, additive=0, weights=1.3), rng)
    verdict = fit_batch_scaling(SIZES, splits).verdict
    assert verdict.startswith("no noise model fits")
    assert (
        "that of multiplicative noise alone, as examples of unequal weight" in verdict
    )
    assert "acts too" not in verdict


def test_an_exponent_other_than_one_half_is_recovered(rng):
    splits = planted_splits(
        lambda b, r: additive_spectrum(ADDITIVE["wigner"], b, r, exponent=0.35), rng
    )
    fit = fit_batch_scaling(SIZES, splits).fit("additive")
    assert 0.35 in fit.exponent
    assert 0.5 not in fit.exponent


def test_unrelated_curves_are_rejected_by_both_models(rng):
    """Outliers that move inwards as the batch shrinks: no noise does that."""

    def spectrum(batch_size, generator):
        pull = 1 - 2 / np.sqrt(batch_size)
        bulk = generator.uniform(-0.1, 0.1, 295)
        return np.sort([*(SPIKES * pull + 0.02 * generator.standard_normal(5)), *bulk])

    scaling = fit_batch_scaling(SIZES, planted_splits(spectrum, rng))
    assert all(fit.p_value < 0.01 for fit in scaling.fits)
    assert "no noise model fits" in scaling.verdict


def test_censored_outliers_inform_the_fit(rng):
    """At b = 2 and 4 some spikes drown; fitting them as missing would bias θ."""
    sizes = (2, 4, 16, 64, 256)
    splits = planted_splits(
        lambda b, r: additive_spectrum(ADDITIVE["wigner"], b, r), rng, sizes=sizes
    )
    assert min(s.upper.size for s in splits[0]) < SPIKES.size
    fit = fit_batch_scaling(sizes, splits).fit("additive")
    assert sum(t in i for t, i in zip(SPIKES, fit.spikes, strict=True)) >= 4
    # the fitted law itself puts the weakest spike at the edge there
    assert fit.curve[0, -1] == pytest.approx(fit.curve[0, -2], rel=0.15)


def test_a_finite_population_is_taken_into_account(rng):
    """Noise that dies at b = n, as of draws without replacement."""
    population = 256

    def spectrum(batch_size, generator):
        left = (population - batch_size) / (population - 1)
        return additive_spectrum(
            lambda n, r: np.sqrt(left) * ADDITIVE["wigner"](n, r), batch_size, generator
        )

    splits = planted_splits(spectrum, rng)
    scaling = fit_batch_scaling(
        SIZES, splits, population=population, models=(AdditiveNoise(),)
    )
    fit = scaling.fit("additive")
    assert 0.5 in fit.exponent
    assert NOISE**2 in fit.amplitude
    np.testing.assert_allclose(fit.curve[-1], [s.value for s in fit.spikes], rtol=1e-9)


def test_bands_hold_the_curve_and_results_are_stored(rng, tmp_path):
    splits = planted_splits(
        lambda b, r: additive_spectrum(ADDITIVE["wigner"], b, r), rng, draws=4
    )
    scaling = fit_batch_scaling(SIZES, splits, count=2)
    for fit in scaling.fits:
        assert (fit.curve_lower <= fit.curve).all()
        assert (fit.curve <= fit.curve_upper).all()
        assert fit.curve.shape == (fit.curve_batch_sizes.size, 2)
    save(scaling, tmp_path)
    again = load(BatchScaling, tmp_path)
    assert again.verdict == scaling.verdict
    assert again.fits[0].spikes == scaling.fits[0].spikes
    np.testing.assert_array_equal(again.fits[1].curve, scaling.fits[1].curve)
    with pytest.raises(ValueError, match="expected one of additive, multiplicative"):
        scaling.fit("weighted")


def test_too_few_sizes_do_not_identify_the_exponent(rng):
    splits = planted_splits(
        lambda b, r: additive_spectrum(ADDITIVE["wigner"], b, r),
        rng,
        sizes=(64, 96, 128),
        draws=3,
    )
    scaling = fit_batch_scaling((64, 96, 128), splits)
    assert "do not identify" in scaling.verdict
