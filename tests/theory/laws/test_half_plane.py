from __future__ import annotations

import numpy as np

from eigenscape.theory.laws.half_plane import by_reflection


def test_reflects_what_lies_below_the_axis():
    seen = []

    def square_root(z):
        seen.append(z.imag.copy())
        return np.sqrt(z)

    z = np.array([[1 + 2j, 1 - 2j], [complex(-4, 0.0), complex(-4, -0.0)]])
    found = by_reflection(square_root, z)
    assert (seen[0] >= 0).all()
    assert not np.signbit(seen[0]).any()
    assert np.allclose(found, np.sqrt(z), rtol=1e-15)
    assert found[1].tolist() == [2j, -2j]


def test_real_numbers_are_approached_from_above():
    assert by_reflection(np.sqrt, np.array([-1.0])).tolist() == [1j]
