"""The spectral rigidity Δ₃(L): how far the staircase strays from a straight line."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from eigenscape.spectra.local.statistic import LevelStatistic
from eigenscape.spectra.local.unfolded import UnfoldedLevels
from eigenscape.spectra.local.units import (
    StartBlocks,
    mean_over_blocks,
    start_blocks,
)

_STARTS_PER_LENGTH = 8
"""Windows a length: those between would change Δ₃ by a twentieth of its standard error,
as measured on spectra of 4000."""


def spectral_rigidity(
    levels: UnfoldedLevels, lengths: Float[np.ndarray, " m"]
) -> LevelStatistic:
    """Estimate Δ₃(L) = ⟨min over A, B of (1/L) ∫ (N(x) − A − Bx)² dx⟩ over windows.

    Each window's minimum is exact, by sums over its levels; windows start an eighth of
    L apart and stay inside the spectra. Standard errors are those of whole spectra
    from ten on, else of blocks three windows long.

    Args:
        levels: The levels.
        lengths: Window lengths L, in mean spacings, up to `levels.longest_length`.

    Returns:
        Δ₃(L), in levels².

    References:
        Bohigas and Giannoni (1975), Level density fluctuations and random matrix
        theory, Annals of Physics 89.
    """
    rows = [_averaged(levels, float(length)) for length in lengths]
    value, error, units = np.array(rows).reshape(-1, 3).T
    return LevelStatistic(
        "spectral rigidity",
        lengths,
        value / levels.inflation,
        error / levels.inflation,
        units.astype(int),
        lengths <= levels.trusted_length,
        positive=True,
    )


def _averaged(levels: UnfoldedLevels, length: float) -> tuple[float, float, int]:
    blocks = start_blocks(levels.spans, length)
    integrals = [
        _block_integrals(levels.spectra[block.spectrum], block, length)
        for block in blocks
    ]
    mean, error, units = mean_over_blocks(blocks, integrals, length)
    return float(mean[0]), float(error[0]), units


def _block_integrals(
    levels: Float[np.ndarray, " n"], block: StartBlocks, length: float
) -> Float[np.ndarray, "b 1"]:
    width = block.widths[0]
    count = math.ceil(_STARTS_PER_LENGTH * width / length)
    offsets = (np.arange(count) + 0.5) / count * width
    starts = block.edges[:-1, None] + offsets
    strays = window_rigidity(levels, starts.ravel(), length).reshape(starts.shape)
    return width * strays.mean(1, keepdims=True)


def window_rigidity(
    levels: Float[np.ndarray, " n"], starts: Float[np.ndarray, " w"], length: float
) -> Float[np.ndarray, " w"]:
    """Compute Δ₃ of each window in closed form.

    With the n levels of a window measured from its centre, yⱼ, s₁ = ∑ yⱼ, s₂ = ∑ yⱼ²:
    Δ₃ = n²/16 − s₁²/L² + 3ns₂/2L² − 3s₂²/L⁴ + ∑ (n − 2j + 1) yⱼ / L.

    Args:
        levels: Ascending levels.
        starts: Where the windows start.
        length: Their length L.

    Returns:
        Δ₃ of each window, in levels².

    References:
        Bohigas and Giannoni (1975), Annals of Physics 89.
    """
    first = np.searchsorted(levels, starts, side="left")
    counts = np.searchsorted(levels, starts + length, side="left") - first
    rank = np.arange(counts.max(initial=0))
    inside = rank < counts[:, None]
    taken = np.minimum(first[:, None] + rank, max(levels.size - 1, 0))
    centred = levels[taken] - (starts + length / 2)[:, None]
    y = np.where(inside, centred / length, 0.0)
    once, twice = y.sum(1), (y**2).sum(1)
    ordered = ((counts[:, None] - 2 * rank - 1) * y).sum(1)
    return counts**2 / 16 - once**2 + 1.5 * counts * twice - 3 * twice**2 + ordered
