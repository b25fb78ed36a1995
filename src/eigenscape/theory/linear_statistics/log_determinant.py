"""The Gaussian law of log|det(H − x)| for a point outside the spectrum."""

from __future__ import annotations

import math

import numpy as np

from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.linear_statistics.linear_statistic import LinearStatistic
from eigenscape.theory.log_potential import log_potential
from eigenscape.theory.symmetry_class import require_beta

_CLASSES = (1, 2, 4)


def log_determinant_statistics(
    law: Semicircle | MarchenkoPastur, x: float, size: int, *, beta: int = 1
) -> LinearStatistic:
    """Give mean and variance of log|det(H − x)| for a Gaussian or Wishart matrix.

    With s < 1 and (s + 1/s)/2 the place of x in units of half the width of the support,
    from its middle, the mean is N U(x) + (1/β − ½) log(1 − s²), U the logarithmic
    potential, and the variance −(2/β) log(1 − s²). Both err by O(1/N). Inside the
    support the mean is N U(x) + O(1), and the variance grows like (log N)/β.

    Args:
        law: The limit law: a Semicircle for a Gaussian ensemble, a Marchenko–Pastur
            law for XᵀX/n with Gaussian entries.
        x: A point outside the hull of the law.
        size: N; the number of columns of X.
        beta: 1, 2 or 4.

    Returns:
        The mean and the variance, each with one entry.

    Raises:
        ValueError: The point lies in the hull of the law.

    References:
        Bai and Yao (2005) and Bai and Silverstein (2004), as for `wigner_statistics`
        and `wishart_statistics`, with the Chebyshev coefficients −sˡ/l of the
        logarithm; Tao and Vu (2012), A central limit theorem for the determinant of a
        Wigner matrix, Advances in Mathematics 231, for a point inside.
    """
    require_beta(beta, _CLASSES)
    hull, cut = law.hull, law.support[0]
    if hull.lower <= x <= hull.upper:
        message = (
            f"x: expected a point outside [{hull.lower}, {hull.upper}], got {x}; "
            "inside, only the mean has a limit, N times log_potential"
        )
        raise ValueError(message)
    place = abs(2 * x - cut.lower - cut.upper) / cut.width
    small = 1 / (place + math.sqrt((place - 1) * (place + 1)))
    spread = -math.log1p(-(small**2))
    mean = size * log_potential(law, np.array([x])) - (1 / beta - 0.5) * spread
    return LinearStatistic(mean, np.array([[2 / beta * spread]]))
