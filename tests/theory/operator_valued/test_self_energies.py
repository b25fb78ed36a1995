from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.operator_valued.self_energies import FreeTerm, GaussianPart

LAW = Discrete(np.array([-1.0, 0.5, 2.0]), np.array([0.2, 0.5, 0.3]))


def half_plane(rng, size):
    square = rng.standard_normal((2, size, size, 2)) @ np.array([1, 1j])
    return square[0] + square[0].conj().T + 1j * square[1] @ square[1].conj().T


def hermitian(rng, size, rank):
    vectors = np.linalg.qr(rng.standard_normal((size, size, 2)) @ np.array([1, 1j]))[0]
    values = rng.choice([-1.0, 1.0], size) * rng.uniform(0.5, 2, size)
    values[rank:] = 0
    matrix = vectors * values @ vectors.conj().T
    return (matrix + matrix.conj().T) / 2


def summed(w, coefficient):
    places, weights = LAW.locations, LAW.weights
    means = [
        p * np.linalg.inv(w - coefficient * x)
        for x, p in zip(places, weights, strict=True)
    ]
    return w - np.linalg.inv(sum(means))


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 10**6))
def test_free_term_is_the_mean_resolvent_of_its_atoms(size, rank, seed):
    rng = np.random.default_rng(seed)
    coefficient = hermitian(rng, size, min(rank, size))
    w = half_plane(rng, size)
    term = FreeTerm.of(coefficient, LAW)
    assert len(term.basis) == min(rank, size) ** 2
    inverse = np.linalg.inv(w)[None]
    u, _ = term.coordinates(inverse, term.basis)
    energy = np.tensordot(u[0], term.basis, axes=1)
    exact = summed(w, coefficient)
    spread = np.linalg.cond(w) * np.linalg.norm(w, 2)
    assert np.linalg.norm(energy - exact) < 1e-12 * (spread + np.linalg.norm(exact))


def test_derivative_of_the_free_term():
    rng = np.random.default_rng(5)
    coefficient, w, turn = (
        hermitian(rng, 3, 2),
        half_plane(rng, 3),
        hermitian(rng, 3, 3),
    )
    term = FreeTerm.of(coefficient, LAW)
    _, slope = term.coordinates(np.linalg.inv(w)[None], turn[None])
    step = 1e-5
    sides = [
        term.coordinates(np.linalg.inv(w - s * turn)[None], turn[None])[0]
        for s in (step, -step)
    ]
    # Central differences: step² and ε / step.
    assert np.allclose(slope[0, :, 0], (sides[0] - sides[1])[0] / (2 * step), atol=1e-8)


def test_nilpotent_argument_uses_the_first_cumulants_alone():
    # U* w⁻¹ U a = [[0, t], [0, 0]]: S is b₁ + b₂ t exactly.
    term = FreeTerm.of(np.array([[0.0, 1.0], [1.0, 0.0]]), LAW)
    swap = np.array([[0.0, 1.0], [1.0, 0.0]])
    resolvent = 0.7 * np.diag([1.0, 0.0]).astype(complex)[None]
    u, _ = term.coordinates(resolvent, term.basis)
    mean = LAW.locations @ LAW.weights
    variance = LAW.locations**2 @ LAW.weights - mean**2
    exact = mean * swap + variance * swap @ resolvent[0] @ swap
    assert np.allclose(np.tensordot(u[0], term.basis, axes=1), exact, atol=1e-10)


def test_series_and_closed_form_meet():
    term = FreeTerm.of(np.eye(1), LAW)
    for angle in np.linspace(0, 3, 7):
        below, above = (
            term.reach * np.exp(1j * angle) * np.array([1 - 1e-13, 1 + 1e-13])
        )
        pair = np.array([below, above])[:, None, None]
        u, slope = term.coordinates(pair, term.basis)
        assert abs(u[0] - u[1]) < 1e-13
        assert abs(slope[0] / below**2 - slope[1] / above**2) < 1e-10


@given(st.integers(1, 4), st.integers(0, 10**6))
def test_gaussian_part_is_its_kraus_sum(size, seed):
    rng = np.random.default_rng(seed)
    operators = rng.standard_normal((2, size, size, 2)) @ np.array([1, 1j])
    part = GaussianPart.of(operators)
    resolvent, turn = half_plane(rng, size), half_plane(rng, size)
    u, slope = part.coordinates(resolvent[None], turn[None])

    def eta(matrix):
        return sum(a @ matrix @ a.conj().T for a in operators)

    energy = np.tensordot(u[0], part.basis, axes=1)
    assert np.allclose(energy, eta(resolvent), rtol=1e-11, atol=1e-11)
    moved = np.tensordot(slope[0, :, 0], part.basis, axes=1)
    assert np.allclose(moved, eta(resolvent @ turn @ resolvent), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    "part",
    [
        FreeTerm.of(np.diag([2.0, -1.0, 0.0]), LAW),
        GaussianPart.of(np.array([[[1.0, 2], [2, 0]], [[0, 1j], [-1j, 1]]])),
    ],
)
def test_basis_is_orthonormal(part):
    flat = part.basis.reshape(len(part.basis), -1)
    assert np.allclose(flat @ flat.conj().T, np.eye(len(flat)), atol=1e-14)
