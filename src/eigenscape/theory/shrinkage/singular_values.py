"""Shrinkers and hard thresholds of singular values: a low rank in noise.

Throughout β is the aspect ratio, the smaller side over the larger, and the unit is
σ √(larger side), the noise per entry times it; white noise then ends at 1 + √β.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.core import ConvergenceError
from eigenscape.theory.laws.law import Law, require_positive
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.transforms import quantile

Loss = Literal["frobenius", "operator", "nuclear"]

_FARTHEST = 1e8  # in noise edges: beyond, no root is expected


def shrink_singular_values(
    values: Float[np.ndarray, " k"], aspect: float, *, loss: Loss = "frobenius"
) -> Float[np.ndarray, " k"]:
    """Shrink the singular values of a low-rank matrix in white noise.

    With x² = (y² − β − 1 + √((y² − β − 1)² − 4β))/2 the best value is
    √((y² − β − 1)² − 4β)/y (frobenius), x √((x² + β)/(x² + 1)) (operator), and
    (x⁴ − β − √β x y)₊ / x² y (nuclear); at or below 1 + √β it is 0.

    Args:
        values: y, in units of σ √(larger side).
        aspect: β, above 0 and at most 1.
        loss: What is minimised.

    Returns:
        The shrunk values, in the same units.

    Raises:
        ValueError: The aspect ratio is not in (0, 1], or the loss is unknown.

    References:
        Gavish and Donoho (2017), Optimal shrinkage of singular values, IEEE
        Transactions on Information Theory 63; Shabalin and Nobel (2013),
        Reconstruction of a low-rank matrix in the presence of Gaussian noise, Journal
        of Multivariate Analysis 118, for the Frobenius loss; Leeb (2022), Optimal
        singular value shrinkage for operator norm loss: extending to non-square
        matrices, Statistics and Probability Letters 186, for the operator norm, where
        the x of Gavish and Donoho is right for square matrices only.
    """
    _require_aspect(aspect)
    above = values > 1 + math.sqrt(aspect)
    y = np.where(above, values, 1 + math.sqrt(aspect))
    middle = y**2 - aspect - 1
    root = np.sqrt(np.maximum(middle**2 - 4 * aspect, 0))
    x = np.sqrt((middle + root) / 2)
    match loss:
        case "frobenius":
            shrunk = root / y
        case "operator":
            shrunk = x * np.sqrt((x**2 + aspect) / (x**2 + 1))
        case "nuclear":
            excess = x**4 - aspect - math.sqrt(aspect) * x * y
            shrunk = np.maximum(excess, 0) / (x**2 * y)
        case _:
            message = f"loss: expected frobenius, operator or nuclear, got {loss!r}"
            raise ValueError(message)
    return np.where(above, shrunk, 0.0)


def hard_threshold(aspect: float) -> float:
    """Evaluate λ*(β) = √(2(β + 1) + 8β / (β + 1 + √(β² + 14β + 1))).

    Keeping the singular values above it, unshrunk, has the least asymptotic mean
    squared error of all hard thresholds; 4/√3 for a square matrix.

    Args:
        aspect: β, above 0 and at most 1.

    Returns:
        The threshold, in units of σ √(larger side).

    References:
        Gavish and Donoho (2014), The optimal hard threshold for singular values is
        4/√3, IEEE Transactions on Information Theory 60.
    """
    _require_aspect(aspect)
    b = aspect + 1
    return math.sqrt(2 * b + 8 * aspect / (b + math.sqrt(b**2 + 12 * aspect)))


def median_threshold_factor(aspect: float) -> float:
    """Evaluate ω(β) = λ*(β)/√μ_β, μ_β the median of the Marchenko–Pastur law.

    For unknown noise: the threshold is ω(β) times the median singular value, provided
    that the rank is far below half the smaller side. 2.858 for a square matrix.

    Args:
        aspect: β, above 0 and at most 1.

    Returns:
        The factor.

    References:
        Gavish and Donoho (2014).
    """
    threshold = hard_threshold(aspect)
    median = float(quantile(MarchenkoPastur(aspect), np.array([0.5]))[0])
    return threshold / math.sqrt(median)


def hard_threshold_in_noise(noise: Law, aspect: float) -> float:
    """Find the best hard threshold in noise of any spectrum.

    With D(y) = g(s) (β s g(s) + 1 − β) at s = y², the y beyond the noise where
    d log D / d log y = −4: there keeping and dropping a component cost the same. The
    noise must be free from the signal, as bi-invariant noise is.

    Args:
        noise: The law of the eigenvalues of ZZᵀ, Z with the smaller side as rows,
            in the squared units of the threshold.
        aspect: β, above 0 and at most 1.

    Returns:
        The threshold, in the units of the singular values.

    Raises:
        ConvergenceError: No threshold lies beyond the upper edge of the noise.

    References:
        Donoho, Gavish and Romanov (2023), ScreeNOT: exact MSE-optimal singular value
        thresholding in correlated noise, Annals of Statistics 51.
    """
    _require_aspect(aspect)
    edge = noise.hull.upper
    require_positive("the upper edge of the noise", edge)

    def excess(log_distance: float) -> float:
        s = np.array([edge * (1 + math.exp(log_distance))])
        g = np.real(noise.stieltjes(s))
        slope = np.real(noise.stieltjes_derivative(s))
        other = aspect * s * g + 1 - aspect
        change = slope / g + aspect * (g + s * slope) / other
        return float((s * change)[0]) + 2

    near, far = math.log(1e-13), math.log(_FARTHEST)
    if not excess(near) < 0:
        what = "the hard threshold"
        remedy = "every component beyond the edge is worth keeping: use the edge"
        raise ConvergenceError(what, iterations=0, residual=excess(near), remedy=remedy)
    solution = scipy.optimize.root_scalar(excess, bracket=(near, far), xtol=1e-14)
    return math.sqrt(edge * (1 + math.exp(float(solution.root))))


def _require_aspect(aspect: float) -> None:
    if not 0 < aspect <= 1:
        message = (
            f"aspect: expected the smaller side over the larger, in (0, 1], got "
            f"{aspect}"
        )
        raise ValueError(message)
