"""Sums over parts against 40-digit arithmetic, where one part is next to its pole."""

from __future__ import annotations

import itertools

import mpmath
import numpy as np
import pytest

from eigenscape.theory.convolution.coupling import by_level, multiplier, one_more

SLOPES = [
    [[-0.3 + 0.1j], [0.2 - 0.4j], [-0.7j]],
    [[1e-20], [-1e18], [3e-20]],
    [[-1e18 + 1e17j], [2e-19 - 1e-20j], [-1e-18], [1e-3j]],
]


@pytest.mark.parametrize("slopes", SLOPES)
def test_no_digits_are_lost_beside_a_pole(slopes):
    s = np.array(slopes, complex)
    with mpmath.workdps(60):
        exact = [mpmath.mpc(x[0]) for x in slopes]
        p = [1 / (1 - x) for x in exact]
        whole = 1 + sum(x * y for x, y in zip(exact, p, strict=True))
        order = sorted(range(len(exact)), key=lambda i: abs(exact[i]))
        partial, worst = mpmath.mpf(1), mpmath.mpf(0)
        for before, after in itertools.pairwise(order):
            partial += p[before] - 1
            found = (1 - 1 / partial) * exact[after]
            worst = max(worst, found, key=abs)
        whole, worst = complex(whole), complex(worst)
    assert by_level(s)[0] == pytest.approx(whole, rel=1e-14)
    assert multiplier(s)[0] == pytest.approx(worst, rel=1e-14)


def test_the_share_of_the_steepest_is_taken_from_the_exact_sum():
    shares, slopes, more = (
        np.array(rows, complex)
        for rows in ([[-1.0], [0.25]], [[-1e9], [0.1]], [[1e-9], [7.0]])
    )
    assert one_more(shares, more, slopes) == pytest.approx([0.25 + 1e-9], rel=1e-15)
