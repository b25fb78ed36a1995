"""Subordination functions against their equations, on either side of the axis."""

from __future__ import annotations

import numpy as np

from eigenscape.theory import Discrete, KestenMcKay, MarchenkoPastur, subordination


def test_both_laws_take_one_value() -> None:
    first = Discrete(np.array([-1.0, 2.0]), np.array([0.3, 0.7]))
    for second in (MarchenkoPastur(0.5), KestenMcKay(3)):
        z = np.linspace(-5, 7, 25) + 1j * np.array([[1e-3], [0.5], [-0.5]])
        w1, w2 = subordination(first, second, z)
        g = first.stieltjes(w1)
        # steep where w₁ nears an atom: the condition of g there is |w g′/g|
        condition = 1 + np.abs(w1 * first.stieltjes_derivative(w1) / g)
        error = np.abs(second.stieltjes(w2) / g - 1)
        assert (error <= 1e-13 * condition * (1 + np.abs(w2))).all()
        assert (np.abs((w1 + w2 - z) * g - 1) <= 1e-13 * condition).all()
        assert (np.abs(w1.imag) >= np.abs(z.imag) * (1 - 1e-13)).all()
        mirrored = subordination(first, second, z.conj())
        assert np.array_equal(mirrored[0], w1.conj())
