import numpy as np
import pytest

from eigenscape.spectra.free_addition import (
    SumOfEnsembles,
    compare_free_sum,
    compare_quantiles,
    levels_from_law,
)
from eigenscape.theory import Discrete, KestenMcKay, MarchenkoPastur, Semicircle
from eigenscape.theory.eigenvector_universality import (
    haar_overlaps,
    representative_indices,
)
from eigenscape.theory.ensembles import (
    GOE,
    BlockMatrix,
    Deterministic,
    RandomRegular,
    Wigner,
    Wishart,
    uniform_entries,
)
from eigenscape.theory.ensembles.shuffled import ShuffledDiagonal
from eigenscape.theory.operator_valued.gaussian_blocks import GaussianBlocks

SIZE, SAMPLES = 120, 8
SIGNS = Discrete(np.array([-1.0, 1.0]), np.array([0.5, 0.5]))


@pytest.fixture(scope="module")
def null():
    count = representative_indices(SIZE).size
    rng = np.random.default_rng(0)
    return haar_overlaps(SIZE, count, count, draws=199, rng=rng)


def compared(first, second, null, seed=1):
    pair = SumOfEnsembles("a sum", first, second)
    rng = np.random.default_rng(seed)
    return compare_free_sum(pair, SIZE, SAMPLES, null=null, rng=rng)


def density_at(law, x):
    return float(law.density(np.array([x]))[0])


@pytest.mark.parametrize(
    ("degree", "variance", "expected"),
    [
        (3, 1.0, 0.186240),
        (4, 1.0, 0.198404),
        (8, 1.0, 0.213280),
        (3, 0.25, 0.205980),
        (4, 0.25, 0.227649),
        (8, 0.25, 0.257654),
    ],
)
def test_density_of_graphs_and_a_semicircle_at_zero(degree, variance, expected):
    """(πρ(0))² solves a quadratic equation."""
    law = SumOfEnsembles("", RandomRegular(degree), GOE(variance)).law
    assert density_at(law, 0.0) == pytest.approx(expected, abs=5e-7)
    quadratic = [
        variance**2,
        variance * (degree - 2) + degree**2 / (degree - 1),
        1 - degree,
    ]
    root = np.sqrt(max(np.roots(quadratic))) / np.pi
    assert density_at(law, 0.0) == pytest.approx(root, rel=1e-12)


def test_density_of_wishart_and_a_semicircle():
    """The transform solves c g³ − (1 + cx) g² + (x + c − 1) g − 1 = 0."""
    law = SumOfEnsembles("", Wishart(0.5), GOE()).law
    for x, expected in ((0.0, 0.255366), (0.5, 0.267626), (1.0, 0.264103)):
        roots = np.roots([0.5, -(1 + 0.5 * x), x - 0.5, -1.0])
        assert density_at(law, x) == pytest.approx(abs(roots.imag).max() / np.pi)
        assert density_at(law, x) == pytest.approx(expected, abs=5e-7)
    assert law.support[0].lower == pytest.approx(-1.321454, abs=5e-7)
    assert law.support[0].upper == pytest.approx(3.665726, abs=5e-7)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (RandomRegular(3), GOE()),
        (Wishart(0.5), Wigner(uniform_entries)),
        (Deterministic(SIGNS), Wigner(uniform_entries, 0.64)),
    ],
)
def test_sums_with_ergodic_eigenvectors_are_free_to_within_levels(first, second, null):
    found = compared(first, second, null)
    # Half a level at an edge, and the chance of eight samples.
    assert found.levels < 2
    assert found.rotated_levels < 2
    assert found.distance_p_value > 1e-4
    assert found.rejected(0.05) <= 4 / SAMPLES
    assert np.allclose(found.eigenvalues.sum(1), found.rotated.sum(1))


def test_aligned_blocks_are_not_free(null):
    """E tr H³/N tends to 4.5 aligned and to 0 free."""
    blocks = GaussianBlocks(np.diag([2.0, 8.0]), np.array([0.5, 0.5]), np.zeros(2))
    found = compared(Deterministic(SIGNS), BlockMatrix(blocks), null)
    assert found.levels > 0.05 * SIZE
    assert found.rotated_levels < 2
    assert found.rejected() == 1
    assert (found.eigenvalues**3).mean() == pytest.approx(4.5, abs=0.5)
    assert (found.rotated**3).mean() == pytest.approx(0.0, abs=0.5)


def test_shuffled_signs_add_as_independent_numbers_do(null):
    """Fourth moment 8, not the 6 of the arcsine law; half of the sums are 0."""
    found = compared(Deterministic(SIGNS), ShuffledDiagonal(SIGNS), null)
    assert (found.eigenvalues**4).mean() == pytest.approx(8, abs=0.5)
    assert (found.rotated**4).mean() == pytest.approx(6, abs=0.2)
    assert found.levels > 0.2 * SIZE
    assert found.distance_p_value < 1e-3


def test_sums_of_equal_limit_have_equal_quantiles(null):
    gaussian = compared(RandomRegular(3), GOE(), null)
    uniform = compared(RandomRegular(3), Wigner(uniform_entries), null, seed=2)
    other = compared(RandomRegular(4), GOE(1.5), null)
    assert compare_quantiles(gaussian, uniform).levels < 2.5
    assert compare_quantiles(gaussian, uniform).greatest_difference < 0.1
    assert compare_quantiles(gaussian, other).levels > 2.5
    same = compare_quantiles(gaussian, gaussian)
    assert same.levels == same.greatest_difference == 0


def test_quantiles_of_other_sizes_are_refused(null):
    first = compared(RandomRegular(3), GOE(), null)
    pair = SumOfEnsembles("", RandomRegular(3), GOE())
    rng = np.random.default_rng(0)
    count = representative_indices(30).size
    small = haar_overlaps(30, count, count, draws=9, rng=rng)
    with pytest.raises(ValueError, match="size 120, got 30"):
        compare_quantiles(first, compare_free_sum(pair, 30, 2, null=small, rng=rng))


@pytest.mark.parametrize("law", [Semicircle(2.0), MarchenkoPastur(0.5), KestenMcKay(3)])
def test_quantiles_of_a_law_are_half_a_level_from_it(law):
    rng = np.random.default_rng(0)
    values = Deterministic(law).sample_eigenvalues(40, rng=rng)
    assert levels_from_law(values[None, :], law) == pytest.approx(0.5, abs=1e-6)
    assert levels_from_law(values[None, :] + 100, law) == pytest.approx(40)
