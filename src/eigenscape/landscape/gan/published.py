"""The complexity of a GAN as the authors' code computes it, with its constants.

Kept to compare with the published figures. It differs from the law of the model, see
`complexity`, in four ways:

1. the constant term of the second factor of the quartic has the wrong sign;
2. of its roots the one with the largest imaginary part is taken;
3. b is twice, the gradient variance of ℓ_G twice and that of the shift x many times
   what the model gives, both radial derivatives are one, and the prefactor differs;
4. the maximum is sought on a grid whose ends decide where it lies.

At fixed indices the shares κ and 1 − κ are exchanged, one radius differs, and index 0
costs and requires nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from eigenscape.landscape.gan.model import GanGlass
from eigenscape.landscape.gan.resolvent import (
    BlockConstants,
    physical_quartic,
    quartic_roots,
)
from eigenscape.theory import Semicircle
from eigenscape.theory.large_deviations import pull_rate

Vector: TypeAlias = Float[np.ndarray, " n"]

_NODES = 1201
_ABOVE = 1e-9


@dataclass(frozen=True)
class PublishedConstants:
    """The constants of the authors' code.

    Attributes:
        interaction: b = σ√(m(m − 1)2ᵐ).
        own: b₁ = √(p(p − 1)κ).
        shift_variance: s² = σ²m²2^(3m)/2, of x.
        discriminator_variance: s₁² = p²/2, of x₁.
        log_prefactor: K.
    """

    interaction: float
    own: float
    shift_variance: float
    discriminator_variance: float
    log_prefactor: float


def published_constants(model: GanGlass) -> PublishedConstants:
    """Compute the constants of the authors' code.

    Args:
        model: The two glasses.

    Returns:
        The constants.

    References:
        Baskerville, Keating, Mezzadri and Najnudel (2022), Journal of Statistical
        Physics 186, and the code that accompanies it, rmt/constants.py.
    """
    m, p, k = model.degree, model.discriminator_layers, model.fraction
    square = model.noise**2
    gradient = square * m * 2**m
    return PublishedConstants(
        model.noise * math.sqrt(m * (m - 1) * 2**m),
        model.own,
        square * m**2 * 2.0 ** (3 * m) / 2,
        p**2 / 2,
        6.5 * math.log(2)
        + 5 * math.log(math.pi)
        - k / 2 * math.log(k * (p + gradient))
        - (1 - k) / 2 * math.log((1 - k) * gradient),
    )


def published_density(
    constants: BlockConstants, z: Vector, discriminator_shift: float
) -> Vector:
    """Evaluate the spectral density of the authors' code.

    Args:
        constants: κ, b and b₁.
        z: Where.
        discriminator_shift: x₁.

    Returns:
        2/πb² times the largest imaginary part of a root; its mass need not be 1.

    References:
        The code that accompanies Baskerville, Keating, Mezzadri and Najnudel (2022),
        rmt/spectrum.py.
    """
    b = constants.interaction
    shift = np.full_like(z, discriminator_shift)
    quartic = physical_quartic(constants, z + 1j * _ABOVE * b, shift, sign=-1.0)
    roots = quartic_roots(quartic)
    return 2 / (math.pi * b**2) * np.abs(np.imag(roots)).max(axis=1)


def published_exponent(
    model: GanGlass,
    x: Vector,
    discriminator_shift: Float[np.ndarray, " k"],
    *,
    index: tuple[int, int] = (0, 0),
) -> Float[np.ndarray, "n k"]:
    """Evaluate the exponent of the authors' code on a grid.

    Args:
        model: The two glasses.
        x: The common shift, ascending.
        discriminator_shift: x₁, ascending.
        index: Numbers of negative eigenvalues; (0, 0) is the unconstrained exponent.

    Returns:
        K − x²/2s² − x₁²/2s₁² + J(x, x₁), less what the indices cost.

    References:
        The code that accompanies Baskerville, Keating, Mezzadri and Najnudel (2022),
        rmt/coulomb.py and rmt/complexity.py.
    """
    own = published_constants(model)
    blocks = BlockConstants(model.fraction, own.interaction, own.own)
    columns = [_log_potential(blocks, x, s) for s in discriminator_shift.tolist()]
    value = own.log_prefactor + np.stack(columns, axis=1)
    value -= (x**2 / (2 * own.shift_variance))[:, None]
    value -= discriminator_shift**2 / (2 * own.discriminator_variance)
    k, b = model.fraction, own.interaction
    generator = math.sqrt(2 * (1 - k)) * b
    both = math.sqrt(2 * k * (b**2 + own.own**2))
    depths = (x[:, None] + discriminator_shift, x[:, None] + 0 * discriminator_shift)
    for count, share, edge, depth in zip(
        index, (1 - k, k), (both, generator), depths, strict=True
    ):
        if count:
            law = Semicircle(edge**2 / 4)
            cost = count * share * pull_rate(law, depth.ravel()).reshape(depth.shape)
            value -= np.where(np.abs(depth) >= edge, cost, math.inf)
    return value


def published_complexity(
    model: GanGlass,
    losses: Float[np.ndarray, "m 2"],
    x: Vector,
    discriminator_shift: Float[np.ndarray, " k"],
    *,
    index: tuple[int, int] = (0, 0),
) -> Float[np.ndarray, " m"]:
    """Maximise the exponent of the authors' code over the points of a grid.

    Args:
        model: The two glasses.
        losses: (u_D, u_G), as in the code.
        x: The common shift, ascending.
        discriminator_shift: x₁, ascending.
        index: Numbers of negative eigenvalues; (0, 0) is the unconstrained exponent.

    Returns:
        The maximum over x < P and x₁ > Rx + Q; −∞ where no point of the grid is there.
    """
    value = published_exponent(model, x, discriminator_shift, index=index)
    # The maximum over all x₁ from each on, and −∞ beyond the last.
    above = np.maximum.accumulate(value[:, ::-1], axis=1)[:, ::-1]
    above = np.pad(above, ((0, 0), (0, 1)), constant_values=-math.inf)
    m, p = model.degree, model.discriminator_layers
    rows = np.arange(x.size)
    found = np.empty(len(losses))
    for i, (own, other) in enumerate(losses.tolist()):
        least = -p / (m * 2**m) * x - p * own
        first = np.searchsorted(discriminator_shift, least, side="right")
        inside = x < m * 2**m * other
        found[i] = above[rows, first][inside].max(initial=-math.inf)
    return found


def _log_potential(
    constants: BlockConstants, x: Vector, discriminator_shift: float
) -> Vector:
    # ∫ log|z − x| ρ(z) dz of a density that is linear between the nodes.
    k, b = constants.fraction, constants.interaction
    reach = 1.05 * math.sqrt(2 * b**2 + 2 * constants.own**2 / k)
    shifts = (-discriminator_shift, 0.0)
    nodes = np.linspace(min(shifts) - reach, max(shifts) + reach, _NODES)
    density = published_density(constants, nodes, discriminator_shift)
    slopes = np.diff(density, prepend=0, append=0) / (nodes[1] - nodes[0])
    distance = np.subtract.outer(x, nodes)
    with np.errstate(divide="ignore", invalid="ignore"):
        kernel = distance**2 / 2 * np.log(np.abs(distance)) - 0.75 * distance**2
    return np.nan_to_num(kernel, nan=0.0) @ np.diff(slopes)
