"""GanGlass: the losses of a discriminator and a generator as spin glasses."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from eigenscape.theory.ensembles.two_blocks import TwoBlocks
from eigenscape.theory.laws.law import require_positive
from eigenscape.theory.operator_valued.gaussian_blocks import GaussianBlocks

_WEAKEST = 1e-12  # of σ; rounding hides weaker interactions


@dataclass(frozen=True)
class GanGlass:
    """Two spin glasses on two spheres, of N_D = κN and N_G = (1 − κ)N dimensions.

    ℓ_D has the covariance (w_D·w_D′)ᵖ and ℓ_G (w_D·w_D′ + w_G·w_G′)ᵐ, m = p + q. The
    losses are L_D = ℓ_D − σℓ_G and L_G = σℓ_G; critical is where ∇_D L_D = 0 and
    ∇_G L_G = 0. Flipping the sign of the rows of the discriminator makes the Jacobian
    symmetric: over √2N it is bM + b₁ diag(M₁, 0) − x₁ diag(1, 0) − x, M and M₁ of the
    Gaussian orthogonal ensemble with spectra ±√2.

    Attributes:
        discriminator_layers: p.
        generator_layers: q.
        noise: σ, the scale of the latent noise.
        fraction: κ.

    References:
        Baskerville, Keating, Mezzadri and Najnudel (2022), A spin glass model for the
        loss surfaces of generative adversarial networks, Journal of Statistical
        Physics 186; the constants here follow from the model, and differ from those
        of the authors' code, see `published`.
    """

    discriminator_layers: int
    generator_layers: int
    noise: float
    fraction: float

    def __post_init__(self) -> None:
        p, q = self.discriminator_layers, self.generator_layers
        if p < 2:
            message = f"discriminator_layers: expected at least 2, got {p}"
            raise ValueError(message)
        if q < 1:
            message = f"generator_layers: expected at least 1, got {q}"
            raise ValueError(message)
        require_positive("noise", self.noise)
        if not _WEAKEST <= self.noise <= 1 / _WEAKEST:
            message = (
                f"noise: expected from {_WEAKEST:g} to {1 / _WEAKEST:g}, got "
                f"{self.noise:g}; the complexity has a limit at either end long before"
            )
            raise ValueError(message)
        if not 0 < self.fraction < 1:
            message = f"fraction: expected a number in (0, 1), got {self.fraction}"
            raise ValueError(message)

    @property
    def degree(self) -> int:
        """The degree m = p + q."""
        return self.discriminator_layers + self.generator_layers

    @property
    def entry_variance(self) -> float:
        """Variance of a mixed second derivative of ℓ_G, m(m − 1)2^(m−2)."""
        m = self.degree
        return m * (m - 1) * 2.0 ** (m - 2)

    @property
    def slope_variance(self) -> float:
        """Variance of a first derivative of ℓ_G, c = m 2^(m−1)."""
        return self.degree * 2.0 ** (self.degree - 1)

    @property
    def interaction(self) -> float:
        """The interaction b = σ√(m(m − 1)2^(m−2))."""
        return self.noise * math.sqrt(self.entry_variance)

    @property
    def own(self) -> float:
        """The discriminator's own b₁ = √(p(p − 1)κ)."""
        p = self.discriminator_layers
        return math.sqrt(p * (p - 1) * self.fraction)

    @property
    def discriminator_edge(self) -> float:
        """√(2(κb² + b₁²)): half width of the spectrum of ∇²_D L_D over √2N."""
        return math.sqrt(2 * (self.fraction * self.interaction**2 + self.own**2))

    @property
    def generator_edge(self) -> float:
        """√(2(1 − κ)) b: half width of the spectrum of ∇²_G L_G over √2N."""
        return math.sqrt(2 * (1 - self.fraction)) * self.interaction

    @property
    def log_prefactor(self) -> float:
        """The exponent of the volume, the gradients' densities and the scale √2N."""
        k, other = self.fraction, 1 - self.fraction
        interaction = self.noise**2 * self.slope_variance
        return (
            (1 + math.log(2)) / 2
            - k / 2 * math.log(k * (self.discriminator_layers + interaction))
            - other / 2 * math.log(other * interaction)
        )

    def hessian_law(self, discriminator_shift: float) -> TwoBlocks:
        """Give the law of bM + b₁ diag(M₁, 0) − x₁ diag(1, 0), with exact edges.

        Args:
            discriminator_shift: x₁.

        Returns:
            The law.
        """
        return block_law(discriminator_shift, self.fraction, self.interaction, self.own)


def block_law(
    discriminator_shift: float, fraction: float, interaction: float, own: float
) -> TwoBlocks:
    """Give the law of bM + b₁ diag(M₁, 0) − x₁ diag(1, 0) for any constants.

    Args:
        discriminator_shift: x₁.
        fraction: κ, the share of rows of M₁, which is scaled to its own size.
        interaction: b.
        own: b₁.

    Returns:
        The law, with exact edges.
    """
    shared = interaction**2 / 2
    variances = np.full((2, 2), shared)
    variances[0, 0] += own**2 / (2 * fraction)
    fractions = np.array([fraction, 1 - fraction])
    shifts = np.array([-discriminator_shift, 0.0])
    return TwoBlocks(GaussianBlocks(variances, fractions, shifts))
