"""The exponent of critical points of a GAN, a function of three variables.

t = y_D + y_G, d = y_D − y_G and y, where σR_D = √2N y_D and σR_G = √2N y_G are the
radial derivatives of σℓ_G over both spheres and −pℓ_D = √2N y. Then x = (t − d)/2 and
x₁ = y + d are the shifts of the Hessian, L_G = √2N t/m, L_D = −√2N y/p − L_G, and

    F = J(x, x₁) − t²/(σ²m²2ᵐ) − d²/(2σ²c) − y²/p²,

less the rates of the eigenvalues that a fixed index pulls out of either bulk.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from eigenscape.landscape.gan.model import GanGlass
from eigenscape.landscape.gan.resolvent import BlockConstants, block_resolvent
from eigenscape.theory import Semicircle
from eigenscape.theory.large_deviations import pull_rate

Vector: TypeAlias = Float[np.ndarray, " n"]
Index: TypeAlias = tuple[int | None, int | None]


@dataclass(frozen=True)
class GanExponent:
    """F and its slopes.

    Attributes:
        model: The two glasses.
        index: Numbers of negative eigenvalues of ∇²_D L_D and ∇²_G L_G; None for any.
    """

    model: GanGlass
    index: Index = (None, None)

    def __post_init__(self) -> None:
        if any(k is not None and k < 0 for k in self.index):
            message = (
                "index: expected two numbers of negative eigenvalues, or None, got "
                f"{self.index}"
            )
            raise ValueError(message)

    @property
    def widths(self) -> Float[np.ndarray, " 3"]:
        """2/w² are the curvatures of the three quadratic terms; w is returned."""
        model = self.model
        m, s = model.degree, model.noise
        return np.array([
            s * m * 2 ** (m / 2),
            s * math.sqrt(2 * model.slope_variance),
            float(model.discriminator_layers),
        ])

    def value(self, t: Vector, d: Vector, y: Vector) -> Vector:
        """Evaluate F plus the exponent of the prefactor.

        Args:
            t: y_D + y_G.
            d: y_D − y_G.
            y: −pℓ_D/√2N.

        Returns:
            Θ; constraints of the index are not checked.
        """
        model = self.model
        first, second, third = self.widths
        x, shift = (t - d) / 2, y + d
        total = (
            model.log_prefactor + block_resolvent(self._constants, x, shift).potential
        )
        total -= (t / first) ** 2 + (d / second) ** 2 + (y / third) ** 2
        if self.index[0]:
            edge, share = model.discriminator_edge, model.fraction
            law = Semicircle(edge**2 / 4)
            total -= self.index[0] * share * pull_rate(law, np.maximum(x + shift, edge))
        if self.index[1]:
            edge, share = model.generator_edge, 1 - model.fraction
            law = Semicircle(edge**2 / 4)
            total -= self.index[1] * share * pull_rate(law, np.maximum(-x, edge))
        return total

    def slopes(self, t: Vector, d: Vector, y: Vector) -> tuple[Vector, Vector, Vector]:
        """Evaluate the derivatives of F.

        Args:
            t: y_D + y_G.
            d: y_D − y_G.
            y: −pℓ_D/√2N.

        Returns:
            By t, d and y.
        """
        first, second, third = self.widths
        x, shift = (t - d) / 2, y + d
        found = block_resolvent(self._constants, x, shift)
        whole = np.real(found.mean)
        part = self.model.fraction * np.real(found.discriminator)
        by_x = whole + self._pull(1, -x)
        by_sum = -self._pull(0, x + shift)
        return (
            by_x / 2 + by_sum / 2 - 2 * t / first**2,
            -by_x / 2 + part + by_sum / 2 - 2 * d / second**2,
            part + by_sum - 2 * y / third**2,
        )

    def least(self, t: Vector, y: Vector) -> tuple[Vector, Vector, Vector]:
        """Give the least d at which no index is of the order of N.

        Args:
            t: y_D + y_G.
            y: −pℓ_D/√2N.

        Returns:
            The least d, −∞ for none, and its derivatives by t and y.
        """
        discriminator = np.full_like(t, -math.inf)
        generator = discriminator.copy()
        if self.index[0] is not None:
            discriminator = 2 * (self.model.discriminator_edge - y) - t
        if self.index[1] is not None:
            generator = t + 2 * self.model.generator_edge
        higher = discriminator > generator
        bound = np.where(higher, discriminator, generator)
        bounded = np.isfinite(bound)
        by_t = np.where(bounded, np.where(higher, -1.0, 1.0), 0.0)
        return bound, by_t, np.where(bounded & higher, -2.0, 0.0)

    @property
    def _constants(self) -> BlockConstants:
        model = self.model
        return BlockConstants(model.fraction, model.interaction, model.own)

    def _pull(self, which: int, depth: Vector) -> Vector:
        # Derivative of k κ I(depth), I the rate of an eigenvalue pulled that far.
        count = self.index[which]
        if not count:
            return np.zeros_like(depth)
        model = self.model
        edge = (model.discriminator_edge, model.generator_edge)[which]
        share = (model.fraction, 1 - model.fraction)[which]
        root = np.sqrt(np.maximum(depth**2 - edge**2, 0))
        return count * share * 2 * root / edge**2
