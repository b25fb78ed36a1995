"""A spectrum smoothed by the Epanechnikov kernel, as a law."""

# ruff: file-ignore[undocumented-public-method] (documented on Law)

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Inexact

from eigenscape.theory.laws.law import Atom, Interval, Law

_BLOCK = 1 << 20  # complex numbers held at once: 16 MB
_REACH = math.sqrt(5)  # half-width of the kernel of variance 1
_FAR = 20.0  # in bandwidths: from here on moments, (5/400)⁹ ≈ 1e-17
_ORDERS = 2 * np.arange(9)
_MOMENTS = 3 * _REACH**_ORDERS / ((_ORDERS + 1) * (_ORDERS + 3))


@dataclass(frozen=True)
class KernelLaw(Law):
    """The law of density (1/k) ∑ⱼ κ((x − λⱼ)/hⱼ)/hⱼ, κ(u) = 3(1 − u²/5)₊/4√5.

    Its transform has the closed form
    ∫ κ(t)/(u − t) dt = 3u/10 + (3/4√5)(1 − u²/5) log((u + √5)/(u − √5)).

    Attributes:
        centres: λⱼ, the eigenvalues.
        bandwidths: hⱼ, positive, one for each.

    References:
        Ledoit and Wolf (2020), Analytical nonlinear shrinkage of large-dimensional
        covariance matrices, Annals of Statistics 48, for the kernel.
    """

    centres: Float[np.ndarray, " k"]
    bandwidths: Float[np.ndarray, " k"]

    def __post_init__(self) -> None:
        if self.centres.size == 0 or not np.isfinite(self.centres).all():
            message = f"centres: expected finite numbers, got {self.centres}"
            raise ValueError(message)
        if not ((self.bandwidths > 0) & np.isfinite(self.bandwidths)).all():
            message = (
                f"bandwidths: expected positive numbers, got {self.bandwidths.min()}; "
                "a positive bandwidth needs positive eigenvalues or a positive scale"
            )
            raise ValueError(message)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The union of the supports of the kernels."""
        order = np.argsort(self.centres - _REACH * self.bandwidths)
        lower = (self.centres - _REACH * self.bandwidths)[order]
        upper = np.maximum.accumulate((self.centres + _REACH * self.bandwidths)[order])
        gaps = np.flatnonzero(lower[1:] > upper[:-1])
        starts, ends = np.append(0, gaps + 1), np.append(gaps, lower.size - 1)
        return tuple(
            Interval(float(lower[i]), float(upper[j]))
            for i, j in zip(starts, ends, strict=True)
        )

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """None."""
        return ()

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        return np.maximum(-np.imag(self.stieltjes(x)) / math.pi, 0)

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return self._sum(_kernel_transform, z, 1)

    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return self._sum(_kernel_derivative, z, 2)

    def _sum(
        self,
        transform: Callable[[np.ndarray, np.ndarray], np.ndarray],
        z: Inexact[np.ndarray, "*shape"],
        power: int,
    ) -> Complex[np.ndarray, "*shape"]:
        flat = z.astype(np.complex128).ravel()
        result = np.empty_like(flat)
        rows = max(1, _BLOCK // self.centres.size)
        for i in range(0, flat.size, rows):
            part = flat[i : i + rows, None]
            # Part by part: a complex quotient would not keep the sign of a zero.
            across = (np.real(part) - self.centres) / self.bandwidths
            up = np.imag(part) / self.bandwidths
            result[i : i + rows] = np.mean(
                transform(across, up) / self.bandwidths**power, -1
            )
        return result.reshape(z.shape)


def _kernel_transform(
    across: Float[np.ndarray, "n k"], up: Float[np.ndarray, "n k"]
) -> Complex[np.ndarray, "n k"]:
    u = across + 1j * up
    curve = (1 - u / _REACH) * (1 + u / _REACH)
    closed = 0.3 * u + 0.75 / _REACH * curve * _logarithm(across, up)
    return _or_far(u, closed, _MOMENTS, 1)


def _kernel_derivative(
    across: Float[np.ndarray, "n k"], up: Float[np.ndarray, "n k"]
) -> Complex[np.ndarray, "n k"]:
    u = across + 1j * up
    closed = 0.6 - 0.3 / _REACH * u * _logarithm(across, up)
    return _or_far(u, closed, -(_ORDERS + 1) * _MOMENTS, 2)


def _or_far(
    u: Complex[np.ndarray, "n k"],
    closed: Complex[np.ndarray, "n k"],
    series: Float[np.ndarray, " m"],
    power: int,
) -> Complex[np.ndarray, "n k"]:
    # Far out the closed form cancels.
    far = np.abs(u) > _FAR
    inverse = 1 / u[far]
    closed[far] = inverse**power * np.polynomial.polynomial.polyval(inverse**2, series)
    return closed


def _logarithm(
    across: Float[np.ndarray, "n k"], up: Float[np.ndarray, "n k"]
) -> Complex[np.ndarray, "n k"]:
    """Evaluate log((u + √5)/(u − √5)), infinite at ±√5 made finite."""
    left, right = across + _REACH, across - _REACH
    tiny = np.finfo(float).tiny
    moduli = np.log(left**2 + up**2 + tiny) - np.log(right**2 + up**2 + tiny)
    return 0.5 * moduli + 1j * (np.arctan2(up, left) - np.arctan2(up, right))
