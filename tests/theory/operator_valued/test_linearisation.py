from __future__ import annotations

from itertools import starmap

import mpmath
import numpy as np
import pytest

from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.operator_valued.expression import free_variable
from eigenscape.theory.operator_valued.linearisation import (
    expression_spectrum,
    linearise,
)

LAWS = (
    Semicircle(1.0),
    MarchenkoPastur(0.5),
    Discrete(np.array([-1.0, 1.0]), np.array([0.5, 0.5])),
)
X, Y, Z = starmap(free_variable, zip(LAWS, "XYZ", strict=True))
U = free_variable(Semicircle(1.0), "U")


def real_part(e):
    return e + e.adjoint()


CASES = {
    "sum": (lambda x, y, z: 2 * x - y + 3, 1),
    "square": (lambda x, y, z: x**2, 2),
    "anticommutator": (lambda x, y, z: x * y + y * x, 3),
    "commutator": (lambda x, y, z: 1j * (x * y - y * x), 3),
    "bracket": (lambda x, y, z: -((x + y) ** 2), 2),
    "sandwich": (lambda x, y, z: x * y * x, 3),
    "negative sandwich": (lambda x, y, z: -2 * (x * (y - 1) * x) + z, 3),
    "long sandwich": (lambda x, y, z: (x + 1j * z) * y * z * y * (x - 1j * z), 5),
    "outer product": (lambda x, y, z: (x * y + 1j * z) * (y * x - 1j * z), 4),
    "cubic": (lambda x, y, z: x * y * z + z * y * x - x, 5),
    "power": (lambda x, y, z: x**5, 5),
}


@pytest.mark.parametrize("case", CASES)
def test_schur_complement_of_the_pencil_is_the_expression(case):
    build, size = CASES[case]
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((3, 4, 4, 2)) @ np.array([1, 1j])
    matrices = noise + noise.conj().swapaxes(1, 2)
    check_schur(
        linearise(build(X, Y, Z)), build(*map(Dense, matrices)).matrix, matrices
    )
    assert len(linearise(build(X, Y, Z)).constant) == size


@pytest.mark.parametrize(
    "build",
    [
        lambda x, y, z, inv: inv(20 + x**2) + y,
        lambda x, y, z, inv: real_part(x * inv(50 + 1j * y) * z),
        lambda x, y, z, inv: x * inv(60 - y) * x,
        lambda x, y, z, inv: inv(80 + inv(50 + x * y + y * x) + z),
        lambda x, y, z, inv: inv(80 + 1j * z * y) * inv(80 - 1j * y * z),
    ],
)
def test_inverses_too(build):
    rng = np.random.default_rng(2)
    noise = rng.standard_normal((3, 4, 4, 2)) @ np.array([1, 1j])
    matrices = noise + noise.conj().swapaxes(1, 2)
    dense = build(*map(Dense, matrices), Dense.inverse).matrix
    check_schur(linearise(build(X, Y, Z, lambda e: e.inverse())), dense, matrices)


class Dense:
    """A matrix that speaks the language of expressions."""

    def __init__(self, matrix):
        self.matrix = matrix

    def _of(self, other):
        return other.matrix if isinstance(other, Dense) else other * np.eye(4)

    def __add__(self, other):
        return Dense(self.matrix + self._of(other))

    __radd__ = __add__

    def __neg__(self):
        return Dense(-self.matrix)

    def __sub__(self, other):
        return self + -Dense(self._of(other))

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        return Dense(self.matrix @ self._of(other))

    def __rmul__(self, other):
        return Dense(other * self.matrix)

    def __pow__(self, exponent):
        return Dense(np.linalg.matrix_power(self.matrix, exponent))

    def inverse(self):
        return Dense(np.linalg.inv(self.matrix))

    def adjoint(self):
        return Dense(self.matrix.conj().T)


def check_schur(pencil, dense, matrices):
    laws = dict(zip(map(id, LAWS), matrices, strict=True))
    whole = np.kron(pencil.constant, np.eye(4)).astype(complex)
    for coefficient, law in pencil.terms:
        assert np.allclose(coefficient, coefficient.conj().T, rtol=0, atol=0)
        whole += np.kron(coefficient, laws[id(law)])
    z = 0.3 + 5j
    spectral = np.kron(np.diag([z] + [0] * (len(pencil.constant) - 1)), np.eye(4))
    corner = np.linalg.inv(spectral - whole)[:4, :4]
    exact = np.linalg.inv(z * np.eye(4) - dense)
    assert np.linalg.norm(corner - exact) < 1e-12 * np.linalg.norm(exact)


def anticommutator_root(x):
    # XU + UX = A² − B² with free semicirculars A, B: z = 1/g + 2g / (1 − g²).
    with mpmath.workdps(40):
        roots = mpmath.polyroots([x, 1, -x, 1], maxsteps=300, extraprec=200)
        return float(-min(mpmath.im(g) for g in roots) / mpmath.pi)


@pytest.mark.parametrize(
    "build",
    [
        lambda x, u: x * u + u * x,
        lambda x, u: 1j * (x * u - u * x),
    ],
)
def test_anticommutator_and_commutator_of_semicirculars(build):
    x = np.linspace(-3.3, 3.3, 66)  # without 0, where the degree drops
    density = expression_spectrum(build(X, U)).density(x)
    exact = np.array([anticommutator_root(p) for p in x])
    # ε / √(distance to the edge √((11 + 5√5)/2) = 3.3302).
    assert np.abs(density - exact).max() < 1e-13
    beyond = expression_spectrum(build(X, U)).density(np.array([3.3301, 3.3303]))
    assert (beyond > 0).tolist() == [True, False]


@pytest.mark.parametrize(
    ("expression", "law"),
    [
        (X**2, MarchenkoPastur(1.0)),
        ((X + 1j * U) * (X - 1j * U) / 2, MarchenkoPastur(1.0)),
        (X * Y * 0 + Y, MarchenkoPastur(0.5)),
        ((Z + 3).inverse() * 8, Discrete(np.array([2.0, 4.0]), np.array([0.5, 0.5]))),
    ],
)
def test_expressions_with_a_closed_form(expression, law):
    z = np.array([0.1 + 0.1j, 1 + 0.01j, -1.0, 3 + 2j, 5.0, 0.5 - 0.3j])
    found = expression_spectrum(expression).stieltjes(z)
    assert np.abs(found / law.stieltjes(z) - 1).max() < 1e-12


def test_density_up_to_a_hard_edge():
    x = np.geomspace(1e-10, 3.9, 30)
    exact = MarchenkoPastur(1.0).density(x)
    assert np.abs(expression_spectrum(X**2).density(x) / exact - 1).max() < 1e-9


def test_rational_function_of_two_signs_against_the_dihedral_group():
    other = free_variable(LAWS[2], "W")
    expression = (3 + Z * other + other * Z).inverse() + Z * 0.5
    z = np.array([0.2 + 0.2j, 1.0 + 0.3j, -0.7 + 0.2j])
    exact = np.zeros(z.shape, complex)
    count = 400
    swap = np.array([[0, 1], [1, 0]])
    for angle in 2 * np.pi * np.arange(count) / count:
        turned = np.array([[0, np.exp(1j * angle)], [np.exp(-1j * angle), 0]])
        inner = 3 * np.eye(2) + swap @ turned + turned @ swap
        values = np.linalg.eigvalsh(np.linalg.inv(inner) + swap * 0.5)
        exact += np.mean(1 / (z[:, None] - values), axis=1) / count
    found = expression_spectrum(expression).stieltjes(z)
    assert np.abs(found - exact).max() < 1e-13


@pytest.mark.parametrize(
    "expression", [X * Y, 1j * X, X * Y + 2 * Y * X, X + 1j * Y * X]
)
def test_refuses_what_is_not_self_adjoint(expression):
    with pytest.raises(ValueError, match="^expression: expected a self-adjoint one"):
        linearise(expression)
