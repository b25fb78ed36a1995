"""ActivationGlass: the spin glass of networks with piecewise-linear activations.

With independent labels for the pieces, slopes multiply along whole paths to a pure
glass of degree H; an intercept enters at its layer and meets no input on its way, which
leaves Φ(s) = ∑ₗ ρₗ s^(H−l), s = ∑ᵢ wᵢ. This is a signal along (1, …, 1)/√N: a spike in
the Hessian, a shift, and a mean of the gradient.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float
from numpy.polynomial import Polynomial

from eigenscape.core import ConvergenceError
from eigenscape.landscape.activations import PiecewiseLinear
from eigenscape.landscape.annealed import cumulative_complexity, marginal_energy
from eigenscape.landscape.signal import SignalledGlass
from eigenscape.landscape.spin_glass import SpinGlass

Vector: TypeAlias = Float[np.ndarray, " n"]
Standing = Literal["proved", "supported", "conjectured"]

_REACH, _NODES = 40.0, 16001
_NEGLIGIBLE = 1e-12
_COINCIDENT = 1e-3
_EDGE = math.sqrt(2)


@dataclass(frozen=True)
class ActivationGlass:
    """h(w) = ∑ X w…w + Φ(s) on the unit sphere, X independent normal numbers.

    Attributes:
        depth: H, the number of layers, at least 2.
        deterministic: ρ₁, …, ρ_H; all 0 for ReLU.

    References:
        Baskerville, Keating, Mezzadri and Najnudel (2021), The loss surfaces of neural
        networks with general activation functions, Journal of Statistical Mechanics,
        064001; Choromanska, Henaff, Mathieu, Ben Arous and LeCun (2015), The loss
        surfaces of multilayer networks, AISTATS, for ReLU.
    """

    depth: int
    deterministic: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.depth < 2:
            message = f"depth: expected at least 2 layers, got {self.depth}"
            raise ValueError(message)
        if len(self.deterministic) != self.depth:
            message = (
                f"deterministic: expected {self.depth} coefficients, one a layer, got "
                f"{len(self.deterministic)}"
            )
            raise ValueError(message)

    @classmethod
    def of(
        cls, activation: PiecewiseLinear, depth: int, *, deviation: float = 1.0
    ) -> ActivationGlass:
        """Take the mean over the labels of the pieces.

        ρₗ = E β (E α)^(H−l) / (E α²)^(H/2), with the pieces of a normal argument: the
        noise of whole paths is scaled to 1. Our reading: the paper leaves the labels'
        probabilities open.

        Args:
            activation: The activation.
            depth: H.
            deviation: Standard deviation of the argument.

        Returns:
            The glass.

        Raises:
            ValueError: The slope is 0 wherever the argument may lie.
        """
        shares = activation.shares(deviation)
        slopes, shifts = np.array(activation.slopes), np.array(activation.intercepts)
        square, mean = float(shares @ slopes**2), float(shares @ slopes)
        if square == 0:
            message = f"activation: expected a slope that is not 0, got {activation}"
            raise ValueError(message)
        shift = float(shares @ shifts) / square ** (depth / 2)
        return cls(
            depth, tuple(shift * mean ** (depth - i) for i in range(1, depth + 1))
        )

    @property
    def glass(self) -> SpinGlass:
        """The pure glass of degree H."""
        return SpinGlass.pure(self.depth)

    @property
    def polynomial(self) -> Polynomial:
        """Φ."""
        return Polynomial(self.deterministic[::-1])

    def at(self, dimension: int) -> SignalledGlass:
        """Give the field in N dimensions, h(w) = g(w) + Φ(√N m).

        Args:
            dimension: N.

        Returns:
            The glass with S(m) = Φ(√N m)/√N, for exact counts and searches.
        """
        root = math.sqrt(dimension)
        powers = root ** np.arange(self.depth)
        scaled = np.array(self.deterministic[::-1]) * powers / root
        return SignalledGlass(self.glass, tuple(scaled.tolist()))


@dataclass(frozen=True)
class SharpFactor:
    """A factor of order 1 in a mean number of critical points.

    Attributes:
        value: The factor.
        standing: What supports it: "proved", "supported" by derivation and sampled
            matrices, or "conjectured".
    """

    value: float
    standing: Standing


def determinant_factor(x: float, spikes: Vector) -> SharpFactor:
    """Evaluate lim E|det(M + S − x)| / E|det(M − x)| for S of finite rank.

    T = ∏ⱼ |1 − sⱼ G(x + i0)|, M with its bulk on ±√2: outside (M − x)⁻¹ is −G in every
    direction, inside it fluctuates and the mean of |1 + s e·(M − x)⁻¹e| is the modulus.

    Args:
        x: Where.
        spikes: sⱼ, the eigenvalues of S that are not 0.

    Returns:
        T. It is proved without spikes; outside the bulk, and inside it for up to two
        spikes, derived and supported by samples; conjectured for more, and where an
        outlier of M + S meets x.

    References:
        Baskerville, Keating, Mezzadri and Najnudel (2021), Journal of Statistical
        Mechanics, 064001, for the existence of such a factor; the form is derived.
    """
    if abs(x) > _EDGE:
        transform = complex(x - math.copysign(math.sqrt(x**2 - 2), x))
    else:
        transform = complex(x, -math.sqrt(2 - x**2))
    factors = np.abs(1 - spikes[spikes != 0] * transform)
    standing: Standing = "supported"
    if not factors.size:
        standing = "proved"
    elif (abs(x) <= _EDGE and factors.size > 2) or factors.min() < _COINCIDENT:
        standing = "conjectured"
    return SharpFactor(float(factors.prod()), standing)


def activation_factor(
    model: ActivationGlass, dimension: int, energy: float
) -> SharpFactor:
    """Evaluate the ratio of counts with and without Φ, at low energies.

    With φ(s) = √N Φ(s) of order 1, s is normal, and the ratio tends to

        E exp(uφ + G(x)(sφ′ − Hφ)/√(2H(H−1)) − φ′²/2H) |1 − G(x) φ″/√(2H(H−1))|,

    x = u√(H/2(H−1)): what Φ does to the value, the shift, the gradient and the spike.

    Args:
        model: The glass.
        dimension: N.
        energy: u, below −E∞.

    Returns:
        The factor, that of `log_sharp_count`; errors are of relative order N^(−½).

    Raises:
        ValueError: The energy is not below −E∞.
        ConvergenceError: Large |s| decide: Φ is not small.
    """
    h = model.depth
    if not energy < -marginal_energy(model.glass):
        message = (
            f"energy: expected a level below {-marginal_energy(model.glass):.6g}, got "
            f"{energy}"
        )
        raise ValueError(message)
    x = energy * math.sqrt(h / (2 * (h - 1)))
    transform = x + math.sqrt(x**2 - 2)
    scale = math.sqrt(2 * h * (h - 1))
    phi = model.polynomial * math.sqrt(dimension)
    s = np.linspace(-_REACH, _REACH, _NODES)
    value, slope, second = phi(s), phi.deriv()(s), phi.deriv(2)(s)
    exponent = energy * value + transform * (s * slope - h * value) / scale
    exponent -= slope**2 / (2 * h) + s**2 / 2 + math.log(2 * math.pi) / 2
    weights = np.exp(exponent) * np.abs(1 - transform * second / scale)
    total = float(weights.sum() * (s[1] - s[0]))
    if max(weights[0], weights[-1]) > _NEGLIGIBLE * weights.max():
        what = "the mean over s"
        raise ConvergenceError(
            what,
            iterations=_NODES,
            residual=float(max(weights[0], weights[-1]) / weights.max()),
            remedy="Φ is not small at this dimension; count with critical_point_count",
        )
    return SharpFactor(total, "supported" if any(model.deterministic) else "proved")


def index_bounds(
    model: ActivationGlass, energy: Vector, *, index: int
) -> tuple[Vector, Vector]:
    """Bound the complexity at a fixed index, whatever the spike of the Hessian.

    A matrix of rank one moves the index by one at most, so the exponent lies between
    those of index k + 1 and k − 1 of the pure glass; it is that of k without outlier.

    Args:
        model: The glass, with Φ of a lower order than √N.
        energy: u: critical values up to √N u.
        index: k.

    Returns:
        The lower and the upper bound; for k = 0 the upper one is that of k.
    """
    lower = cumulative_complexity(model.glass, energy, index=index + 1)
    return lower, cumulative_complexity(model.glass, energy, index=max(index - 1, 0))
