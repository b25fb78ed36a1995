import numpy as np
import pytest

from eigenscape.core import ConvergenceError
from eigenscape.spectra import (
    FAMILIES,
    FREE_MEIXNER,
    MARCHENKO_PASTUR,
    SEMICIRCLE,
    fit_bulk,
    fit_law,
    kolmogorov,
    measure_of_eigenvalues,
    wasserstein,
)
from eigenscape.theory import (
    Affine,
    FreeMeixner,
    KestenMcKay,
    MarchenkoPastur,
    Semicircle,
    moments,
    quantile,
)
from planted import goe, wishart


def ideal(law, n=400):
    return measure_of_eigenvalues(quantile(law, (np.arange(n) + 0.5) / n))


@pytest.mark.parametrize(
    ("law", "family"),
    [
        (Affine(Semicircle(2.0), 1.0, 5.0), SEMICIRCLE),
        (MarchenkoPastur(0.3, 2.0), MARCHENKO_PASTUR),
        (MarchenkoPastur(3.0, 0.5), MARCHENKO_PASTUR),
        (Affine(FreeMeixner(1.0, 0.8, 0.4), 1.0, -1.0), FREE_MEIXNER),
        (KestenMcKay(4), FREE_MEIXNER),
    ],
)
def test_a_law_is_found_again(law, family):
    fit = fit_law(ideal(law), family)
    assert fit.explained > 0.98
    expected, got = moments(law, 2), moments(fit.law, 2)
    width = np.sqrt(expected[1] - expected[0] ** 2)
    assert abs(got[0] - expected[0]) < 0.03 * width
    assert np.sqrt(got[1] - got[0] ** 2) == pytest.approx(width, rel=0.03)


@pytest.mark.parametrize(
    ("sample", "best"), [(goe, "semicircle"), (wishart, "Marchenko–Pastur")]
)
def test_sampled_matrices_are_told_apart(rng, sample, best):
    values = np.linalg.eigvalsh(sample(400, rng))
    if sample is wishart:
        values = values * np.sqrt(0.5) + 1
    measure = measure_of_eigenvalues(values)
    fits = {f.name: fit_law(measure, f) for f in FAMILIES}
    others = min(
        f.distance for name, f in fits.items() if name not in {best, "free Meixner"}
    )
    # rigidity: W₁ of a sample to its law is O(log N / N)
    assert fits[best].distance < 0.02
    assert others > 3 * fits[best].distance


def test_the_distance_is_a_choice():
    fit = fit_law(ideal(Semicircle(1.0)), SEMICIRCLE, distance=kolmogorov)
    assert fit.distance < 0.005


def test_an_atom_has_no_scale_to_fit():
    with pytest.raises(ValueError, match="expected a spread of eigenvalues"):
        fit_law(measure_of_eigenvalues(np.ones(5)), SEMICIRCLE)


def test_trial_laws_beyond_rounding_do_not_end_a_fit():
    """Convergence failures count as infinitely far; no near law is a clear error."""

    def fails_beyond(limit):
        def distance(measure, law):
            if moments(law, 2)[1] > limit:
                raise ConvergenceError("x", iterations=1, residual=1.0, remedy="y")
            return wasserstein(measure, law)

        return distance

    sample = ideal(Semicircle(1.0))
    fit = fit_law(sample, SEMICIRCLE, distance=fails_beyond(1.5))
    assert fit.explained > 0.98
    with pytest.raises(ValueError, match="expected a law near the measure"):
        fit_law(sample, SEMICIRCLE, distance=fails_beyond(0.0))


def test_a_bulk_around_zero_is_fitted_by_every_family(rng):
    values = np.concatenate([np.zeros(300), 1e-3 * rng.standard_normal(100)])
    assert len(fit_bulk(measure_of_eigenvalues(values))) >= 2


def test_an_unsuitable_law_explains_little():
    two = measure_of_eigenvalues(np.repeat([-1.0, 1.0], 200))
    assert fit_law(two, SEMICIRCLE).explained < 0.7
