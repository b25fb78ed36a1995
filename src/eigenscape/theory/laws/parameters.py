"""The refusals that several laws share."""

from __future__ import annotations

import contextlib
import math
from typing import Any

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


def as_vector(name: str, values: Any) -> Float[np.ndarray, " k"]:
    """Take numbers as a vector in double precision.

    Args:
        name: The parameter.
        values: An array or a list of real numbers.

    Returns:
        The vector.

    Raises:
        ValueError: These are not real numbers in a row.
    """
    with contextlib.suppress(ValueError):  # of rows of several lengths
        vector = np.asarray(values)
        if vector.ndim == 1 and (vector.size == 0 or vector.dtype.kind in "biuf"):
            return vector.astype(np.float64, copy=False)
    message = f"{name}: expected a row of real numbers, got {values!r:.80}"
    raise ValueError(" ".join(message.split()))


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
