"""Damping rules: how much damping a measured curvature and its noise ask for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

from eigenscape.curvature.curvature_variance import CurvatureVariance
from eigenscape.theory.shrinkage.damping import (
    CurvatureMoments,
    optimal_damping,
    optimal_signal,
)

PUBLISHED_SMOOTHING = 0.3
"""Weight of the latest measurement, from the public code of Granziol and Baskerville,
github.com/diegogranziol/rmt_damping_dl, as are the other published settings here."""


class DampingRule(ABC):
    """A damping from moments of the curvature, smoothed over the measurements.

    Attributes:
        smoothing: What the latest measurement counts in an exponential average, in
            (0, 1]; the first one counts whole.
    """

    smoothing: float

    @abstractmethod
    def observed(self, found: CurvatureVariance) -> CurvatureMoments:
        """Choose among the estimates of a measurement.

        Args:
            found: The measurement.

        Returns:
            The moments to be smoothed.
        """

    @abstractmethod
    def damping(self, moments: CurvatureMoments) -> float:
        """Compute the damping.

        Args:
            moments: Smoothed moments, the noise at the batch size trained with.

        Returns:
            δ, finite and at least 0.
        """

    @abstractmethod
    def rate_factor(self, moments: CurvatureMoments) -> float:
        """Compute the factor of the learning rate that leaves shrinkage alone of δ.

        Args:
            moments: See `damping`.

        Returns:
            1/β, where δ stands for a shrinkage that keeps the share β of the curvature.
        """


@final
@dataclass(frozen=True)
class PublishedDamping(DampingRule):
    """Damping by the variance of the batch curvature, δ = δ_min + s², rate × (1 + δ).

    With exponential smoothing this is δ ← 0.7 δ + 0.3 δ_min + 0.3 s², as published: the
    best shrinkage in units where the curvature has μ = d² = 1, with the plug-in s² that
    is low by the factor 1 − 1/K.

    Attributes:
        least: δ_min. Default of the public code.
        smoothing: Default of the public code.

    References:
        Granziol and Baskerville (2022), J. Phys. Complexity, arXiv 2011.08181; steps,
        defaults and the plug-in variance as in its public code.
    """

    least: float = 1.0
    smoothing: float = PUBLISHED_SMOOTHING

    def __post_init__(self) -> None:
        _require(self.smoothing, "least", self.least, "of at least 0", self.least >= 0)

    def observed(self, found: CurvatureVariance) -> CurvatureMoments:
        """See DampingRule.

        Returns:
            The moments with the published variance.
        """
        return found.moments.with_noise(found.published_noise)

    def damping(self, moments: CurvatureMoments) -> float:
        """See DampingRule.

        Returns:
            δ_min + s².
        """
        return self.least + moments.noise

    def rate_factor(self, moments: CurvatureMoments) -> float:
        """See DampingRule.

        Returns:
            1 + δ.
        """
        return 1 + self.damping(moments)


@final
@dataclass(frozen=True)
class OptimalShrinkage(DampingRule):
    """Damping by the best linear shrinkage, δ* = μ s²/d², rate × 1/β* = 1 + s²/d².

    All moments are unbiased and smoothed before the ratio is taken. Where μ ≤ 0, as for
    a Hessian with no positive trace, no damping is the best (see `optimal_damping`):
    δ is `least` then, and the rate stays; a Gauss-Newton matrix has μ > 0.

    Attributes:
        least: The least damping.
        least_signal: The least share β that is kept, which bounds δ and the rate where
            noise hides the spread. The default is the least clip of the published
            shrinkage optimiser.
        smoothing: As of the published rule.

    References:
        `eigenscape.theory.shrinkage.damping`; the clip from the public code of
        Granziol and Baskerville.
    """

    least: float = 0.0
    least_signal: float = 0.001
    smoothing: float = PUBLISHED_SMOOTHING

    def __post_init__(self) -> None:
        _require(self.smoothing, "least", self.least, "of at least 0", self.least >= 0)
        share = self.least_signal
        _require(self.smoothing, "least_signal", share, "in (0, 1]", 0 < share <= 1)

    def observed(self, found: CurvatureVariance) -> CurvatureMoments:
        """See DampingRule.

        Returns:
            The unbiased moments.
        """
        return found.moments

    def damping(self, moments: CurvatureMoments) -> float:
        """See DampingRule.

        Returns:
            μ s²/d², not below `least`, with β* not below `least_signal`.
        """
        most = max(moments.mean, 0.0) * (1 / self.least_signal - 1)
        found = optimal_damping(moments.mean, moments.spread, moments.noise)
        return max(self.least, min(found, most))

    def rate_factor(self, moments: CurvatureMoments) -> float:
        """See DampingRule.

        Returns:
            1 + s²/d², at most 1/`least_signal`; 1 where μ ≤ 0.
        """
        if moments.mean <= 0:
            return 1.0
        return 1 / max(self.least_signal, optimal_signal(moments.spread, moments.noise))


def _require(
    smoothing: float, name: str, value: float, expected: str, fine: bool
) -> None:
    if not 0 < smoothing <= 1:
        name, value, expected, fine = "smoothing", smoothing, "in (0, 1]", False
    if not fine:
        message = f"{name}: expected a number {expected}, got {value}; change it"
        raise ValueError(message)
