from __future__ import annotations

import numpy as np

from eigenscape.theory.convolution.ladder import Ladder, Linearisation, lift


def two_semicircles(w, z):
    """w₁ = z − 1/w₂ and w₂ = z − 1/w₁, with w₁ = w₂ = (z + √(z² − 4))/2."""
    image = z - 1 / w[::-1]
    defect = image - w
    coupling = 1 / w[::-1] ** 2
    product = coupling[0] * coupling[1]
    step = (defect + coupling * defect[::-1]) / (1 - product)
    slope = (1 + coupling) / (1 - product)
    terms = np.abs(z) + np.abs(1 / w[::-1])
    return Linearisation(image, step, slope, product, terms)


def start(high):
    return np.stack([high, high])


def test_lift_moves_only_what_lies_below():
    w = np.array([1 + 2j, 3 - 1j, 5 + 0j])
    z = np.array([0.5j, 0.5j, 0j])
    assert lift(w, z).tolist() == [1 + 2j, 3 + 0.5j, 5]
    assert w[1] == 3 - 1j


def test_several_numbers_descend_together():
    x = np.linspace(-1.9, 1.9, 40)  # at 0 every point solves both equations
    found = Ladder(two_semicircles, start, lift, 4.0).descend(x + 0j)
    expected = (x + 1j * np.sqrt(4 - x**2)) / 2
    assert found.certain.all()
    assert np.allclose(found.w, expected, rtol=0, atol=1e-14)
    assert found.residual.max() < 1e-14
    slope = (1 + x / (1j * np.sqrt(4 - x**2))) / 2
    assert np.allclose(found.local.slope, slope, rtol=1e-12)


def test_points_far_above_start_above_themselves():
    z = np.array([1e6j, 3 + 1e3j])
    found = Ladder(two_semicircles, start, lift, 4.0).descend(z)
    assert found.certain.all()
    assert np.allclose(found.w, z - 1 / z, rtol=1e-9)


def test_what_leaves_the_half_plane_is_not_certain():
    # The other branch, 1/w: below the axis for z above it.
    def lower_branch(w, z):
        local = two_semicircles(w, z)
        return Linearisation(
            local.image, 0 * local.step, local.slope, local.contraction, local.terms
        )

    z = np.array([0.5 + 0.5j])
    wrong = Ladder(lower_branch, lambda high: start(1 / high), lambda w, _: w, 4.0)
    assert not wrong.descend(z).certain.any()


def test_no_points_are_no_work():
    found = Ladder(two_semicircles, start, lift, 4.0).descend(np.zeros(0, complex))
    assert found.w.shape == (2, 0)
    assert found.certain.shape == (0,)
    assert found.rounds == 0
