"""Eigenvalues on a lattice: integers, rounded decimals, the grid of a float type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

_MULTIPLE = 1e-3
_GRAINS = 16  # rounding errors of two eigenvalues and of their difference, and to spare
_HARMFUL: Final = 0.03
"""A lattice step of 3 % of the mean spacing moves mean ratios by less than 0.001."""


@dataclass(frozen=True)
class Lattice:
    """A lattice that eigenvalues lie on.

    Attributes:
        step: Its step, in the units of the eigenvalues.
        share: The step in units of the median spacing of distinct eigenvalues.
    """

    step: float
    share: float

    @property
    def harmful(self) -> bool:
        """Whether spacings are counted in so few steps that their statistics differ."""
        return self.share > _HARMFUL


def find_lattice(rows: Sequence[Float[np.ndarray, " _"]]) -> Lattice | None:
    """Find the greatest common divisor of all spacings, if there is one.

    Euclid's algorithm, with a thousandth of the divisor for rounding. On numbers that
    lie on no lattice the divisor falls at every other spacing, until it is lost in the
    rounding of the eigenvalues.

    Args:
        rows: Ascending distinct eigenvalues of each spectrum.

    Returns:
        The lattice; None where there is none.
    """
    steps = np.concatenate([np.empty(0), *(np.diff(row) for row in rows)])
    if not steps.size:
        return None
    grain = _GRAINS * float(np.spacing(max(np.abs(row).max() for row in rows)))
    divisor = float(steps.min())
    for step in np.sort(steps):
        rest = float(step)
        while divisor > grain:
            quotient = np.rint(rest / divisor)
            left = abs(rest - quotient * divisor)
            if left <= max(_MULTIPLE * divisor, grain):
                break
            rest, divisor = divisor, float(left)
        else:
            return None
    return Lattice(divisor, divisor / float(np.median(steps)))
