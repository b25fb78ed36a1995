"""Damping as linear shrinkage of a noisy curvature, and the best damping there is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from eigenscape.theory.shrinkage.linear import LinearShrinkage


@dataclass(frozen=True)
class CurvatureMoments:
    """What the best linear shrinkage of a batch curvature H_b = H + X depends on.

    Attributes:
        mean: μ = tr H / P.
        spread: d² = ‖H − μI‖² / P in the Frobenius norm. An unbiased estimate of it may
            be negative, and counts as 0 then.
        noise: s² = E ‖X‖² / P, the noise of one batch.
    """

    mean: float
    spread: float
    noise: float

    @property
    def signal(self) -> float:
        """β* = d²/(d² + s²), the share of the batch curvature that is kept."""
        return optimal_signal(self.spread, self.noise)

    @property
    def damping(self) -> float:
        """δ* = μ s²/d², the damping that stands for that shrinkage."""
        return optimal_damping(self.mean, self.spread, self.noise)

    def towards(self, latest: CurvatureMoments, share: float) -> CurvatureMoments:
        """Average with later moments, exponentially.

        Args:
            latest: The later ones.
            share: What they count, from 0 to 1.

        Returns:
            (1 − share) of these and share of the later ones.
        """
        kept = 1 - share
        return CurvatureMoments(
            kept * self.mean + share * latest.mean,
            kept * self.spread + share * latest.spread,
            kept * self.noise + share * latest.noise,
        )

    def with_noise(self, noise: float) -> CurvatureMoments:
        """Replace the noise, such as by that of another batch size.

        Args:
            noise: The other s².

        Returns:
            The moments with it.
        """
        return replace(self, noise=noise)


def optimal_signal(spread: float, noise: float) -> float:
    """Compute β*, which minimises E ‖β H_b + (1 − β) μ I − H‖².

    The expectation is P (β² s² + (1 − β)² d²) for centred noise X = H_b − H.

    Args:
        spread: d²; not positive where no signal was seen.
        noise: s².

    Returns:
        d²/(d² + s²); 1 without noise, 0 with noise alone.

    References:
        Ledoit and Wolf (2004), J. Multivariate Anal. 88, Theorem 2.1, of which this is
        the case of additive noise.
    """
    if noise <= 0:
        return 1.0
    signal = max(spread, 0.0)
    return signal / (signal + noise)


def optimal_damping(mean: float, spread: float, noise: float) -> float:
    """Compute δ* = μ s²/d², the damping equivalent to the best linear shrinkage.

    By (β H + (1 − β) μ I)⁻¹ = β⁻¹ (H + δ I)⁻¹ with δ = μ (1 − β)/β. Where μ ≤ 0 no
    positive δ stands for a pull towards μ; among all c ≥ 0 the error of β H_b + c I is
    least at c = 0 then, and so is the damping.

    Args:
        mean: μ.
        spread: d²; not positive where no signal was seen.
        noise: s².

    Returns:
        The damping, at least 0; infinite where there is noise alone around μ > 0.
    """
    if mean <= 0 or noise <= 0:
        return 0.0
    return mean * noise / spread if spread > 0 else math.inf


def shrinkage_of_damping(damping: float, mean: float = 1.0) -> LinearShrinkage:
    """Translate a damping to the shrinkage that it is.

    (H + δ I)⁻¹ = β (β H + (1 − β) μ I)⁻¹ with β = μ/(μ + δ): a damped step is one with
    the shrunk curvature, at a learning rate that is less by the factor β.

    Args:
        damping: δ, at least 0.
        mean: μ > 0, to which the curvature is pulled; the literature takes 1, with
            β = 1/(1 + δ).

    Returns:
        The shrinkage of intensity 1 − β.

    Raises:
        ValueError: If a number is out of range.

    References:
        Granziol and Baskerville (2022), J. Phys. Complexity, arXiv 2011.08181, on
        damping as shrinkage and a reduced learning rate.
    """
    if not (damping >= 0 and mean > 0):
        message = (
            f"damping, mean: expected a damping of at least 0 and a positive mean, got "
            f"{damping} and {mean}; pass these"
        )
        raise ValueError(message)
    intensity = 1.0 if math.isinf(damping) else damping / (mean + damping)
    return LinearShrinkage(intensity, mean)


def damping_of_shrinkage(shrinkage: LinearShrinkage) -> float:
    """Translate a linear shrinkage to the damping that it is.

    Args:
        shrinkage: Of intensity 1 − β, towards μ.

    Returns:
        δ = μ (1 − β)/β.
    """
    signal = 1 - shrinkage.intensity
    return shrinkage.target * shrinkage.intensity / signal if signal else math.inf
