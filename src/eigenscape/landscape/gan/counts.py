"""The mean number of critical points of a GAN at finite dimension, by Kac and Rice."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from eigenscape.core import Estimate
from eigenscape.landscape.exact_counts import log_sphere, require_dimension
from eigenscape.landscape.gan.exponent import Index
from eigenscape.landscape.gan.model import GanGlass

_BLOCK = 1 << 21


def gan_critical_point_count(
    model: GanGlass,
    *,
    dimensions: tuple[int, int],
    samples: int,
    rng: np.random.Generator,
    losses: tuple[float, float] = (math.inf, math.inf),
    index: Index = (None, None),
) -> Estimate:
    """Estimate the mean number of critical points at finite dimensions.

    Args:
        model: The two glasses; their fraction is not used.
        dimensions: N_D and N_G, at least 2.
        samples: How many Hessians, at least 2.
        rng: Source of randomness.
        losses: (u_D, u_G): L_D ≤ √N u_D and L_G ≤ √N u_G, N = N_D + N_G.
        index: Numbers of negative eigenvalues of ∇²_D L_D and ∇²_G L_G; None for any.

    Returns:
        The mean number, unbiased, with its standard error. Few matrices carry the mean
        where N is large; trust it up to N of about 20.

    Raises:
        ValueError: Fewer than two samples are asked for.

    References:
        Adler and Taylor (2007), Random Fields and Geometry, Chapter 11; the law of the
        Hessian is derived from the model.
    """
    for dimension in dimensions:
        require_dimension(dimension)
    if samples < 2:
        message = f"samples: expected at least 2, got {samples}"
        raise ValueError(message)
    size = sum(dimensions) - 2
    rows = max(1, _BLOCK // size**2)
    parts = [
        _determinants(model, dimensions, min(rows, samples - i), losses, index, rng)
        for i in range(0, samples, rows)
    ]
    values = np.concatenate(parts)
    unit = math.exp(_log_density(model, dimensions))
    error = float(values.std(ddof=1)) / math.sqrt(samples)
    return Estimate(unit * float(values.mean()), unit * error, samples)


def _log_density(model: GanGlass, dimensions: tuple[int, int]) -> float:
    # Volume of both spheres times the density of vanishing gradients.
    interaction = model.noise**2 * model.slope_variance
    variances = (model.discriminator_layers + interaction, interaction)
    return sum(
        log_sphere(n) - (n - 1) / 2 * math.log(2 * math.pi * v)
        for n, v in zip(dimensions, variances, strict=True)
    )


def _determinants(
    model: GanGlass,
    dimensions: tuple[int, int],
    rows: int,
    losses: tuple[float, float],
    index: Index,
    rng: np.random.Generator,
) -> Float[np.ndarray, " {rows}"]:
    own, other = dimensions[0] - 1, dimensions[1] - 1
    p, noise = model.discriminator_layers, model.noise
    # Radial derivatives of ℓ_G: variances C + c, covariance C.
    shared = rng.standard_normal((rows, 1)) * math.sqrt(model.entry_variance)
    apart = rng.standard_normal((rows, 2)) * math.sqrt(model.slope_variance)
    radial = noise * (shared + apart)
    field = rng.standard_normal(rows)
    matrix = model.interaction * _symmetric(rows, own + other, rng)
    block = matrix[:, :own, :own]
    block -= math.sqrt(p * (p - 1)) * _symmetric(rows, own, rng)
    block += (p * field - radial[:, 0])[:, None, None] * np.eye(own)
    matrix[:, own:, own:] -= radial[:, 1][:, None, None] * np.eye(other)
    generator = radial.sum(axis=1) / model.degree
    unit = math.sqrt(sum(dimensions))
    kept = (field - generator <= unit * losses[0]) & (generator <= unit * losses[1])
    if index[0] is not None:
        # ∇²_D L_D is minus the first block.
        kept &= (np.linalg.eigvalsh(block) > 0).sum(axis=1) == index[0]
    if index[1] is not None:
        lower = matrix[:, own:, own:]
        kept &= (np.linalg.eigvalsh(lower) < 0).sum(axis=1) == index[1]
    return np.abs(np.linalg.det(matrix)) * kept


def _symmetric(
    rows: int, size: int, rng: np.random.Generator
) -> Float[np.ndarray, "{rows} {size} {size}"]:
    # Variance 1 off the diagonal and 2 on it.
    normal = rng.standard_normal((rows, size, size))
    return (normal + normal.transpose(0, 2, 1)) / math.sqrt(2)
