import mpmath
import numpy as np
import pytest
import scipy

import level_samples as samples
from eigenscape.theory.local_laws import (
    number_variance,
    ratio_surmise_mean,
    ratio_surmise_pdf,
    spectral_rigidity,
    wigner_surmise_pdf,
)
from eigenscape.theory.local_laws.superposition import (
    superposed_number_variance,
    superposed_ratio_pdf,
    superposed_ratio_surmise_mean,
    superposed_rigidity,
    superposed_spacing_pdf,
)

LENGTHS = np.array([0.3, 2.0, 9.0])


def test_one_block_is_the_ensemble():
    s = np.linspace(0, 4, 50)
    np.testing.assert_allclose(
        superposed_spacing_pdf(s, 1), wigner_surmise_pdf(s, 1), rtol=1e-12
    )
    np.testing.assert_allclose(
        superposed_ratio_pdf(s, 1), ratio_surmise_pdf(s, 1), atol=1e-8
    )
    assert superposed_ratio_surmise_mean(1) == pytest.approx(ratio_surmise_mean(1))
    np.testing.assert_array_equal(
        superposed_number_variance(LENGTHS, 1), number_variance(LENGTHS, 1)
    )


def test_many_blocks_are_poisson():
    # corrections are of order 1/m
    s = np.linspace(0, 4, 9)
    np.testing.assert_allclose(superposed_spacing_pdf(s, 400), np.exp(-s), atol=0.01)
    np.testing.assert_allclose(superposed_ratio_pdf(s, 60), 1 / (1 + s) ** 2, atol=0.03)
    np.testing.assert_allclose(
        superposed_number_variance(LENGTHS, 2000), LENGTHS, rtol=0.01
    )
    np.testing.assert_allclose(
        superposed_rigidity(LENGTHS, 2000), LENGTHS / 15, rtol=0.01
    )


@pytest.mark.parametrize(
    ("blocks", "published"),
    [(1, 0.535898), (2, 0.423415), (3, 0.403322), (4, 0.396125)],
)
def test_mean_ratios_are_the_published_ones(blocks, published):
    # by Giraud, Macé, Vernier and Alet, 2022
    assert superposed_ratio_surmise_mean(blocks) == pytest.approx(published, abs=6e-7)


@pytest.mark.parametrize("blocks", [1, 2, 3, 5])
def test_densities_have_mass_one_and_reflect(blocks):
    def spacing(s, power):
        return s**power * superposed_spacing_pdf(np.array([s]), blocks)[0]

    for power in (0, 1):
        whole = scipy.integrate.quad(spacing, 0, 12 * blocks, (power,), limit=200)[0]
        assert whole == pytest.approx(1, abs=1e-7)
    nodes, weights = scipy.special.roots_legendre(40)
    r = (nodes + 1) / 2
    density = superposed_ratio_pdf(r, blocks)
    assert density @ weights / 2 == pytest.approx(1 / 2, abs=1e-9)
    # p(r) = p(1/r)/r², as either spacing may come first
    np.testing.assert_allclose(superposed_ratio_pdf(1 / r, blocks), density * r**2)


def test_spacing_density_is_the_second_derivative_of_the_gap_probability():
    with mpmath.workdps(30):
        for s in (0.4, 1.7):
            found = superposed_spacing_pdf(np.array([s]), 3)[0]
            exact = mpmath.diff(
                lambda x: mpmath.erfc(mpmath.sqrt(mpmath.pi) * x / 6) ** 3, s, 2
            )
            assert found == pytest.approx(float(exact), rel=1e-12)


def test_two_blocks_of_matrices(rng):
    width, ratios, counts = 500, [], []
    for first, second in zip(
        samples.bulk_levels(1, 40)[::2], samples.bulk_levels(1, 40)[1::2], strict=True
    ):
        levels = np.sort(np.concatenate([first, second]))
        levels = levels[levels < width] * 2
        steps = np.diff(levels)
        ratios.append(np.minimum(steps[1:] / steps[:-1], steps[:-1] / steps[1:]).mean())
        starts = rng.uniform(0, 2 * width - 8, 400)
        inside = np.searchsorted(levels, starts + 8) - np.searchsorted(levels, starts)
        counts.append(((inside - 8.0) ** 2).mean())
    for values, theory in (
        (ratios, superposed_ratio_surmise_mean(2)),
        (counts, superposed_number_variance(np.array([8.0]), 2)[0]),
    ):
        error = np.std(values, ddof=1) / np.sqrt(len(values))
        # the surmise is known to be right to 0.001
        assert abs(np.mean(values) - theory) < 3.5 * error + 1e-3


def test_rigidity_is_that_of_one_block_on_its_own_scale():
    np.testing.assert_allclose(
        superposed_rigidity(LENGTHS, 3), 3 * spectral_rigidity(LENGTHS / 3, 1)
    )


def test_fewer_than_one_block_is_refused():
    with pytest.raises(ValueError, match="blocks: expected at least 1, got 0"):
        superposed_number_variance(LENGTHS, 0)
