"""Averages of iterates where the noise of nearby steps is alike.

The noise ε_t of `iterate_averaging` is stationary with autocorrelation ρ_h; the average
is w̄ = E w̄ − η ∑ₜ d_t ε_t with weights d_t, so that

    Var w̄ = η² s² (R₀ + 2 ∑_{h≥1} ρ_h R_h),  R_h = ∑ₜ d_t d_{t+h}.

For the average of all of n iterates d_t = g_{n−t}(q)/n, and the double sum is

    R_h = (g_h ∑_{k≤n−h} g_k + q^h ∑_{k≤n−h} g_k²)/n²,

all lags in O(n). Noise that stays the same for ever is not averaged away: what averages
removes is only what varies from step to step.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from eigenscape.theory.iterate_averaging import AveragedIterates, Powers, Rate


def correlated_last_variance(
    eigenvalues: Float[np.ndarray, " p"],
    steps: int,
    autocorrelation: Float[np.ndarray, " l"],
    *,
    learning_rate: Rate,
    noise_variance: Rate,
) -> Float[np.ndarray, " p"]:
    """Compute the variance of w_n with correlated noise.

    Args:
        eigenvalues: λ.
        steps: n, at least 1.
        autocorrelation: ρ₀ = 1, ρ₁, …; zero beyond.
        learning_rate: η, or η/d coordinate by coordinate.
        noise_variance: s² of a gradient, coordinate by coordinate.

    Returns:
        η² s² ∑_h ρ_h q^h g_{n−h}(q²), lags h of both signs.
    """
    single = AveragedIterates(1, start=steps - 1)
    return correlated_average_variance(
        eigenvalues,
        single,
        autocorrelation,
        learning_rate=learning_rate,
        noise_variance=noise_variance,
    )


def correlated_average_variance(
    eigenvalues: Float[np.ndarray, " p"],
    averaged: AveragedIterates,
    autocorrelation: Float[np.ndarray, " l"],
    *,
    learning_rate: Rate,
    noise_variance: Rate,
) -> Float[np.ndarray, " p"]:
    """Compute the variance of an average of iterates with correlated noise, exactly.

    Args:
        eigenvalues: λ.
        averaged: Which iterates. For all of n it takes O(n) operations a coordinate,
            whatever the lags; otherwise O(N) of N steps for each lag.
        autocorrelation: ρ₀ = 1, ρ₁, …; zero beyond.
        learning_rate: η, or η/d coordinate by coordinate.
        noise_variance: s² of a gradient, coordinate by coordinate.

    Returns:
        The variance of each coordinate. An autocorrelation that no noise can have may
        make it negative.

    Raises:
        ValueError: The autocorrelation does not begin with 1.
    """
    if not autocorrelation.size or autocorrelation[0] != 1:
        got = autocorrelation[:1].tolist()
        message = f"autocorrelation: expected ρ₀ = 1 first, got {got}; divide by it"
        raise ValueError(message)
    factors = np.broadcast_to(learning_rate * eigenvalues, eigenvalues.shape)
    kept = autocorrelation[: averaged.steps] * 2
    kept[0] = 1.0
    if averaged.start == 0 and averaged.every == 1:
        sums = np.array([_every_lag(x, averaged.count)[: kept.size] for x in factors])
    else:
        sums = _few_lags(factors, averaged, kept.size)
    return learning_rate**2 * noise_variance * (sums @ kept)


def correlated_long_variance(
    eigenvalues: Float[np.ndarray, " p"],
    count: int,
    autocorrelation: Float[np.ndarray, " l"],
    *,
    noise_variance: Rate,
) -> Float[np.ndarray, " p"]:
    """Compute the leading order for the average of n iterates, nηλ ≫ 1 and n ≫ lags.

    Args:
        eigenvalues: λ, positive.
        count: n.
        autocorrelation: ρ₀ = 1, ρ₁, …; zero beyond.
        noise_variance: s² of a gradient, coordinate by coordinate.

    Returns:
        s²/(nλ²) (1 + 2 ∑_{h≥1} ρ_h).
    """
    times = 2 * autocorrelation.sum() - autocorrelation[0]
    return times * noise_variance / (count * eigenvalues**2)


def _every_lag(factor: float, n: int) -> Float[np.ndarray, " n"]:
    """R_h for the average of all of n iterates, h = 0 … n − 1."""
    powers = Powers.of(np.array([factor]))
    exponents = np.arange(1, n + 1)
    signs = np.where(powers.negative[0] & (exponents % 2 == 1), -1.0, 1.0)
    power = np.append(1.0, signs * np.exp(powers.logarithm[0] * exponents))
    partial = np.append(0.0, np.cumsum(power[:-1]))
    total, squares = np.cumsum(partial), np.cumsum(partial**2)
    left = n - np.arange(n)
    return (partial[:n] * total[left] + power[:n] * squares[left]) / n**2


def _few_lags(
    factors: Float[np.ndarray, " p"], averaged: AveragedIterates, lags: int
) -> Float[np.ndarray, "p l"]:
    """R_h, h = 0 … lags − 1, from the weights d_t themselves, the last step first."""
    sums = np.zeros((factors.size, lags))
    recent = np.zeros((factors.size, lags))
    weight = np.zeros(factors.size)
    for t in range(averaged.steps - 1, -1, -1):
        passed = t + 1 - averaged.start
        weight = (1 - factors) * weight
        if passed > 0 and passed % averaged.every == 0:
            weight += 1 / averaged.count
        recent[:, 1:] = recent[:, :-1].copy()
        recent[:, 0] = weight
        sums += weight[:, None] * recent
    return sums
