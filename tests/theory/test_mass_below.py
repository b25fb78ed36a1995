"""Masses from the transform above the axis, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from eigenscape.theory import (
    Arcsine,
    Cauchy,
    Discrete,
    Law,
    MarchenkoPastur,
    Semicircle,
    Uniform,
    cdf,
    free_additive_convolution,
    log_potential,
    quantile,
)
from eigenscape.theory.mass_below import mass_below

EPS = float(np.finfo(float).eps)
PAIR = Discrete(np.array([-1.0, 2.0]), np.array([0.25, 0.75]))


@pytest.mark.parametrize(
    ("law", "x", "mass"),
    [
        (
            Semicircle(1.0),
            [-2.5, 0.0, 1.0],
            [0.0, 0.5, 2 / 3 + np.sqrt(3) / (4 * np.pi)],
        ),
        (Uniform(0.0, 4.0), [-1.0, 1.0, 4.0, 5.0], [0.0, 0.25, 1.0, 1.0]),
        (Arcsine(-1.0, 1.0), [-1.0, 0.5, 1.0], [0.0, 2 / 3, 1.0]),
        (Cauchy(1.0, 2.0), [-1.0, 1.0, 3.0], [0.25, 0.5, 0.75]),
        (MarchenkoPastur(4.0), [-1.0, 0.0, 0.5, 10.0], [0.0, 0.375, 0.75, 1.0]),
        (PAIR, [-1.0, 0.0, 2.0], [0.125, 0.25, 0.625]),
    ],
)
def test_closed_forms_with_half_of_an_atom_at_the_point(law: Law, x, mass) -> None:
    # The rule errs by 5e-16 beside the rounding of its sum.
    assert np.abs(mass_below(law, np.array(x)) - mass).max() <= 32 * EPS


def test_a_sum_with_heavy_tails_has_quantiles_and_potentials() -> None:
    law = free_additive_convolution(PAIR, Cauchy(0.0, 0.5))
    x = np.array([-40.0, -0.5, 1.0, 3.0])
    angles = np.arctan2(x[:, None] - PAIR.locations, 0.5) / np.pi
    exact = 0.5 + angles @ PAIR.weights
    assert np.abs(cdf(law, x) - exact).max() <= 32 * EPS
    assert np.allclose(quantile(law, exact), x, rtol=1e-12)
    moduli = np.log(np.hypot(x[:, None] - PAIR.locations, 0.5)) @ PAIR.weights
    assert np.allclose(log_potential(law, x), moduli, rtol=0, atol=1e-14)


def test_narrow_intervals_keep_their_mass() -> None:
    # Far below the distance of the atoms, each makes a copy of its partner's law.
    law = free_additive_convolution(PAIR, Semicircle(1e-18))
    assert len(law.support) == 2
    between = cdf(law, np.array([0.0, 3.0]))
    assert np.abs(between - [0.25, 1.0]).max() <= 1e-11


def test_nearly_coincident_atoms_keep_their_mass() -> None:
    near = Discrete(np.array([0.0, 1e-9, 1.0]), np.array([0.25, 0.5, 0.25]))
    law = free_additive_convolution(near, PAIR)
    ends = np.array([law.hull.lower - 1, law.hull.upper])
    assert np.abs(cdf(law, ends) - [0.0, 1.0]).max() <= 1e-12


def test_a_weight_just_off_one_half_loses_no_mass_at_a_steep_edge() -> None:
    pair = Discrete(np.array([0.0, 1 / 7]), np.array([0.5 - 1e-7, 0.5 + 1e-7]))
    law = free_additive_convolution(pair, pair)
    assert abs(cdf(law, np.array([1.0]))[0] - 1) <= 1e-13
