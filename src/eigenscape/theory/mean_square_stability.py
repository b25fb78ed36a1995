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
) -> float:
    """Compute the rate η up to which E‖w‖² stays bounded.

    Args:
        spikes: Eigenvalues θ of A outside its remainder, positive, descending.
        weights: Weights wᵢₖ of m examples, of mean row sum 1.
        batch_size: b, not necessarily whole; infinite for no noise.
        remainder: Trace of A outside the spikes, spread over many small eigenvalues.
        population: n, for batches drawn without replacement; None for independent
            examples.
        momentum: Heavy-ball momentum ρ.

    Returns:
        The rate; single runs on weights of heavy tails look stable somewhat beyond it.

    Raises:
        ValueError: The batch size or the momentum is out of range, or the noise model
            is not one.

    References:
        Mulayoff and Michaeli (2024), Exact mean square linear stability analysis for
        SGD, COLT, for the criterion; the sum over eigenvalues, for weighted normal
        examples and with momentum, is ours. The two regimes of momentum, 2(1 − ρ) and
        2(1 + ρ), are observed in arXiv 2604.14108.
    """
    check_noise(spikes, weights, 1, remainder, population)
    most = math.inf if population is None else population
    if not 0 < batch_size <= most:
        message = f"batch_size: expected a number from 0 to {most}, got {batch_size}"
        raise ValueError(message)
    if not 0 <= momentum < 1:
        message = f"momentum: expected a number in [0, 1), got {momentum}"
        raise ValueError(message)
    left = 1.0
    if population is not None:
        left = (population - batch_size) / max(population - 1, 1)
    second = float((weights**2).sum(1).mean())
    whole = float((weights.sum(1) ** 2).mean())
    return _edge(
        spikes,
        remainder,
        left / batch_size * second,
        left / batch_size * (second + whole - 1),
        momentum,
    )


def _edge(
    spikes: Float[np.ndarray, " K"],
    remainder: float,
    shared: float,
    own: float,
    momentum: float,
) -> float:
    """Solve for the η of the fixed point, below the pole of θ₁."""
    damping = 2 * (1 - momentum)
    pull = spikes * ((1 - momentum) / (1 + momentum) + own)
    pole = damping / float(pull[0])
    if shared <= 0:
        return pole

    def excess(share: float) -> float:
        rate = share * pole
        room = damping - rate * pull
        return rate * shared * (float((spikes / room).sum()) + remainder / damping) - 1

    highest = 1 - 1e-14
    if excess(highest) < 0:
        return pole
    return pole * float(scipy.optimize.brentq(excess, 0.0, highest, xtol=1e-15))
