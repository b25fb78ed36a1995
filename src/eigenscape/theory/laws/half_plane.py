"""Transforms known in the upper half-plane, continued by Schwarz reflection."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Complex, Inexact


def by_reflection(
    function: Callable[[Complex[np.ndarray, " n"]], Complex[np.ndarray, " n"]],
    z: Inexact[np.ndarray, "*shape"],
) -> Complex[np.ndarray, "*shape"]:
    """Evaluate f on the plane, f(z̄) being the conjugate of f(z).

    Args:
        function: f, on flat arrays with Im z ≥ 0.
        z: Points of the plane, of any shape; the sign of a zero imaginary part says
            on which side of the axis a real one lies.

    Returns:
        f(z).
    """
    flat = z.astype(np.complex128).ravel()
    below = np.signbit(np.imag(flat))
    values = function(np.where(below, flat.conj(), flat))
    return np.where(below, values.conj(), values).reshape(z.shape)
