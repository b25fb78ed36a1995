"""HarmonicWell: the toy model of Fyodorov, a quadratic well plus an isotropic field."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy

from eigenscape.landscape.one_point import log_mean_determinant
from eigenscape.theory.ensembles.ensemble import require_size
from eigenscape.theory.laws.law import require_positive

_NODES = 4000
_REACH = 12.0


@dataclass(frozen=True)
class HarmonicWell:
    """(μ/2)|x|² + V(x) in ℝᴺ, E V(x)V(y) = N f(|x − y|²/2N).

    Attributes:
        stiffness: μ/√f″(0); one critical point is left from 1 on.

    References:
        Fyodorov (2004), Complexity of random energy landscapes, glass transition, and
        absolute value of the spectral determinant of random matrices, Physical Review
        Letters 92, 240601; Fyodorov and Williams (2007), Replica symmetry breaking
        condition exposed by random matrix calculation of landscape complexity, Journal
        of Statistical Physics 129.
    """

    stiffness: float

    def __post_init__(self) -> None:
        require_positive("stiffness", self.stiffness)

    @property
    def complexity(self) -> float:
        """Σ = (s² − 1)/2 − log s below s = 1, the rate of all critical points."""
        s = min(self.stiffness, 1.0)
        return (s**2 - 1) / 2 - math.log(s)

    @property
    def minima_complexity(self) -> float:
        """Σ = (4s − s² − 3)/2 − log s below s = 1, the rate of minima."""
        s = min(self.stiffness, 1.0)
        return (4 * s - s**2 - 3) / 2 - math.log(s)

    def log_exact_count(self, dimension: int) -> float:
        """Compute the logarithm of the exact mean number of critical points.

        Args:
            dimension: N.

        Returns:
            log μ^(−N) E|det(μ + √(f″/N) g + √f″ W)|, one integral over the normal g.
        """
        require_size(dimension)
        unit = math.sqrt(2 / dimension)
        # g and the shift y of a matrix of unnormalised entries differ by constants;
        # where the determinant takes g is below √N.
        reach = _REACH + 2 * math.sqrt(dimension)
        normal = np.linspace(-reach, reach, _NODES)
        shift = (self.stiffness + normal / math.sqrt(dimension)) / unit
        logs = log_mean_determinant(dimension, shift) - normal**2 / 2
        step = math.log(normal[1] - normal[0]) - math.log(2 * math.pi) / 2
        scale = dimension * (math.log(unit) - math.log(self.stiffness))
        return float(scipy.special.logsumexp(logs)) + step + scale
