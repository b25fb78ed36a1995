import numpy as np
import pytest

from eigenscape.spectra import (
    SpectralMeasure,
    measure_of_eigenvalues,
    split_spectrum,
)
from planted import SPIKES, additive_spectrum, goe, multiplicative_spectrum


def split(values, **options):
    values = np.asarray(values, float)
    return split_spectrum(measure_of_eigenvalues(values), values, **options)


def test_planted_spikes_are_found(rng):
    for batch_size in (32, 256):
        values = additive_spectrum(goe, batch_size, rng)
        result = split_spectrum(measure_of_eigenvalues(values), values[-25:])
        assert result.upper.size == SPIKES.size
        assert result.lower.size == 0
        np.testing.assert_array_equal(result.upper, values[::-1][: SPIKES.size])
        assert result.bulk_edges[1] == values[-SPIKES.size - 1]


def test_multiplicative_spikes_are_found(rng):
    values = multiplicative_spectrum(256, rng)
    result = split_spectrum(measure_of_eigenvalues(values), values[-25:])
    assert result.upper.size == SPIKES.size


def test_noise_alone_has_no_outliers(rng):
    """False outliers in under 2 % of spectra, as the docstring says."""
    trials, false = 200, 0
    for _ in range(trials):
        values = np.linalg.eigvalsh(goe(400, rng))
        false += split(values).outliers.size > 0
    # a proportion of 2 % allows 4 + three standard deviations of 2
    assert false <= 10


def test_a_smoothly_decaying_spectrum_has_no_outliers():
    assert split([*0.8 ** np.arange(30), *[0.0] * 100]).outliers.size == 0


def test_the_lower_side_is_the_mirror_image(rng):
    values = additive_spectrum(goe, 64, rng)
    upper, lower = split(values), split(-values[::-1])
    np.testing.assert_allclose(lower.lower, -upper.upper)
    np.testing.assert_allclose(lower.bulk_edges[0], -upper.bulk_edges[1])
    assert lower.upper.size == upper.lower.size


def test_bulk_and_outliers_make_up_the_spectrum(rng):
    values = additive_spectrum(goe, 64, rng)
    result = split(values)
    lower, upper = result.bulk_edges
    inside = (values >= lower) & (values <= upper)
    assert inside.sum() + result.outliers.size == values.size
    assert result.bulk.dimension == inside.sum()


def test_outliers_are_ragged_across_draws(rng):
    """At s = 4.2 and θ = 5, 6 near the threshold, counts differ from draw to draw."""
    counts = {
        split(additive_spectrum(goe, 2, rng, size=200)).upper.size for _ in range(12)
    }
    assert len(counts) > 1


@pytest.mark.parametrize("gap", [0.0, 1.0, -1.0, np.nan])
def test_bad_gaps_are_refused(gap):
    with pytest.raises(
        ValueError, match=r"relative_gap: expected a number in \(0, 1\)"
    ):
        split([1.0, 2.0], relative_gap=gap)


@pytest.mark.parametrize("extremes", [[], [np.nan], [np.inf, 1.0]])
def test_bad_extremes_are_refused(extremes):
    measure = measure_of_eigenvalues(np.zeros(3))
    with pytest.raises(ValueError, match="extremes: expected at least one eigenvalue"):
        split_spectrum(measure, np.array(extremes))


@pytest.mark.parametrize("values", [[0.0], [1.0, 1.0], [0.0, 0.0, 5.0]])
def test_tiny_spectra_split(values):
    result = split(values)
    assert result.bulk_edges[0] <= result.bulk_edges[1]
    assert isinstance(result.bulk, SpectralMeasure)
