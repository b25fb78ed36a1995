"""The exchangeable trace estimator: every test vector outside the others' range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.core import Estimate


@dataclass(frozen=True, eq=False)
class Compression:
    """What a sketch keeps of a symmetric B: inner products with Q and Ω.

    Attributes:
        inner: QᵀBQ.
        cross: QᵀBΩ.
        forms: ωⱼᵀBωⱼ.
        overlap: QᵀΩ.
        factor: Coefficients of the sketch in Q, column by column: Q times the columns
            but the j-th spans what is known without ωⱼ.
        squares: ‖ωⱼ‖².
        size: The dimension P.
    """

    inner: Float[np.ndarray, "k k"]
    cross: Float[np.ndarray, "k k"]
    forms: Float[np.ndarray, " k"]
    overlap: Float[np.ndarray, "k k"]
    factor: Float[np.ndarray, "k k"]
    squares: Float[np.ndarray, " k"]
    size: int


def exchangeable_trace(compression: Compression, *, precision: float) -> Estimate:
    """Estimate tr B by the mean over j of hⱼ, for which ωⱼ is fresh.

    With Qⱼ a basis of the sketch without column j and gⱼ = (I − QⱼQⱼᵀ)ωⱼ,
    hⱼ = tr QⱼᵀBQⱼ + (P − k + 1) gⱼᵀBgⱼ / ‖gⱼ‖² has mean tr B whatever the others are.

    The spread s² of the hⱼ alone is not honest, for they share the sketch: their mean
    has variance E s²/k + c, with c = Cov(hᵢ, hⱼ), and √(s²/k) was seen as small as half
    the true error (a spectrum of k equal eigenvalues). Let hᵢ⁻ʲ be hᵢ with ωⱼ left out
    of the sketch, uᵢⱼ = hᵢ − hᵢ⁻ʲ. Given all vectors but ωⱼ, hⱼ and hⱼ⁻ⁱ both have mean
    tr B, and hᵢ⁻ʲ is fixed; hence c = E uᵢⱼuⱼᵢ exactly. The standard error is the root
    of s²/k + max(0, mean of uᵢⱼuⱼᵢ over i ≠ j): a little wide, and in the mean square
    up to four times where eigenvalues fall by 0.3 each.

    Args:
        compression: From a sketch of k ≥ 2 vectors uniform on the sphere.
        precision: The spacing ε of the type of the vectors. Directions of the sketch
            that agree to √ε are taken as one.

    Returns:
        The unbiased estimate; k samples.

    References:
        Epperly, Tropp and Webber (2024), SIAM J. Matrix Anal. Appl. 45: XTrace.
    """
    tilted = _complements(compression.factor, precision)
    values, changes = _samples(compression, tilted, precision**0.5)
    count = len(values)
    spread = values.var(ddof=1) / count
    shared = (changes * changes.T).sum() / (count * (count - 1))
    return Estimate(
        value=float(values.mean()),
        standard_error=float(np.sqrt(spread + max(shared, 0.0))),
        samples=count,
    )


def _complements(
    factor: Float[np.ndarray, "k k"], precision: float
) -> Float[np.ndarray, "k k"]:
    """Unit columns sⱼ orthogonal to all columns of the factor but the j-th."""
    left, singular, right = np.linalg.svd(factor)
    least = len(factor) * precision * singular[0] or 1.0
    # a column of R⁻ᵀ; where R is singular any null vector serves
    columns = (left / np.maximum(singular, least)) @ right
    return columns / np.linalg.norm(columns, axis=0)


def _samples(
    known: Compression, tilted: Float[np.ndarray, "k k"], closest: float
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, "k k"]]:
    """The hⱼ, and uⱼᵢ = hⱼ − hⱼ⁻ⁱ in row i and column j."""
    count = len(tilted)
    along = tilted.T @ known.overlap
    inside = known.overlap - tilted * along.diagonal()
    slopes = known.cross - known.inner @ inside
    norms = known.squares - (inside * (2 * known.overlap - inside)).sum(0)
    forms = known.forms - (inside * (known.cross + slopes)).sum(0)
    bends = tilted.T @ known.inner @ tilted
    kept = known.inner.trace() - bends.diagonal()
    values = kept + (known.size - count + 1) * forms / norms

    # Without ωᵢ the sketch loses a second direction: sᵢ made orthogonal to sⱼ.
    cosines = tilted.T @ tilted
    sines = np.sqrt(np.maximum(1 - cosines**2, 0))
    apart = (sines > closest) & ~np.eye(count, dtype=bool)
    sines = np.where(apart, sines, 1.0)
    tilts = tilted.T @ slopes
    shift = (along - cosines * along.diagonal()) / sines
    slope = (tilts - cosines * tilts.diagonal()) / sines
    bend = bends.diagonal()[:, None] - cosines * (
        2 * bends - cosines * bends.diagonal()
    )
    bend /= sines**2
    fewer = (
        kept
        - bend
        + (known.size - count + 2)
        * (forms + shift * (2 * slope + shift * bend))
        / (norms + shift**2)
    )
    return values, np.where(apart, values - fewer, 0.0)
