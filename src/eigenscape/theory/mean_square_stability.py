"""The largest rate at which SGD on random batches of a quadratic is stable.

On a quadratic of Hessian A, heavy ball on batches is w ← w + ρ(w − w₋) − η H_b w with
H_b drawn anew at each step. Examples are H = ∑ₖ wₖ yₖ yₖᵀ with normal y of covariance A
and weights of mean ∑ₖ wₖ = 1 (`sampling_noise`), so that for every M

    E[(H_b − A) M (H_b − A)] = d A M A + f A tr(AM),
    f = (κ/b) q,   d = (κ/b)(q + u − 1),   q = E ∑ₖ wₖ²,   u = E (∑ₖ wₖ)²,

with κ = (n − b)/(n − 1) for batches without replacement. The second moments of w along
the eigenvectors of A form a closed linear recursion. It has a fixed point, and is at
the edge of stability, where

    1 = η f ∑ᵢ θᵢ / (2(1 − ρ) − η θᵢ ((1 − ρ)/(1 + ρ) + d)).

Without noise that is η = 2(1 + ρ)/θ₁. Where noise dominates, it is 2(1 − ρ) b/(q tr A):
momentum then lowers the rate, by as much as it lengthens the step.

In general the edge is where 1 = f ∑ᵢ Kᵢ/(1 − d Kᵢ), Kᵢ = (ηθᵢ)² V(ηθᵢ + ηω), with
V(x) the stationary variance of the point where the gradient is taken, under noise of
variance one along an eigenvalue x/η, and ω the L2 penalty, which has no noise:

    x V(x) = (1 + ρ)/((1 − ρ)(2(1 + ρ) − x))             for heavy ball,
    x V(x) = ((1 + ρ)² + ρ² − ρ(1 + 2ρ)(1 − x))
             /((1 − ρ + ρx)(2(1 + ρ) − (1 + 2ρ) x))      for Nesterov's momentum.
"""

from __future__ import annotations

import math

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.theory.sampling_noise.deterministic import check_noise


def mean_square_rate(
    spikes: Float[np.ndarray, " K"],
    weights: Float[np.ndarray, "m c"],
    batch_size: float | int,
    *,
    remainder: float = 0.0,
    population: int | None = None,
    momentum: float = 0.0,
    nesterov: bool = False,
    weight_decay: float = 0.0,
) -> float:
    """Compute the rate η up to which E‖w‖² stays bounded.

    Args:
        spikes: Eigenvalues θ of A outside its remainder, positive, descending.
        weights: Weights wᵢₖ of m examples, of mean row sum 1.
        batch_size: b, not necessarily whole; infinite for no noise.
        remainder: Trace of A outside the spikes, spread over many small eigenvalues.
        population: n, for batches drawn without replacement; None for independent
            examples.
        momentum: Momentum ρ.
        nesterov: Whether it is Nesterov's; heavy ball otherwise.
        weight_decay: L2 penalty ω. It is taken to act on the spikes alone: small
            eigenvalues are damped too, so that the rate is on the safe side.

    Returns:
        The rate; single runs on weights of heavy tails look stable somewhat beyond it.

    Raises:
        ValueError: The batch size, the momentum or the penalty is out of range, or the
            noise model is not one.

    References:
        Mulayoff and Michaeli (2024), Exact mean square linear stability analysis for
        SGD, COLT, for the criterion; the sum over eigenvalues, for weighted normal
        examples and with either momentum, is ours. The two regimes of momentum,
        2(1 − ρ) and 2(1 + ρ), are observed in arXiv 2604.14108.
    """
    check_noise(spikes, weights, 1, remainder, population)
    most = math.inf if population is None else population
    if not 0 < batch_size <= most:
        message = f"batch_size: expected a number from 0 to {most}, got {batch_size}"
        raise ValueError(message)
    if not 0 <= momentum < 1:
        message = f"momentum: expected a number in [0, 1), got {momentum}"
        raise ValueError(message)
    if not 0 <= weight_decay < math.inf:
        message = f"weight_decay: expected a number in [0, ∞), got {weight_decay}"
        raise ValueError(message)
    left = 1.0
    if population is not None:
        left = (population - batch_size) / max(population - 1, 1)
    second = float((weights**2).sum(1).mean())
    whole = float((weights.sum(1) ** 2).mean())
    shared = left / batch_size * second
    own = left / batch_size * (second + whole - 1)
    curvature = spikes + weight_decay
    stretch = 1 + 2 * momentum if nesterov else 1.0
    full = 2 * (1 + momentum) / (stretch * float(curvature[0]))
    if shared <= 0:
        return full

    def margin(share: float) -> float:
        rate = share * full
        reach = _reach(rate * curvature, momentum, nesterov=nesterov)
        gain = rate * spikes**2 / curvature * reach
        if share >= 1 or own * gain[0] >= 1:
            return -1.0
        total = float((gain / (1 - own * gain)).sum())
        total = shared * (total + rate * remainder / (2 * (1 - momentum)))
        return (1 - total) / (1 + total)  # bounded, also at poles

    return full * float(scipy.optimize.brentq(margin, 0.0, 1.0, xtol=1e-15))


def _reach(
    steps: Float[np.ndarray, " K"], momentum: float, *, nesterov: bool
) -> Float[np.ndarray, " K"]:
    """Compute x V(x), infinite at the edge of stability without noise."""
    with np.errstate(divide="ignore"):
        if not nesterov:
            return (1 + momentum) / ((1 - momentum) * (2 * (1 + momentum) - steps))
        kept = 1 - steps
        own = (1 + momentum) ** 2 + momentum**2 - momentum * (1 + 2 * momentum) * kept
        return own / ((1 - momentum * kept) * (1 + (1 + 2 * momentum) * kept))
