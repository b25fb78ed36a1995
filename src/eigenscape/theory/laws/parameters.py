"""The refusals that several laws share."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float


def require_finite(name: str, value: float) -> None:
    """Refuse a parameter that is infinite or NaN.

    Args:
        name: The parameter.
        value: Its value.

    Raises:
        ValueError: The value is not finite.
    """
    if not math.isfinite(value):
        message = f"{name}: expected a finite number, got {value}"
        raise ValueError(message)


def require_interval(lower: float, upper: float) -> None:
    """Refuse two ends that do not bound an interval.

    Args:
        lower: The left end.
        upper: The right end.

    Raises:
        ValueError: An end is not finite, or they are not ascending.
    """
    require_finite("lower", lower)
    require_finite("upper", upper)
    if lower >= upper:
        message = f"upper: expected a number above lower = {lower}, got {upper}"
        raise ValueError(message)


def require_weights(weights: Float[np.ndarray, " k"]) -> None:
    """Refuse weights that are not a probability vector without zeros.

    Args:
        weights: The weights.

    Raises:
        ValueError: There is none, one is not positive, or they do not sum to 1.
    """
    total = float(weights.sum())
    rounding = max(1e-12, weights.size * float(np.finfo(float).eps))
    if not (weights > 0).all() or not abs(total - 1) <= rounding:
        message = (
            f"weights: expected positive numbers summing to 1, got {weights} with "
            f"sum {total}; divide by the sum"
        )
        raise ValueError(" ".join(message.split()))
