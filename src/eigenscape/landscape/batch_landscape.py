"""Critical points of a batch loss: where minima prevail, where the surface is rough.

Near w the batch loss has the Hessian A + X + (t/√N) 1 and a Gaussian gradient, where
X is free from the Hessian A of the true loss, at the scale of the batch, and t is a
normal number: the fluctuation of the normalised trace, which a smooth random field
cannot do without. By the formula of Kac and Rice the mean number of critical points
in a volume V around w is exp(N Σ(w)) V with

    Σ(w) = sup over τ of ∫ log|λ + τ| d(law(A) ⊞ law(X)) − τ²/2v + (1/N) log p_w(0),

v the variance of t and p_w the density of the gradient. Minima need the whole spectrum
above zero: τ is restricted to that, and for v = 0 there are none, up to exp(−cN²),
where the lower edge is negative. Outliers do not count in Σ; one that is negative costs
minima another exp(−cN).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.theory import Affine, Law, free_additive_convolution, log_potential

_GRID = 400
_BRACKETING = 60


@dataclass(frozen=True)
class BatchLandscape:
    """What the batch loss is like near a point w, in N dimensions.

    Attributes:
        dimension: N.
        bulk: Law of the true Hessian A, with weight decay where there is some.
        noise: Law of X, at the scale of the batch.
        gradient_density: (1/N) log p_w(0), of `gradient_log_density` or
            `isotropic_log_density`.
        trace_variance: v, N times the variance of the normalised trace of the batch
            Hessian; 0 leaves the common shift out.
    """

    dimension: int
    bulk: Law
    noise: Law
    gradient_density: float
    trace_variance: float = 0.0

    def __post_init__(self) -> None:
        if self.dimension < 1:
            message = f"dimension: expected at least 1, got {self.dimension}"
            raise ValueError(message)
        if not 0 <= self.trace_variance < math.inf:
            message = (
                f"trace_variance: expected a finite number, at least 0, got "
                f"{self.trace_variance}"
            )
            raise ValueError(message)

    @functools.cached_property
    def hessian(self) -> Law:
        """The law of A + X."""
        return free_additive_convolution(self.bulk, self.noise)

    @functools.cached_property
    def lower_edge(self) -> float:
        """The lower edge of the Hessian; minima prevail where it is not negative."""
        return self.hessian.hull.lower

    @functools.cached_property
    def complexity(self) -> float:
        """Σ(w) of all critical points, per dimension and unit of length."""
        rate = determinant_rate(self.hessian, self.trace_variance)
        return rate + self.gradient_density

    @functools.cached_property
    def minima_complexity(self) -> float:
        """Σ(w) of the minima; −∞ where they are suppressed at the speed N²."""
        rate = determinant_rate(self.hessian, self.trace_variance, positive=True)
        return rate + self.gradient_density

    @property
    def rough_radius(self) -> float:
        """The radius of the ball that holds one critical point in the mean."""
        return rough_radius(self.complexity, self.dimension)


def rough_radius(complexity: float, dimension: int) -> float:
    """Compute the radius R of the ball with exp(NΣ) vol(R) = 1.

    On longer scales the surface is rough, on shorter ones smooth. R is in the units of
    the weights, unlike Σ, which changes with them.

    Args:
        complexity: Σ(w).
        dimension: N.

    Returns:
        R.
    """
    half = dimension / 2
    log_ball = half * math.log(math.pi) - math.lgamma(half + 1)
    return math.exp(-complexity - log_ball / dimension)


def determinant_rate(
    law: Law, trace_variance: float = 0.0, *, positive: bool = False
) -> float:
    """Evaluate lim (1/N) log E|det(H + (t/√N) 1)|, t normal of variance v.

    That is the supremum of ∫ log|λ + τ| ρ(dλ) − τ²/2v over τ, sought where its slope
    changes sign on a grid of 400 points; at v = 0 it is ∫ log|λ| ρ(dλ).

    Args:
        law: The law ρ of H.
        trace_variance: v.
        positive: Count positive definite matrices only: H + τ ≥ 0.

    Returns:
        The rate; −∞ where an atom lies at 0, or no matrix is positive.

    References:
        Ben Arous, Bourgade and McKenna (2023), Exponential growth of random
        determinants beyond invariance, Probability and Mathematical Physics 4, for
        v = 0; Fyodorov (2004), Complexity of random energy landscapes, glass
        transition, and absolute value of the spectral determinant of random matrices,
        Physical Review Letters 92, for the shift.
    """
    least = -law.hull.lower if positive else -math.inf
    if trace_variance == 0:
        return -math.inf if least > 0 else float(log_potential(law, np.zeros(1))[0])

    def slope(tau: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        return -np.real(law.stieltjes(-tau)) - tau / trace_variance

    reach = max(abs(law.hull.lower), abs(law.hull.upper))
    unit = math.sqrt(trace_variance)
    ends = math.asinh(2 * (reach + unit) / unit)
    grid = unit * np.sinh(np.linspace(-ends, ends, _GRID))
    grid = np.union1d(grid[grid > least], [least] if positive else [])
    with np.errstate(invalid="ignore"):
        rising = slope(grid) > 0
    peaks = [
        _root(slope, float(grid[i]), float(grid[i + 1]))
        for i in np.flatnonzero(rising[:-1] & ~rising[1:])
    ]
    shifts = np.array(peaks + ([least] if positive else []))
    return float((log_potential(law, -shifts) - shifts**2 / 2 / trace_variance).max())


def gradient_log_density(
    gradient: Float[np.ndarray, " n"], variances: Float[np.ndarray, " n"]
) -> float:
    """Evaluate (1/N) log p(0) of a Gaussian batch gradient.

    Args:
        gradient: Components of the true gradient along the principal axes of the
            gradient noise.
        variances: Variances of the batch gradient along them.

    Returns:
        −½ log 2π − (1/2N) ∑ (log vᵢ + gᵢ²/vᵢ).

    Raises:
        ValueError: A variance is not positive: the gradient has no density.
    """
    if not (variances > 0).all():
        message = (
            f"variances: expected positive ones, got a minimum of {variances.min()}; "
            "without noise in some directions the gradient has no density there"
        )
        raise ValueError(message)
    terms = np.log(2 * math.pi * variances) + gradient**2 / variances
    return -float(terms.mean()) / 2


def isotropic_log_density(dimension: int, deviation: float, norm: float) -> float:
    """Evaluate (1/N) log p(0) of a batch gradient with isotropic Gaussian noise.

    Among noises of the same total variance this has the least density, but for a
    gradient along their narrow directions.

    Args:
        dimension: N.
        deviation: sσ_g, standard deviation of a component of the batch gradient.
        norm: Norm of the true gradient.

    Returns:
        −½ log(2πs²σ_g²) − ‖∇L‖²/(2N s²σ_g²).
    """
    spread = np.full(1, deviation**2)
    return gradient_log_density(np.array([norm / math.sqrt(dimension)]), spread)


def minima_switch(bulk: Law, noise: Law) -> float:
    """Find the scale s at which minima give way: the lower edge of A + sX comes to 0.

    The edge falls in s, for noise of mean zero: it is a concave function of s,
    greatest at s = 0.

    Args:
        bulk: Law of A, above zero.
        noise: Law of X, of mean zero and not a point mass.

    Returns:
        The scale; a for A = a1 and X a semicircle of variance ¼.

    Raises:
        ValueError: The bulk is not above zero.
    """
    floor = bulk.hull.lower
    if not floor > 0:
        message = (
            f"bulk: expected a law above zero, got a lower end of {floor}; "
            "add the weight decay, or there are no minima at any batch size"
        )
        raise ValueError(message)

    def edge(scale: float) -> float:
        law = free_additive_convolution(bulk, Affine(noise, scale))
        return law.hull.lower

    upper = floor / (noise.hull.upper - noise.hull.lower)
    for _ in range(_BRACKETING):
        if edge(upper) <= 0:
            break
        upper *= 2
    return float(scipy.optimize.brentq(edge, upper * 2.0**-_BRACKETING, upper))


def _root(
    function: Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]],
    lower: float,
    upper: float,
) -> float:
    def scalar(x: float) -> float:
        return float(function(np.array([x]))[0])

    return float(scipy.optimize.brentq(scalar, lower, upper))
