from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.operator_valued.equation import inverse_or_nan
from eigenscape.theory.operator_valued.pencil import Pencil, pencil_spectrum

SIGN = Discrete(np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
EQUATION = pencil_spectrum(
    Pencil(
        np.diag([0.5, -1.0]),
        (
            (np.array([[1.0, 0.5], [0.5, -1.0]]), Semicircle(0.7)),
            (np.array([[0.0, 1j], [-1j, 1.0]]), MarchenkoPastur(0.5)),
            (np.diag([1.0, 0.0]), SIGN),
        ),
    )
).equation
SIZE = len(EQUATION.basis)


def somewhere(rng):
    """Coordinates inside the half-plane: the image of a point under T."""
    z = rng.uniform(-3, 3, 4) + 1j * rng.uniform(0.1, 2, 4)
    return EQUATION.step(EQUATION.placed(z), np.zeros((4, SIZE), complex))[0]


@given(st.integers(0, 10**6))
@settings(max_examples=30)
def test_the_map_stays_in_its_half_plane_even_at_real_points(seed):
    rng = np.random.default_rng(seed)
    u = somewhere(rng)
    b = EQUATION.placed(rng.uniform(-3, 3, 4).astype(complex))
    assert (EQUATION.depth(u) > -1e-12).all()
    assert (EQUATION.depth(EQUATION.step(b, u)[0]) > -1e-12 * np.abs(u).max()).all()


def test_derivatives_against_central_differences():
    rng = np.random.default_rng(3)
    u = somewhere(rng)
    z = rng.uniform(-3, 3, 4) + 0.5j
    b, step = EQUATION.placed(z), 1e-5
    _, slope = EQUATION.step(b, u)
    for i in range(SIZE):
        turn = step * np.eye(SIZE)[i]
        rise = EQUATION.step(b, u + turn)[0] - EQUATION.step(b, u - turn)[0]
        assert np.allclose(slope[:, :, i], rise / (2 * step), atol=1e-7)
    shifted = [EQUATION.step(EQUATION.placed(z + s), u)[0] for s in (step, -step)]
    drift = (shifted[0] - shifted[1]) / (2 * step)
    assert np.allclose(EQUATION.drift(b, u), drift, atol=1e-7)


def test_hermitian_coordinates():
    rng = np.random.default_rng(4)
    u = somewhere(rng)
    real = EQUATION.hermitian(u)
    energy = EQUATION.energy(u)
    halves = (energy + energy.conj().swapaxes(1, 2)) / 2
    assert np.allclose(EQUATION.energy(real), halves, atol=1e-14)
    assert np.allclose(EQUATION.depth(real), 0, atol=1e-14)


def test_a_matrix_without_inverse_is_nan_and_spoils_no_other():
    matrices = np.array([np.eye(2), np.zeros((2, 2)), 2 * np.eye(2)], complex)
    inverses = inverse_or_nan(matrices)
    assert np.isnan(inverses[1]).all()
    assert np.array_equal(inverses[[0, 2]], [np.eye(2), np.eye(2) / 2])
    assert inverses[0, 0, 0] == pytest.approx(1)
