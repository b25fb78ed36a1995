from __future__ import annotations

import mpmath
import numpy as np
import pytest

from eigenscape.theory.convolution.additive import free_additive_convolution
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.cauchy import Cauchy
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.kesten_mckay import KestenMcKay
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.operator_valued.pencil import Pencil, pencil_spectrum

ONE = np.ones((1, 1))
SIGN = Discrete(np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
FIRST = np.array([[1.0, 0.5], [0.5, -1.0]])
SECOND = np.array([[0.3, 1j], [-1j, 0.2]])
CONSTANT = np.array([[1.0, 0.2], [0.2, -1.0]])


def unitary(size, seed):
    rng = np.random.default_rng(seed)
    return np.linalg.qr(rng.standard_normal((size, size, 2)) @ np.array([1, 1j]))[0]


def rotated(turn, values):
    matrix = turn * np.asarray(values, float) @ turn.conj().T
    return (matrix + matrix.conj().T) / 2


def semicircle_and_wishart(x, variance, scale, ratio):
    """g of √variance·semicircle ⊞ scale·MP(ratio): z = vg + s/(1 − csg) + 1/g."""
    with mpmath.workdps(40):
        x, v, s, c = (mpmath.mpf(p) for p in (x, variance, scale, ratio))
        cs = c * s
        roots = mpmath.polyroots(
            [-cs * v, v + cs * x, s - cs - x, 1], maxsteps=300, extraprec=200
        )
        return float(-min(mpmath.im(g) for g in roots) / mpmath.pi)


@pytest.mark.parametrize("variance", [0.3, 2.0])
def test_scalars_are_free_convolution(variance):
    x = np.linspace(-4, 4, 101)
    laws = (Semicircle(variance), Semicircle(1.0))
    spectrum = pencil_spectrum(Pencil(0.3 * ONE, tuple((ONE, law) for law in laws)))
    exact = Semicircle(1 + variance).density(x - 0.3)
    assert np.abs(spectrum.density(x) - exact).max() < 1e-14


def test_two_signs_are_the_arcsine_law():
    x = np.linspace(-1.9, 1.9, 101)
    spectrum = pencil_spectrum(Pencil(0 * ONE, ((ONE, SIGN), (ONE, SIGN))))
    exact = 1 / np.pi / np.sqrt(4 - x**2)
    assert np.abs(spectrum.density(x) / exact - 1).max() < 1e-13


def test_scalars_without_a_closed_form_are_the_free_sum():
    laws = (
        KestenMcKay(3),
        Discrete(np.array([-2.0, 0.0, 3.0]), np.array([0.2, 0.5, 0.3])),
    )
    z = np.append(np.linspace(-5, 6, 45), [1 + 0.1j, -2 - 0.3j]).astype(complex)
    found = pencil_spectrum(Pencil(0 * ONE, tuple((ONE, law) for law in laws)))
    exact = free_additive_convolution(*laws).stieltjes(z)
    # ε / √(distance to an edge), at least 1e-3 on this grid.
    assert np.abs(found.stieltjes(z) - exact).max() < 1e-13


@pytest.mark.parametrize("size", [2, 3])
def test_commuting_coefficients_decouple_to_convolutions(size):
    # U diag(α) U* ⊗ X + U diag(β) U* ⊗ Y: the mean of the laws of αᵢX + βᵢY.
    alpha, beta = [1.0, 0.5, 2.0][:size], [1.0, 2.0, 0.3][:size]
    turn = unitary(size, 1)
    pencil = Pencil(
        np.zeros((size, size)),
        (
            # An affine image is a free term, not a Gaussian part.
            (rotated(turn, alpha), Affine(Semicircle(1.0), 1.0)),
            (rotated(turn, beta), MarchenkoPastur(0.5)),
        ),
    )
    x = np.linspace(-2, 7, 46)
    exact = [
        np.mean([
            semicircle_and_wishart(p, a**2, b, 0.5)
            for a, b in zip(alpha, beta, strict=True)
        ])
        for p in x
    ]
    # ε / √(distance to an edge), at least 1e-3 on this grid.
    assert np.abs(pencil_spectrum(pencil).density(x) - exact).max() < 1e-13


def test_two_signs_with_matrix_coefficients_against_the_dihedral_group():
    # XY is a Haar unitary e^{iθ}: X, Y are 2 × 2 matrices under a mean over θ, and the
    # trapezoidal rule converges geometrically above the axis.
    pencil = Pencil(CONSTANT, ((FIRST, SIGN), (SECOND, SIGN)))
    z = np.array([0.3 + 0.2j, -1.0 + 0.3j, 2.5 + 0.2j, 5.0 + 0.1j])
    count = 400
    exact = np.zeros(z.shape, complex)
    swap = np.array([[0, 1], [1, 0]])
    for angle in 2 * np.pi * np.arange(count) / count:
        other = np.array([[0, np.exp(1j * angle)], [np.exp(-1j * angle), 0]])
        matrix = (
            np.kron(CONSTANT, np.eye(2)) + np.kron(FIRST, swap) + np.kron(SECOND, other)
        )
        values = np.linalg.eigvalsh(matrix)
        exact += np.mean(1 / (z[:, None] - values), axis=1) / count
    found = pencil_spectrum(pencil).stieltjes(z)
    assert np.abs(found - exact).max() < 1e-13


def test_matrix_dyson_equation_to_forty_digits():
    pencil = Pencil(CONSTANT, ((FIRST, Semicircle(0.5)), (SECOND, Semicircle(1.5))))
    spectrum = pencil_spectrum(pencil)
    for x in (-1.5, 1.0, 2.0):
        found = spectrum.resolvent(np.array([x]))[0]
        assert (-found.imag).trace() > 0.1
        exact = polished(found, x)
        assert np.abs(found - exact).max() < 1e-14


def polished(start, x):
    """Newton's method on 1 = (x − A₀ − η(G)) G in 40 digits, from a double solution."""
    with mpmath.workdps(40):
        a0, a1, a2 = (mpmath.matrix(m.tolist()) for m in (CONSTANT, FIRST, SECOND))

        def defect(*entries):
            g = mpmath.matrix([[entries[0], entries[1]], [entries[2], entries[3]]])
            eta = a1 * g * a1 / 2 + a2 * g * a2 * 3 / 2
            return list((x * mpmath.eye(2) - a0 - eta) * g - mpmath.eye(2))

        root = mpmath.findroot(defect, [mpmath.mpc(v) for v in start.ravel()])
        return np.array([complex(v) for v in root]).reshape(2, 2)


def test_free_terms_and_gaussian_parts_agree():
    laws = (Semicircle(0.5), Semicircle(1.5))
    x = np.linspace(-4, 4, 81)
    gaussian, free = (
        pencil_spectrum(
            Pencil(CONSTANT, ((FIRST, wrap(laws[0])), (SECOND, wrap(laws[1]))))
        )
        for wrap in (lambda law: law, Affine)
    )
    assert np.abs(gaussian.density(x) - free.density(x)).max() < 1e-13


def test_sampled_matrices():
    rng = np.random.default_rng(7)
    size = 500
    spectrum = pencil_spectrum(
        Pencil(CONSTANT, ((FIRST, Semicircle(1.0)), (SECOND, MarchenkoPastur(0.5))))
    )
    noise = rng.standard_normal((size, size))
    goe = (noise + noise.T) / np.sqrt(2 * size)
    data = rng.standard_normal((2 * size, size))
    wishart = data.T @ data / (2 * size)
    matrix = (
        np.kron(CONSTANT, np.eye(size)) + np.kron(FIRST, goe) + np.kron(SECOND, wishart)
    )
    values = np.linalg.eigvalsh(matrix)
    z = np.array([-2.0, 0.0, 1.0, 3.0]) + 0.3j
    sampled = np.mean(1 / (z[:, None] - values), axis=1)
    # Local law: 1 / (n Im z) with n = 500, and the 1/n bias of real symmetric matrices.
    assert np.abs(spectrum.stieltjes(z) - sampled).max() < 1 / (size * 0.3)


@pytest.mark.parametrize(
    ("constant", "terms", "corner", "name"),
    [
        (np.eye(2), ((np.array([[0.0, 1], [0, 0]]), SIGN),), None, "terms"),
        (np.array([[0, 1j], [1j, 0]]), ((np.eye(2), SIGN),), None, "constant"),
        (np.eye(2), ((np.eye(3), SIGN),), None, "terms"),
        (np.full((1, 1), np.nan), ((ONE, SIGN),), None, "constant"),
        (np.eye(2), ((np.eye(2), Cauchy()),), None, "terms"),
        (np.eye(2), ((np.eye(2), SIGN),), 3, "corner"),
        (np.eye(2), ((np.eye(2), SIGN),), 0, "corner"),
    ],
)
def test_refuses_what_is_no_pencil(constant, terms, corner, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        Pencil(constant, terms, corner)


def test_a_pencil_without_variables_is_refused():
    for terms in ((), ((0 * ONE, SIGN),), ((ONE, Discrete.point_mass(0.0)),)):
        with pytest.raises(ValueError, match="^terms: expected one that is not 0"):
            pencil_spectrum(Pencil(ONE, terms))
