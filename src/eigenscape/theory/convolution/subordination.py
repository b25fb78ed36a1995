"""Additive subordination: where each summand of X₁ + X₂ is seen from z."""

from __future__ import annotations

import numpy as np
from jaxtyping import Complex, Inexact

from eigenscape.theory.convolution.additive import summands
from eigenscape.theory.convolution.self_energy_law import require_finite_points
from eigenscape.theory.convolution.summands import subordinate
from eigenscape.theory.laws.law import Law
from eigenscape.theory.laws.pointwise import pointwise


@pointwise(2)
def subordination(
    first: Law, second: Law, z: Inexact[np.ndarray, "*shape"]
) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
    """Evaluate the two subordination functions of a free additive convolution.

    With Σᵢ the self-energies, w₁ = z − Σ₂(w₂) and w₂ = z − Σ₁(w₁), and the transform of
    the sum is g(z) = g₁(w₁) = g₂(w₂), 1/g = w₁ + w₂ − z.

    Args:
        first: The law of X₁.
        second: The law of X₂, free from it.
        z: Points of the plane; a real one stands for its limit from above, and a zero
            imaginary part of negative sign for the limit from below.

    Returns:
        w₁ and w₂, certified at every point.

    References:
        Biane (1998), Processes with free increments, Mathematische Zeitschrift 227;
        Belinschi and Bercovici (2007), A new approach to subordination results in free
        probability, Journal d'Analyse Mathématique 101.
    """
    flat = z.astype(np.complex128).ravel()
    require_finite_points(flat)
    below = np.signbit(np.imag(flat))
    z_above = np.where(below, flat.conj(), flat)
    ours, theirs = summands(first), summands(second)
    parts = subordinate(ours + theirs, z_above).parts
    w1 = z_above - parts[len(ours) :].sum(axis=0)
    w2 = z_above - parts[: len(ours)].sum(axis=0)
    w1, w2 = np.where(below, w1.conj(), w1), np.where(below, w2.conj(), w2)
    return w1.reshape(z.shape), w2.reshape(z.shape)
