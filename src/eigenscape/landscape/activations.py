"""PiecewiseLinear: an activation as slopes and intercepts on intervals."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.theory.laws.law import require_positive

Vector: TypeAlias = Float[np.ndarray, " n"]
Activation: TypeAlias = Callable[[np.ndarray], np.ndarray]

_LINEAR = 1e-9
_PROBES = np.array([0.13, 0.38, 0.5, 0.71, 0.93])


@dataclass(frozen=True)
class PiecewiseLinear:
    """f(x) = αⱼx + βⱼ between the breaks a_{j−1} and a_j.

    Attributes:
        breaks: aⱼ, increasing; one less than pieces.
        slopes: αⱼ.
        intercepts: βⱼ.
    """

    breaks: tuple[float, ...]
    slopes: tuple[float, ...]
    intercepts: tuple[float, ...]

    def __post_init__(self) -> None:
        a, slopes, shifts = self.breaks, self.slopes, self.intercepts
        if len(slopes) != len(shifts) or len(slopes) != len(a) + 1:
            message = (
                f"slopes: expected one more than breaks, as intercepts, got "
                f"{len(slopes)} slopes, {len(shifts)} intercepts and {len(a)} breaks"
            )
            raise ValueError(message)
        if list(a) != sorted(set(a)):
            message = f"breaks: expected increasing numbers, got {a}"
            raise ValueError(message)
        left = [s * x + b for s, b, x in zip(slopes, shifts, a, strict=False)]
        right = [s * x + b for s, b, x in zip(slopes[1:], shifts[1:], a, strict=True)]
        for x, one, two in zip(a, left, right, strict=True):
            if not abs(one - two) <= _LINEAR * max(1, abs(one)):
                message = f"intercepts: expected no jump, got {one} and {two} at {x}"
                raise ValueError(message)

    def __call__(self, x: Vector) -> Vector:
        """Evaluate f.

        Args:
            x: Where.

        Returns:
            f(x).
        """
        piece = np.searchsorted(np.array(self.breaks), x)
        return np.array(self.slopes)[piece] * x + np.array(self.intercepts)[piece]

    def shares(self, deviation: float = 1.0) -> Float[np.ndarray, " l"]:
        """Give the probabilities of the pieces for a centred normal argument.

        Args:
            deviation: Its standard deviation.

        Returns:
            The probabilities.
        """
        require_positive("deviation", deviation)
        ends = np.array([-math.inf, *self.breaks, math.inf]) / deviation
        return np.diff(scipy.special.ndtr(ends))


def leaky_relu(slope: float = 0.01) -> PiecewiseLinear:
    """Build max(x, ax).

    Args:
        slope: a. Default of torch.nn.LeakyReLU; 0 is ReLU.

    Returns:
        The activation.
    """
    return PiecewiseLinear((0.0,), (slope, 1.0), (0.0, 0.0))


def hard_tanh() -> PiecewiseLinear:
    """Build min(max(x, −1), 1).

    Returns:
        The activation.
    """
    return PiecewiseLinear((-1.0, 1.0), (0.0, 1.0, 0.0), (-1.0, 0.0, 1.0))


def piecewise_linear(
    activation: Activation, breaks: tuple[float, ...] = (), *, approximate: bool = False
) -> PiecewiseLinear:
    """Read slopes and intercepts off an activation.

    A module m of torch is passed as ``lambda x: m(torch.from_numpy(x)).numpy()``.

    Args:
        activation: From an array to an array of the same shape.
        breaks: Where its slope may jump, increasing, at least one.
        approximate: Accept one that is curved between the breaks: it is interpolated
            there, and goes on beyond them with its mean slope over a unit.

    Returns:
        The activation; exact unless approximate.

    Raises:
        ValueError: There is no break, or it is not linear between them and no
            approximation was asked for.
    """
    if not breaks:
        message = (
            "breaks: expected at least one place where the slope jumps, got none; for "
            "a curved activation give knots and pass approximate=True"
        )
        raise ValueError(message)
    knots = np.array([breaks[0] - 1, *breaks, breaks[-1] + 1])
    try:
        values = np.asarray(activation(knots), dtype=np.float64)
    except TypeError as error:
        message = (
            f"activation: expected a function of arrays, got {error}; for one of torch "
            "pass lambda x: f(torch.from_numpy(x)).numpy()"
        )
        raise ValueError(message) from error
    slopes = np.diff(values) / np.diff(knots)
    intercepts = values[:-1] - slopes * knots[:-1]
    pieces = PiecewiseLinear(
        tuple(breaks), tuple(slopes.tolist()), tuple(intercepts.tolist())
    )
    wide = np.array([breaks[0] - 8, *breaks, breaks[-1] + 8])
    probes = (wide[:-1, None] + np.diff(wide)[:, None] * _PROBES).ravel()
    error = float(np.abs(activation(probes) - pieces(probes)).max())
    if error > _LINEAR * max(1, float(np.abs(values).max())) and not approximate:
        message = (
            f"activation: expected one that is linear between the breaks {breaks}, got "
            f"a deviation of {error:.3g}; pass approximate=True to interpolate"
        )
        raise ValueError(message)
    return pieces
