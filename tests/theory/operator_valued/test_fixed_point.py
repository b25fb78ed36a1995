from __future__ import annotations

import numpy as np

from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.operator_valued.fixed_point import _certificate, solve
from eigenscape.theory.operator_valued.pencil import Pencil, pencil_spectrum

ONE = np.ones((1, 1))
# A + X with A = ±3 (two blocks) and X a semicircle: a gap around 0.
EQUATION = pencil_spectrum(
    Pencil(np.diag([3.0, -3.0]), ((np.eye(2), Semicircle(1.0)),))
).equation


def test_solutions_are_certified_in_bands_gaps_and_above_the_axis():
    z = np.array([0.1 + 0j, 2.0, -2.0, 2.0 + 1e-3j, 100.0, 1j])
    solution = solve(EQUATION, z)
    assert solution.certified.all()
    assert (solution.residual < 1e-14).all()
    depth = EQUATION.depth(solution.coordinates)
    assert np.abs(depth[[0, 4]]).max() < 1e-50
    assert (depth > -1e-14).all()
    trace = -np.trace(EQUATION.energy(solution.coordinates).imag, axis1=1, axis2=2)
    assert (trace[[1, 2, 3, 5]] > 0.1).all()


def test_order_and_number_of_points_do_not_matter():
    z = np.random.default_rng(0).uniform(-5, 5, 1200) + 0j
    together = solve(EQUATION, z).coordinates
    some = [0, 17, 600, 1199]
    for i in some:
        alone = solve(EQUATION, z[i : i + 1]).coordinates
        # Square-root edges are no nearer than 1e-4 to these points.
        assert np.allclose(together[i], alone[0], atol=1e-13)


def test_no_points_are_no_solutions():
    shape = solve(EQUATION, np.empty(0, complex)).coordinates.shape
    assert shape == (0, len(EQUATION.basis))


def test_roots_on_other_branches_are_refused():
    # G = (x ± √(x² − 8)) / 4 for a semicircle of variance 2, and u ∝ G.
    equation = pencil_spectrum(Pencil(0 * ONE, ((ONE, Semicircle(2.0)),))).equation
    for x in (1.0, 4.0):
        z = np.array([x + 0j])
        root = np.sqrt(complex(x * x - 8))
        found = solve(equation, z).coordinates
        right, wrong = (x - root) / 4, (x + root) / 4
        assert np.allclose(equation.energy(found), 2 * right, atol=1e-14)
        other = found * wrong / right
        residual, _, certified = _certificate(equation, equation.placed(z), other)
        assert residual[0] < 1e-14
        assert not certified[0]


def test_a_point_near_the_solution_is_refused():
    z = np.array([3.0 + 0j])
    found = solve(EQUATION, z).coordinates
    for change, accepted in ((0.0, True), (1e-8, False)):
        near = found * (1 + change)
        assert _certificate(EQUATION, EQUATION.placed(z), near)[2][0] == accepted


def test_what_is_no_number_is_left_uncertified():
    z = np.array([0.5, np.nan, 3.0]) + 0j
    assert solve(EQUATION, z).certified.tolist() == [True, False, True]
