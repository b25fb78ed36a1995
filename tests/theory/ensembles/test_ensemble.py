"""What every ensemble promises, with the exact moments of finite matrices."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from eigenscape.theory.ensembles.block_matrix import BlockMatrix
from eigenscape.theory.ensembles.deterministic import Deterministic
from eigenscape.theory.ensembles.ensemble import Ensemble, require_size, samples_for
from eigenscape.theory.ensembles.entries import sign_entries, uniform_entries
from eigenscape.theory.ensembles.gaussian import GOE, GSE, GUE, GaussianBeta
from eigenscape.theory.ensembles.jacobi import JacobiBeta, Manova
from eigenscape.theory.ensembles.laguerre import LaguerreBeta
from eigenscape.theory.ensembles.regular_graph import RandomRegular
from eigenscape.theory.ensembles.rotated import RotatedProduct, RotatedSum
from eigenscape.theory.ensembles.spiked import Spiked
from eigenscape.theory.ensembles.wigner import Band, Wigner
from eigenscape.theory.ensembles.wishart import CorrelatedWishart, Wishart
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.jacobi import Jacobi
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.operator_valued.gaussian_blocks import GaussianBlocks
from eigenscape.theory.transforms import cdf

TWO = Discrete(np.array([1.0, 3.0]), np.array([0.75, 0.25]))
NETWORKS = GaussianBlocks(
    np.array([[1.0, 0.5], [0.5, 0.25]]), np.array([0.75, 0.25]), np.array([-2.0, 0.0])
)
STUDENT = stats.t(9, scale=math.sqrt(7 / 9))  # fourth moment 3 · 7/5


def gaussian_moments(size, beta, variance=1.0):
    """Dumitriu and Edelman (2002), by the tridiagonal model."""
    a = 2 / beta - 1
    second = 1 + a / size
    fourth = 2 + 5 * a / size + (3 * (a + 1) ** 2 - 5 * (a + 1) + 3) / size**2
    return {1: 0.0, 2: variance * second, 4: variance**2 * fourth}


def wigner_moments(width, kurtosis, variance=1.0):
    """Closed walks of four steps that use every edge twice, around a band."""
    return {1: 0.0, 2: variance, 4: variance**2 * (2 + (kurtosis - 2) / width)}


def wishart_moments(size, ratio, beta, scale=1.0):
    samples = samples_for(size, ratio)
    second = 1 + (size - 1 + 2 / beta) / samples
    return {1: scale, 2: scale**2 * second}


def correlated_moments(size, ratio, beta, population):
    samples, m1, m2 = (
        samples_for(size, ratio),
        population.mean(),
        (population**2).mean(),
    )
    return {1: m1, 2: m2 * (1 + (2 / beta - 1) / samples) + m1**2 * size / samples}


def jacobi_moments(size, ratios, beta):
    """E Qᵢⱼ Qₖₗ of a projection Q of rank P in n dimensions, invariant under O or U."""
    first, second = (samples_for(size, r) for r in ratios)
    n = first + second
    b = size * (n - size) / (n * (n - 1) * (n + 2 / beta))
    a = size / n - (n - 1 + 2 / beta) * b
    square = first * a + b * (first**2 + first * (2 / beta - 1))
    return {1: first / n, 2: square / size}


def rotated_second(size, beta):
    """E tr (A + QBQ*)²/N = tr A²/N + tr B²/N where E tr A = 0."""
    noise, covariance = gaussian_moments(size, beta), wishart_moments(size, 0.5, beta)
    return noise[2] + covariance[2]


def block_moments(size, beta):
    """In a quarter the variances sum to 0.75² + 2 · 0.75 · 0.5/4 + 0.25/16."""
    second = 0.5625 + 0.1875 + 0.015625 + 0.75 * 4 + (2 - beta) * 0.8125 / size
    return {1: -1.5, 2: second}


RATIOS = [(0.5, 0.8), (2.0, 0.7), (0.7, 3.0), (1.8, 1.9)]

MOMENTS = [
    *[(GOE(v), lambda n, v=v: gaussian_moments(n, 1, v)) for v in (1.0, 2.5)],
    (GUE(0.5), lambda n: gaussian_moments(n, 2, 0.5)),
    (GSE(2.0), lambda n: gaussian_moments(n, 4, 2.0)),
    *[
        (GaussianBeta(b, 2.0), lambda n, b=b: gaussian_moments(n, b, 2.0))
        for b in (0.3, 1.0, 2.0, 4.0, 11.0)
    ],
    *[
        (LaguerreBeta(b, c, 2.0), lambda n, b=b, c=c: wishart_moments(n, c, b, 2.0))
        for b, c in [(0.4, 0.5), (1.0, 1.0), (2.0, 1.7), (6.0, 0.2), (4.0, 3.0)]
    ],
    *[
        (Wishart(c, 1.5, b), lambda n, b=b, c=c: wishart_moments(n, c, b, 1.5))
        for b, c in [(1, 0.5), (1, 2.0), (2, 0.5), (2, 2.0)]
    ],
    *[
        (JacobiBeta(b, *r), lambda n, b=b, r=r: jacobi_moments(n, r, b))
        for r in RATIOS
        for b in (0.7, 4.0)
    ],
    *[
        (Manova(*r, b), lambda n, b=b, r=r: jacobi_moments(n, r, b))
        for r in RATIOS
        for b in (1, 2)
    ],
    (Wigner(sign_entries, 2.0), lambda n: wigner_moments(n, 1.0, 2.0)),
    (Wigner(uniform_entries), lambda n: wigner_moments(n, 1.8)),
    (Wigner(STUDENT), lambda n: wigner_moments(n, 4.2)),
    (Wigner(sign_entries, beta=2), lambda n: {1: 0.0, 2: 1.0}),
    (Band(5, 2.0), lambda n: wigner_moments(11, 3.0, 2.0)),
    (Band(7, entries=sign_entries), lambda n: wigner_moments(15, 1.0)),
    (RandomRegular(3), lambda n: {1: 0.0, 2: 3 / 2}),
    (RandomRegular(6), lambda n: {1: 0.0, 2: 6 / 5}),
    *[
        (
            CorrelatedWishart(TWO, 0.4, b),
            lambda n, b=b: correlated_moments(n, 0.4, b, np.repeat([1.0, 3.0], [3, 1])),
        )
        for b in (1, 2)
    ],
    (
        RotatedSum(GaussianBeta(3.0), LaguerreBeta(3.0, 0.5), 2),
        lambda n: {1: 1.0, 2: rotated_second(n, 3.0)},
    ),
    (RotatedProduct(Wishart(0.5), GOE()), lambda n: {1: 0.0}),
    *[(BlockMatrix(NETWORKS, b), lambda n, b=b: block_moments(n, b)) for b in (1, 2)],
    (Spiked(GUE(), np.array([4.0, -4.0])), lambda n: {1: 0.0, 2: 1.0 + 32 / n}),
]
SIZE, COUNT = 24, 36


@pytest.mark.parametrize(("ensemble", "exact"), MOMENTS, ids=lambda e: type(e).__name__)
def test_moments_are_those_of_finite_matrices(ensemble, exact, rng):
    expected = exact(SIZE)
    powers = np.array(list(expected))[:, None, None]
    matrices = [ensemble.sample(SIZE, rng=rng) for _ in range(COUNT)]
    drawn = np.array([np.linalg.eigvalsh(matrix) for matrix in matrices])
    fast = np.array([ensemble.sample_eigenvalues(SIZE, rng=rng) for _ in range(COUNT)])
    for spectra in (drawn, fast):
        means = (spectra**powers).mean(axis=2)
        error = means.std(axis=1, ddof=1) / math.sqrt(COUNT)
        deviation = np.abs(means.mean(axis=1) - list(expected.values()))
        # Student's t of 35 degrees of freedom: 2e-4 a number, 5 % for all together.
        assert (deviation < 4.2 * error + 1e-12 * np.abs(drawn).max() ** 4).all()


def distance(eigenvalues, law):
    """Largest difference between an empirical distribution function and a law's."""
    x = np.sort(eigenvalues)
    jumps = np.zeros_like(x)
    for atom in law.atoms:
        at = np.abs(x - atom.location) < 1e-9
        x[at], jumps[at] = atom.location, atom.weight
    above = np.searchsorted(x, x, side="right") / x.size - cdf(law, x)
    below = cdf(law, x) - jumps - np.searchsorted(x, x, side="left") / x.size
    return max(above.max(), below.max())


def rigidity(size, beta):
    """Bound the distance of a spectrum from its law, where eigenvalues repel as β.

    One step, an expected difference of order 1/N, and the largest excursion of the
    counting function, √(2/β) log N / π: Claeys, Fahs, Lambert and Webb (2021), How
    much can the eigenvalues of a random Hermitian matrix fluctuate?, Duke
    Mathematical Journal 170.
    """
    return (2 + math.sqrt(2 / beta) * math.log(size) / math.pi) / size


CLASSICAL = [
    (GOE(2.0), 1),
    (GUE(), 2),
    (GSE(), 4),
    (GaussianBeta(0.5), 0.5),
    (GaussianBeta(8.0), 8),
    (LaguerreBeta(0.5, 0.5), 0.5),
    (LaguerreBeta(4.0, 1.0, 2.0), 4),
    (Wishart(0.5), 1),
    (Wishart(2.0, 3.0), 1),
    (Wishart(1.0, beta=2), 2),
    *[(JacobiBeta(4.0, *ratios), 4) for ratios in RATIOS],
    *[(Manova(*ratios), 1) for ratios in RATIOS],
    (Wigner(sign_entries), 1),
    (Wigner(STUDENT, beta=2), 2),
    (RandomRegular(3), 1),
    (RandomRegular(5), 1),
    (Spiked(GOE(), np.array([3.0])), 1),
    (BlockMatrix(NETWORKS), 1),
    (BlockMatrix(NETWORKS, 2), 2),
    (CorrelatedWishart(TWO, 0.5), 1),
    (CorrelatedWishart(MarchenkoPastur(0.3), 2.0, 2, uniform_entries), 2),
    (RotatedSum(Deterministic(TWO), GOE()), 1),
    (RotatedSum(Deterministic(TWO), Deterministic(Semicircle()), 2), 2),
    (RotatedProduct(Wishart(0.5), Wishart(0.8), 2), 2),
    (RotatedProduct(Deterministic(TWO), Deterministic(Jacobi(0.5, 0.5))), 1),
]


@pytest.mark.parametrize(
    ("ensemble", "beta"), CLASSICAL, ids=lambda e: type(e).__name__
)
def test_spectra_follow_the_law(ensemble, beta, rng):
    size, law = 300, ensemble.law
    dense = np.linalg.eigvalsh(ensemble.sample(size, rng=rng))
    assert distance(dense, law) < rigidity(size, beta)
    fast = ensemble.sample_eigenvalues(size, rng=rng)
    assert distance(fast, law) < rigidity(size, beta)


EVERY = list(
    {
        (type(ensemble), getattr(ensemble, "beta", None)): ensemble
        for ensemble, _ in MOMENTS + CLASSICAL
    }.values()
)


@pytest.mark.parametrize("ensemble", EVERY, ids=lambda e: type(e).__name__)
def test_matrices_are_hermitian_and_seeded(ensemble):
    one, same, other = (
        ensemble.sample(SIZE, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert one.dtype in {np.dtype(np.float64), np.dtype(np.complex128)}
    assert one.shape == (len(one), len(one))
    assert len(one) == (2 * SIZE if isinstance(ensemble, GSE) else SIZE)
    assert np.array_equal(one, one.conj().T)
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("ensemble", EVERY, ids=lambda e: type(e).__name__)
def test_spectra_ascend_and_are_seeded(ensemble):
    one, same, other = (
        ensemble.sample_eigenvalues(SIZE, rng=np.random.default_rng(seed))
        for seed in (1, 1, 2)
    )
    assert one.dtype == np.float64
    assert one.shape == (SIZE,)
    assert (np.diff(one) >= 0).all()
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("ensemble", EVERY, ids=lambda e: type(e).__name__)
def test_an_empty_matrix_is_refused(ensemble, rng):
    for draw in (ensemble.sample, ensemble.sample_eigenvalues):
        with pytest.raises(ValueError, match=r"^(size|degree): expected"):
            draw(0, rng=rng)


SMALLEST = [
    ensemble
    for ensemble in EVERY
    if not isinstance(ensemble, Band | RandomRegular | Spiked)
]


@pytest.mark.parametrize("ensemble", SMALLEST, ids=lambda e: type(e).__name__)
def test_a_single_row_is_a_matrix(ensemble: Ensemble, rng):
    rows = 2 if isinstance(ensemble, GSE) else 1
    assert ensemble.sample(1, rng=rng).shape == (rows, rows)
    assert ensemble.sample_eigenvalues(1, rng=rng).shape == (1,)


def test_sizes_and_samples_are_whole_numbers():
    require_size(3, 3)
    with pytest.raises(ValueError, match="size: expected at least 4, got 3"):
        require_size(3, 4)
    assert samples_for(10, 0.4) == 25
    assert samples_for(10, 3.0) == 3
    assert samples_for(1, 7.0) == 1
