from __future__ import annotations

import mpmath
import numpy as np
import pytest

from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.operator_valued.gaussian_blocks import (
    GaussianBlocks,
    block_spectrum,
)


def two_networks(shift, share, b, extra):
    """b·GOE(N) + extra·GOE(N₁) − shift on the first block of N₁ = share·N rows."""
    common = b**2 / 2
    variances = np.full((2, 2), common)
    variances[0, 0] += extra**2 / 2 / share
    return GaussianBlocks(
        variances, np.array([share, 1 - share]), np.array([-shift, 0.0])
    )


def quartic_density(x, shift, share, b, extra):
    """[τ² − xτ + κ′b²/2][(1 + γ)τ² + (s − γx)τ + γκ′b²/2] + κb²τ²/2 = 0."""
    with mpmath.workdps(40):
        x, s, kappa, b, extra = (mpmath.mpf(v) for v in (x, shift, share, b, extra))
        gamma, c = extra**2 / (kappa * b**2), (1 - kappa) * b**2 / 2
        first, second = (1, -x, c), (1 + gamma, s - gamma * x, gamma * c)
        product = [mpmath.mpf(0)] * 5
        for i, p in enumerate(first):
            for j, q in enumerate(second):
                product[i + j] += p * q
        product[2] += kappa * b**2 / 2
        best = mpmath.mpf(0)
        for tau in mpmath.polyroots(product, maxsteps=300, extraprec=200):
            g = -2 / (kappa * b**2) * (tau**2 - x * tau + c) / tau
            # Physical: both blocks have Im g < 0, and 1/τ is the second's.
            if mpmath.im(tau) > 1e-25 and mpmath.im(g) < 0:
                best = max(best, 2 / (mpmath.pi * b**2) * mpmath.im(tau))
        return float(best)


@pytest.mark.parametrize(
    "case", [(1.5, 0.9, 1, 0.5), (4, 0.9, 1, 0.5), (1, 0.5, 1, 2), (0, 0.3, 1, 1)]
)
def test_two_blocks_against_their_quartic(case):
    x = np.linspace(-5.9, 2.9, 45)
    exact = np.array([quartic_density(p, *case) for p in x])
    density = block_spectrum(two_networks(*case)).density(x)
    # ε / √(distance to an edge), at least 1e-3 on this grid.
    assert np.abs(density - exact).max() < 1e-13
    assert np.array_equal(density == 0, exact == 0)


def test_a_gap_of_two_hundredths_is_seen():
    # Edges of the quartic at −0.07358 and −0.05174.
    spectrum = block_spectrum(two_networks(1.5, 0.9, 1, 0.5))
    x = np.array([-0.0737, -0.0735, -0.0518, -0.0517])
    assert (spectrum.density(x) > 0).tolist() == [True, False, False, True]


@pytest.mark.parametrize("ratio", [0.3, 1.0])
def test_marchenko_pastur_is_the_square_of_an_off_diagonal_block(ratio):
    # [[0, Xᵀ], [X, 0]], X of n × P entries of variance 1/n: its corner is z g(z²).
    fractions = np.array([ratio, 1.0]) / (1 + ratio)
    variances = (1 + ratio) * np.array([[0.0, 1.0], [1.0, 0.0]])
    spectrum = block_spectrum(GaussianBlocks(variances, fractions, np.zeros(2)))
    z = np.array([0.3, 0.7, 1.2, 0.5 + 0.2j, 2 + 1j, -0.4 + 1e-6j])
    corner = spectrum.resolvent(z)[:, 0, 0]
    exact = z * MarchenkoPastur(ratio).stieltjes(z**2)
    # z² of the second quadrant comes from −z̄, where g is reflected.
    exact = np.where(
        z.real < 0, z * MarchenkoPastur(ratio).stieltjes(z.conj() ** 2).conj(), exact
    )
    assert np.abs(corner - exact).max() < 1e-13


def test_equal_blocks_are_one_semicircle():
    blocks = GaussianBlocks(
        np.full((3, 3), 0.7), np.array([0.2, 0.3, 0.5]), np.zeros(3)
    )
    x = np.linspace(-2, 2, 41)
    assert (
        np.abs(block_spectrum(blocks).density(x) - Semicircle(0.7).density(x)).max()
        < 1e-14
    )


def test_sampled_blocks():
    rng = np.random.default_rng(11)
    sizes = np.array([200, 300, 500])
    deviation = np.array([[1.0, 0.5, 2.0], [0.5, 0.0, 1.0], [2.0, 1.0, 0.3]])
    shifts = np.array([-2.0, 0.0, 1.0])
    total = int(sizes.sum())
    which = np.repeat(np.arange(3), sizes)
    noise = np.triu(rng.standard_normal((total, total)))
    matrix = (noise + np.triu(noise, 1).T) * deviation[which[:, None], which]
    matrix = matrix / np.sqrt(total) + np.diag(shifts[which])
    blocks = GaussianBlocks(deviation**2, sizes / total, shifts)
    z = np.array([-2.0, 0.0, 1.5]) + 0.3j
    values = np.linalg.eigvalsh(matrix)
    sampled = np.mean(1 / (z[:, None] - values), axis=1)
    # Local law: 1 / (N Im z), a few times for the 1/N bias of real symmetric matrices.
    assert np.abs(block_spectrum(blocks).stieltjes(z) - sampled).max() < 3 / (
        total * 0.3
    )


@pytest.mark.parametrize(
    ("variances", "fractions", "shifts", "name"),
    [
        ([[1.0, 2], [1, 1]], [0.5, 0.5], [0, 0], "variances"),
        ([[-1.0, 0], [0, 1]], [0.5, 0.5], [0, 0], "variances"),
        ([[0.0, 0], [0, 0]], [0.5, 0.5], [0, 0], "variances"),
        ([[1.0, 0], [0, 1]], [0.5, 0.6], [0, 0], "fractions"),
        ([[1.0, 0], [0, 1]], [1.5, -0.5], [0, 0], "fractions"),
        ([[1.0, 0], [0, 1]], [0.5, 0.5], [0, np.inf], "shifts"),
    ],
)
def test_refuses_bad_blocks(variances, fractions, shifts, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        GaussianBlocks(*(np.array(v, float) for v in (variances, fractions, shifts)))
