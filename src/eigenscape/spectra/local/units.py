"""What counts as independent: whole spectra, or blocks of them; means and their errors.

Windows overlap and neighbouring levels are correlated, so neither windows nor levels
are independent. With ten spectra or more, each is a unit. With fewer, each is cut into
blocks at least three times as long as a window, whose means are nearly independent: for
uncorrelated levels, the worst case, their spread gives 1 − L/4ℓ of the variance of the
mean, ℓ the length of a block and L that of a window, and is divided by it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

_SPECTRA_ENOUGH = 10
_BLOCKS = 40
_FEWEST_UNITS = 5
_BLOCK_REACHES = 3
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class StartBlocks:
    """Blocks of window starts in one spectrum.

    Attributes:
        spectrum: Which spectrum.
        edges: Ends of the blocks, ascending; no window that starts between the first
            and the last leaves the spectrum.
    """

    spectrum: int
    edges: Float[np.ndarray, " b"]

    @property
    def widths(self) -> Float[np.ndarray, " c"]:
        """Length of each block."""
        return np.diff(self.edges)


def longest_reach(spans: Float[np.ndarray, "k 2"]) -> float:
    """Find the longest window for which there are five independent units.

    Args:
        spans: First and last point of each spectrum, in mean spacings.

    Returns:
        Its length: a sixteenth of a lone spectrum, a fourth of each of five.
    """
    widths = spans[:, 1] - spans[:, 0]
    blocks = 1 + _BLOCK_REACHES * np.arange(1, _FEWEST_UNITS + 1)
    return float(np.sort(widths[:, None] / blocks, axis=None)[-_FEWEST_UNITS])


def start_blocks(spans: Float[np.ndarray, "k 2"], reach: float) -> list[StartBlocks]:
    """Cut spectra into blocks of window starts.

    Args:
        spans: First and last point of each spectrum, in mean spacings.
        reach: How far a window reaches beyond its start.

    Returns:
        The blocks of each spectrum that is four windows long.

    Raises:
        ValueError: The reach is not positive, or fewer than five units are left.
    """
    longest = longest_reach(spans)
    if not 0 < reach <= longest:
        message = (
            f"lengths: expected positive numbers up to {longest:.4g}, got {reach:.4g}; "
            "longer windows leave fewer than five independent ones, give more spectra"
        )
        raise ValueError(message)
    rooms = spans[:, 1] - spans[:, 0] - reach
    shortest = _BLOCK_REACHES * reach * (1 - _ROUNDING)
    possible = np.maximum(rooms // shortest, 0).astype(int)
    fitting = np.flatnonzero(possible)
    wanted = blocks_wanted(fitting.size)
    return [
        StartBlocks(
            int(i),
            np.linspace(spans[i, 0], spans[i, 1] - reach, min(possible[i], wanted) + 1),
        )
        for i in fitting
    ]


def blocks_wanted(spectra: int) -> int:
    """Say into how many blocks each spectrum should be cut.

    Args:
        spectra: Number of spectra, at least 1.

    Returns:
        1 from ten spectra on; else as many as make 40 together.
    """
    return 1 if spectra >= _SPECTRA_ENOUGH else math.ceil(_BLOCKS / spectra)


def split_runs(
    runs: Sequence[Float[np.ndarray, " _"]], *, shortest: int
) -> list[Float[np.ndarray, " _"]]:
    """Split sequences of correlated numbers into units.

    Args:
        runs: One sequence a spectrum.
        shortest: The fewest numbers in a block.

    Returns:
        The units, in order; their concatenation is that of the runs.
    """
    filled = [run for run in runs if run.size]
    wanted = blocks_wanted(max(len(filled), 1))
    units: list[np.ndarray] = []
    for run in filled:
        units += np.array_split(run, max(1, min(wanted, run.size // shortest)))
    return units


def mean_of_units(
    sums: Float[np.ndarray, "u m"], weights: Float[np.ndarray, " u"]
) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    """Average over units: μ = ∑ Sᵤ / ∑ wᵤ, with its jackknife standard error.

    Args:
        sums: Sums Sᵤ over each unit, or integrals.
        weights: Their sizes wᵤ.

    Returns:
        The means, and the standard errors √(U/(U−1) ∑ (Sᵤ − wᵤμ)²) / ∑ wᵤ.

    References:
        Cochran (1977), Sampling Techniques, third edition, Ch. 6 (ratio
        estimators).
    """
    total, count = weights.sum(), weights.size
    mean = sums.sum(0) / total
    squares = ((sums - weights[:, None] * mean) ** 2).sum(0)
    return mean, np.sqrt(squares * count / (count - 1)) / total


def mean_over_blocks(
    blocks: Sequence[StartBlocks],
    integrals: Sequence[Float[np.ndarray, "_ m"]],
    reach: float,
) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"], int]:
    """Average over window starts, from integrals over the blocks of each spectrum.

    Args:
        blocks: The blocks.
        integrals: For each, a row a block.
        reach: How far a window reaches beyond its start.

    Returns:
        The means, their standard errors, and the number of units.
    """
    weights = np.concatenate([block.widths for block in blocks])
    mean, error = mean_of_units(np.concatenate(integrals), weights)
    if weights.size > len(blocks):
        error /= np.sqrt(1 - reach / (4 * weights.mean()))
    return mean, error, weights.size
