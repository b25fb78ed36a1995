"""Bias and variance of the last iterate and of averages, on a noisy quadratic.

Descent on ½ ∑ λ w² with gradients λ w + ε moves each coordinate by itself,

    w_t = q w_{t−1} − η ε_t,  q = 1 − ηλ,  E ε = 0,  Var ε = s² (σ²/B for batches of B).

A preconditioner d is a rate η/d of each coordinate. The average is of n iterates, every
c-th after the first m, so that w_{m+c}, w_{m+2c}, …, w_{m+nc} count the same; with
Q = q^c, g_k(x) = 1 + x + … + x^{k−1} and independent noise

    E w̄ = q^m Q g_n(Q)/n w₀,
    Var w̄ = η² s² [g_m(q²) (Q g_n(Q)/n)² + g_c(q²) ∑_{k≤n} g_k(Q)²/n²].

All sums are formed by doubling their length, of terms of one sign for 0 ≤ q, so that
λ = 0, small ηλ and diverging coordinates need no care. Derived here; the model is that
of Granziol, Wan et al. (2020), arXiv 2003.01247.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float

Rate = float | Float[np.ndarray, " p"]
"""One for all coordinates, or one each."""


@final
@dataclass(frozen=True)
class AveragedIterates:
    """Which iterates are averaged: w_{m+c}, w_{m+2c}, …, w_{m+nc}.

    Attributes:
        count: n, at least 1. With the others as they are, all of n steps.
        start: m, the steps before averaging.
        every: c, the steps from one iterate averaged to the next.
    """

    count: int
    start: int = 0
    every: int = 1

    def __post_init__(self) -> None:
        for name, least in (("count", 1), ("start", 0), ("every", 1)):
            _require_at_least(name, getattr(self, name), least)

    @property
    def steps(self) -> int:
        """The step of the last iterate averaged."""
        return self.start + self.every * self.count


@final
@dataclass(frozen=True)
class IterateMoments:
    """Mean and variance of an iterate or of an average, coordinate by coordinate.

    Attributes:
        bias: E w/w₀.
        variance: Var w.
    """

    bias: Float[np.ndarray, " p"]
    variance: Float[np.ndarray, " p"]


def last_iterate(
    eigenvalues: Float[np.ndarray, " p"],
    steps: int,
    *,
    learning_rate: Rate,
    noise_variance: Rate,
) -> IterateMoments:
    """Compute the moments of w_n, with independent noise.

    Args:
        eigenvalues: λ.
        steps: n, from 0.
        learning_rate: η, or η/d coordinate by coordinate.
        noise_variance: s² of a gradient, coordinate by coordinate.

    Returns:
        Bias qⁿ and variance η² s² (1 − q²ⁿ)/(1 − q²).
    """
    _require_at_least("steps", steps, 0)
    powers = Powers.of(learning_rate * eigenvalues)
    spread = powers.of_square().sums(steps).first
    return IterateMoments(powers(steps), learning_rate**2 * noise_variance * spread)


def averaged_iterate(
    eigenvalues: Float[np.ndarray, " p"],
    averaged: AveragedIterates,
    *,
    learning_rate: Rate,
    noise_variance: Rate,
) -> IterateMoments:
    """Compute the moments of an average of iterates, with independent noise.

    Args:
        eigenvalues: λ.
        averaged: Which iterates.
        learning_rate: η, or η/d coordinate by coordinate.
        noise_variance: s² of a gradient, coordinate by coordinate.

    Returns:
        Its bias and variance, exactly.
    """
    powers = Powers.of(learning_rate * eigenvalues)
    sampled, squared = powers.of_power(averaged.every), powers.of_square()
    sums = sampled.sums(averaged.count)
    share = sampled(1) * sums.first / averaged.count
    before = squared.sums(averaged.start).first
    between = squared.sums(averaged.every).first
    spread = before * share**2 + between * sums.squares / averaged.count**2
    return IterateMoments(
        powers(averaged.start) * share, learning_rate**2 * noise_variance * spread
    )


def long_average(
    eigenvalues: Float[np.ndarray, " p"],
    averaged: AveragedIterates,
    *,
    learning_rate: Rate,
    noise_variance: Rate,
) -> IterateMoments:
    """Compute the leading order of an average that is long, nc ηλ ≫ 1.

    The variance s²/(ncλ²) · `frequency_cost` does not depend on the learning rate when
    every iterate is averaged; the bias falls as 1/(nηλ) from the start.

    Args:
        eigenvalues: λ, positive.
        averaged: Which iterates.
        learning_rate: η, or η/d coordinate by coordinate, with ηλ < 2.
        noise_variance: s² of a gradient, coordinate by coordinate.

    Returns:
        Bias q^m Q/(n(1 − Q)) and that variance.
    """
    powers = Powers.of(learning_rate * eigenvalues)
    sampled = powers.of_power(averaged.every)(1)
    bias = powers(averaged.start) * sampled / (averaged.count * (1 - sampled))
    cost = frequency_cost(eigenvalues, averaged.every, learning_rate=learning_rate)
    length = averaged.count * averaged.every
    return IterateMoments(bias, cost * noise_variance / (length * eigenvalues**2))


def frequency_cost(
    eigenvalues: Float[np.ndarray, " p"], every: int, *, learning_rate: Rate
) -> Float[np.ndarray, " p"]:
    """Compute by how much rarer averaging adds to the variance of a long average.

    It is c (1 − q)(1 + q^c)/((1 + q)(1 − q^c)), nearly x coth x with x = cηλ/2:
    nothing is lost while c stays below the 1/(ηλ) steps that an iterate remembers.

    Args:
        eigenvalues: λ, positive.
        every: c, the steps from one iterate averaged to the next.
        learning_rate: η, or η/d coordinate by coordinate, with ηλ < 2.

    Returns:
        The variance over that of averaging every iterate of the same steps, at least 1
        where ηλ ≤ 1.
    """
    powers = Powers.of(learning_rate * eigenvalues)
    total = powers.sums(every).first
    return every * (1 + powers(every)) / ((1 + powers(1)) * total)


@final
@dataclass(frozen=True)
class Sums:
    """Sums over k of g_k(x) = 1 + x + … + x^{k−1}, up to k = n.

    Attributes:
        first: g_n itself.
        total: ∑ g_k.
        squares: ∑ g_k².
    """

    first: Float[np.ndarray, " p"]
    total: Float[np.ndarray, " p"]
    squares: Float[np.ndarray, " p"]


@final
@dataclass(frozen=True)
class Powers:
    """Powers of x = ±e^ℓ, to the relative accuracy of k|ℓ| rather than of k.

    Attributes:
        logarithm: ℓ = log |x|.
        negative: Where x < 0.
    """

    logarithm: Float[np.ndarray, " p"]
    negative: np.ndarray

    @staticmethod
    def of(shortfall: Float[np.ndarray, " p"]) -> Powers:
        """Take x = 1 − shortfall.

        Args:
            shortfall: 1 − x, such as ηλ.

        Returns:
            Its powers.
        """
        negative = shortfall > 1
        with np.errstate(divide="ignore"):
            below = np.log1p(-np.where(negative, 0.0, shortfall))
            above = np.log(np.where(negative, shortfall - 1, 1.0))
        return Powers(np.where(negative, above, below), negative)

    def of_power(self, exponent: int) -> Powers:
        """Take x to a power.

        Args:
            exponent: At least 1.

        Returns:
            The powers of that.
        """
        odd = exponent % 2 == 1
        return Powers(exponent * self.logarithm, self.negative & odd)

    def of_square(self) -> Powers:
        """Take x².

        Returns:
            Its powers.
        """
        return self.of_power(2)

    def __call__(self, exponent: int) -> Float[np.ndarray, " p"]:
        """Compute a power.

        Args:
            exponent: From 0.

        Returns:
            x to it.
        """
        if exponent == 0:
            return np.ones_like(self.logarithm)
        size = np.exp(exponent * self.logarithm)
        return np.where(self.negative & (exponent % 2 == 1), -size, size)

    def sums(self, length: int) -> Sums:
        """Sum over g_1 … g_n by doubling.

        Args:
            length: n, from 0.

        Returns:
            The sums.
        """
        one = np.ones_like(self.logarithm)
        unit, found, reached = Sums(one, one, one), Sums(0 * one, 0 * one, 0 * one), 0
        for bit in f"{length:b}":
            found, reached = self._joined(found, reached, found, reached), 2 * reached
            if bit == "1":
                found, reached = self._joined(found, reached, unit, 1), reached + 1
        return found

    def _joined(self, left: Sums, length: int, right: Sums, added: int) -> Sums:
        """Sums of length + added terms, from g_{length+k} = g_length + x^length g_k."""
        power, whole = self(length), left.first
        return Sums(
            whole + power * right.first,
            left.total + added * whole + power * right.total,
            left.squares
            + added * whole**2
            + 2 * whole * power * right.total
            + power**2 * right.squares,
        )


def _require_at_least(name: str, value: int, least: int) -> None:
    if value < least:
        message = f"{name}: expected at least {least}, got {value}; count steps"
        raise ValueError(message)
