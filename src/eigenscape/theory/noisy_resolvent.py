"""The damped inverse of a noisy matrix: what is left of a second-order step.

For H = A + X with X free from A and −δ below the spectrum, the resolvent is equivalent
to that of A at another damping, in the bilinear sense, for vectors independent of X:

    (H + δ)⁻¹ ≈ (A + δ_eff)⁻¹,   δ_eff = −ω(−δ) < δ,

ω the subordination function of A. Differentiating in δ, ‖(H + δ)⁻¹g‖² ≈ δ_eff′ times
‖(A + δ_eff)⁻¹g‖² for every g: the share 1 − 1/δ_eff′ of the step's energy is random,
spread over all directions, and not in the mean step. Noise lowers the damping and adds
a random walk.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.theory.convolution.additive import free_additive_convolution
from eigenscape.theory.convolution.subordination import subordination
from eigenscape.theory.laws import Discrete, Law, Mixture

_ORIGIN = Discrete.point_mass(0.0)
_NEAR = 1e-6  # leaves an error of its square, and of rounding over it


@dataclass(frozen=True)
class EffectiveDamping:
    """The damping at which the resolvent of A stands for that of A + X.

    Attributes:
        damping: δ.
        value: δ_eff.
        slope: dδ_eff/dδ, at least 1.
    """

    damping: float
    value: float
    slope: float

    @property
    def random_share(self) -> float:
        """The share of the energy of a step (H + δ)⁻¹g that is random."""
        return 1 - 1 / self.slope


@dataclass(frozen=True)
class NoisyStep:
    """The parts of a damped second-order step with noisy curvature.

    The step (H + δ)⁻¹g has three parts: along the gradient, where it is gradient
    descent; the rest of its mean, which is what preconditioning does; and a random
    part. The shares are of its energy and sum to 1.

    Attributes:
        damping: δ and what becomes of it.
        learning_rate: gᵀ(H + δ)⁻¹g/‖g‖², the learning rate of the gradient descent.
        gradient_share: Share of the energy along the gradient.
        random_share: Share of the random part.
        exact_share: Squared cosine between the step and (A + δ)⁻¹g, without noise.
    """

    damping: EffectiveDamping
    learning_rate: float
    gradient_share: float
    random_share: float
    exact_share: float

    @property
    def preconditioned_share(self) -> float:
        """The share of the mean step across the gradient."""
        return 1 - self.gradient_share - self.random_share


@dataclass(frozen=True)
class NoisyCurvature:
    """A curvature matrix A + X, X free from A.

    Attributes:
        noise: The law of X, at the scale it is added with.
        bulk: The law of A; by default A is of finite rank.
    """

    noise: Law
    bulk: Law = _ORIGIN

    @functools.cached_property
    def law(self) -> Law:
        """The law of A + X."""
        return free_additive_convolution(self.bulk, self.noise)

    def effective_damping(self, damping: float) -> EffectiveDamping | None:
        """Compute δ_eff = −ω(−δ) and its slope.

        For A of low rank and a semicircle of variance s²κ₂ it is
        (δ + √(δ² − 4s²κ₂))/2, and for a semicircle and any A, δ − s²κ₂ m with
        m = tr(H + δ)⁻¹/N.

        Args:
            damping: δ.

        Returns:
            The effective damping; None where −δ is not below the spectrum of A + X,
            which the damping then does not make positive.
        """
        z = np.array([-damping])
        if not -damping < self.law.hull.lower:
            return None
        w = subordination(self.bulk, self.noise, z)[0]
        # g(z) = g_A(ω(z)), differentiated.
        slope = self.law.stieltjes_derivative(z) / self.bulk.stieltjes_derivative(w)
        return EffectiveDamping(damping, -float(w[0].real), float(slope[0].real))

    def step(self, damping: float, gradient: Law) -> NoisyStep | None:
        """Say how much of a noisy second-order step is rescaled gradient descent.

        The gradient must be independent of the noise of the curvature, as from another
        batch.

        Args:
            damping: δ.
            gradient: The spectral measure of A at the gradient, of `gradient_law` or of
                Lanczos started there.

        Returns:
            The parts of the step; None where the damping leaves negative curvature, in
            the bulk or along the gradient.

        References:
            Knowles and Yin (2017), Anisotropic local laws for random matrices,
            Probability Theory and Related Fields 169, for the bilinear equivalent.
        """
        effective = self.effective_damping(damping)
        lowest = gradient.hull.lower
        if effective is None or lowest + min(effective.value, damping) <= 0:
            return None
        middle = (effective.value + damping) / 2
        points = -np.array([effective.value, damping, middle])
        first, exact, _ = -np.real(gradient.stieltjes(points))
        second, exact_square, between = -np.real(gradient.stieltjes_derivative(points))
        # ∫ 1/((λ + δ_eff)(λ + δ)), by partial fractions or, where they cancel, at once.
        gap = damping - effective.value
        near = abs(gap) < _NEAR * (lowest + damping)
        both = between if near else (first - exact) / gap
        energy = effective.slope * second
        return NoisyStep(
            effective,
            float(first),
            float(first**2 / energy),
            effective.random_share,
            float(both**2 / (energy * exact_square)),
        )


def gradient_law(
    spikes: Float[np.ndarray, " k"],
    shares: Float[np.ndarray, " k"],
    bulk: Law = _ORIGIN,
) -> Law:
    """Describe where a gradient lies in the spectrum of A.

    Args:
        spikes: Eigenvalues θⱼ of A apart from its bulk.
        shares: ⟨g, vⱼ⟩²/‖g‖² with their eigenvectors.
        bulk: The law of the rest, over which the rest of g is spread evenly.

    Returns:
        The spectral measure of A at g/‖g‖: ∫ f = gᵀf(A)g/‖g‖².

    Raises:
        ValueError: A share is negative, or they sum to more than 1.
    """
    rest = 1 - float(shares.sum())
    if (shares < 0).any() or rest < -1e-12:
        message = (
            f"shares: expected squared cosines with a sum of at most 1, got {shares}"
        )
        raise ValueError(message)
    seen = shares > 0
    if not seen.any():
        return bulk
    if rest <= 0:
        return Discrete(spikes[seen], shares[seen] / shares.sum())
    points = [Discrete.point_mass(x) for x in spikes[seen].tolist()]
    return Mixture(np.append(shares[seen], rest), (*points, bulk))
