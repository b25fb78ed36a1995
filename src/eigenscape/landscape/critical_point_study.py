"""What an experiment on critical points finds: theory curves, searches, free parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.core import Estimate
from eigenscape.landscape.critical_energy import critical_energy
from eigenscape.landscape.hessian_sum import HessianSum
from eigenscape.landscape.least_squares import LeastSquaresHessian
from eigenscape.landscape.memorisation import Memorisation
from eigenscape.landscape.searched_points import SearchedPoints

PUBLISHED_TOLERANCE = 1e-6
"""Of |∇L|², in the search of Pennington and Bahri (2017), Sec. 6.4."""

PUBLISHED_INDICES = (0.0, 0.05, 0.1, 0.2)
"""Some α of Fig. 6 of Pennington and Bahri (2017)."""

PUBLISHED_ENERGIES = {
    2 / 3: (0.0693, 0.107, 0.153, 0.296),
    1 / 2: (0.1316, 0.174, 0.238, 0.357),
    1 / 3: (0.2183, 0.269, 0.321, 0.408),
    1 / 4: (0.2702, 0.318, 0.367, 0.430),
    1 / 8: (0.3646, 0.403, 0.427, 0.463),
    1 / 16: (0.4244, 0.448, 0.462, 0.481),
}
"""Mean energies at them by ratio, n = 16, read from the vector data of Fig. 6."""

_FIT = np.geomspace(1e-4, 3e-3, 12)
_GRID = 400


@dataclass(frozen=True)
class TheoryCurve:
    """The density of a least-squares Hessian.

    Attributes:
        law: The law.
        grid: Points of its hull.
        density: The density there.
        index: The share of negative eigenvalues.
    """

    law: LeastSquaresHessian
    grid: Float[np.ndarray, " g"]
    density: Float[np.ndarray, " g"]
    index: float


@dataclass(frozen=True)
class RatioSearch:
    """Searches on networks of one shape.

    Attributes:
        memorisation: The shape.
        points: What searches for a zero of the gradient ended at.
        minima: What descents on the loss ended at.
        nested: Ends on networks of fewer hidden units, with silent units added.
        saddles: What searches with the signs of the Hessian kept ended at.
    """

    memorisation: Memorisation
    points: SearchedPoints
    minima: SearchedPoints
    nested: SearchedPoints
    saddles: SearchedPoints

    @property
    def mean_energy(self) -> Estimate | None:
        """Mean energy of minima that the published test accepts; None for fewer than 2.

        A minimum has no eigenvalue that is surely negative.
        """
        points = self.minima
        kept = points.accepted(PUBLISHED_TOLERANCE) & (points.negative == 0)
        energies = points.energies[kept]
        if energies.size < 2:
            return None
        error = float(energies.std(ddof=1)) / float(np.sqrt(energies.size))
        return Estimate(float(energies.mean()), error, energies.size)


@dataclass(frozen=True)
class ReluParts:
    """Both parts of the Hessian of a ReLU autoencoder at its initial weights.

    Attributes:
        ratio: φ.
        energy: ε of the normal residuals put in the place of the true ones.
        residual: Eigenvalues of H₁ with them, ascending.
        gauss_newton: Eigenvalues of H₀, ascending.
        null_directions: Rescalings of units, along which H₀ vanishes exactly.
    """

    ratio: float
    energy: float
    residual: Float[np.ndarray, " n"]
    gauss_newton: Float[np.ndarray, " n"]
    null_directions: int

    @property
    def gap(self) -> float:
        """The least eigenvalue of H₀ beyond the null directions."""
        return float(self.gauss_newton[self.null_directions])


@dataclass(frozen=True)
class CriticalPointStudy:
    """Critical points of networks beside the theory.

    Attributes:
        curves: Densities of the first model.
        relu: Parts of an autoencoder at several ratios.
        freeness: The Hessian of a trained autoencoder beside its parts.
        searches: Searches on memorising networks, by ratio.
        first: The published search on one of them.
        polished: Where the second-order search goes from the ends of that one.
        second: The second-order search from the same starts.
    """

    curves: tuple[TheoryCurve, ...]
    relu: tuple[ReluParts, ...]
    freeness: HessianSum
    searches: tuple[RatioSearch, ...]
    first: SearchedPoints
    polished: SearchedPoints
    second: SearchedPoints


def theory_curve(
    ratio: float, energy: float, residual: str = "wigner", scale: float = 1.0
) -> TheoryCurve:
    """Compute the density of a least-squares Hessian.

    Args:
        ratio: φ.
        energy: ε.
        residual: "wigner" or "relu".
        scale: σ.

    Returns:
        The curve.
    """
    law = LeastSquaresHessian(ratio, energy, residual, scale)
    grid = np.linspace(law.hull.lower, law.hull.upper, _GRID)
    return TheoryCurve(law, grid, law.density(grid), law.index)


def fitted_exponent(ratio: float, residual: str = "wigner") -> float:
    """Fit the exponent of the index where the theory has one.

    The slope of log α over log(ε − ε_c), from 1e-4 to 3e-3 of ε_c above it. Points of
    networks spread over multiples of ε_c, where the slope falls below 1; no exponent
    is to be had from them.

    Args:
        ratio: φ, below 1.
        residual: "wigner" or "relu".

    Returns:
        The exponent, 3/2 in the limit.

    Raises:
        ValueError: The ratio is 1 or more, where no energy is critical.
    """
    critical = critical_energy(ratio, residual)
    if critical == 0:
        message = f"ratio: expected a number below 1, got {ratio}; there is no onset"
        raise ValueError(message)
    index = [
        LeastSquaresHessian(ratio, critical * (1 + x), residual).index
        for x in _FIT.tolist()
    ]
    return float(np.polyfit(np.log(_FIT), np.log(index), 1)[0])
