"""The two-point cluster function Y₂(r): how levels keep their distance."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from eigenscape.spectra.local.statistic import LevelStatistic
from eigenscape.spectra.local.unfolded import UnfoldedLevels
from eigenscape.spectra.local.units import mean_over_blocks, start_blocks


def two_point_cluster(
    levels: UnfoldedLevels, edges: Float[np.ndarray, " m"]
) -> LevelStatistic:
    """Estimate Y₂(r) = 1 − R₂(r), averaged over bins of the distance r.

    R₂(r) dr is the mean number of levels at a distance r above a level. Pairs are
    counted from the levels that see every distance inside their spectrum, and divided
    by the length they lie on, not by their number, so there is no bias. Standard
    errors are as for the number variance, with windows as long as the last edge, and
    never below one pair, so that a bin without pairs is not certain.

    Args:
        levels: The levels.
        edges: Ends of the bins, ascending from 0 or more, in mean spacings.

    Returns:
        The average of Y₂ over each bin, at the middle of the bin.

    Raises:
        ValueError: The edges are not ascending, not positive, or fewer than two.

    References:
        Mehta (2004), Random Matrices, third edition, Ch. 6 and 7.
    """
    if not (edges.size > 1 and edges[0] >= 0 and (np.diff(edges) > 0).all()):
        message = "edges: expected two or more ascending numbers from 0 on; sort them"
        raise ValueError(message)
    reach = float(edges[-1])
    blocks = start_blocks(levels.spans, reach)
    integrals = [
        block.widths[:, None]
        - _count_pairs(levels.spectra[block.spectrum], edges, block.edges)
        / np.diff(edges)
        for block in blocks
    ]
    value, error, units = mean_over_blocks(blocks, integrals, reach)
    total = sum(float(block.widths.sum()) for block in blocks)
    error = np.maximum(error, 1 / (total * np.diff(edges)))
    middle = (edges[1:] + edges[:-1]) / 2
    return LevelStatistic(
        "two-point cluster function",
        middle,
        value,
        error,
        np.full(middle.size, units),
        middle <= levels.trusted_length,
        positive=False,
    )


def _count_pairs(
    levels: Float[np.ndarray, " n"],
    edges: Float[np.ndarray, " m"],
    starts: Float[np.ndarray, " b"],
) -> Float[np.ndarray, "c d"]:
    # offset by offset: pairs of neighbours, of second neighbours, and so on
    block = np.searchsorted(starts, levels, side="right") - 1
    block[levels == starts[-1]] = starts.size - 2
    known = (block >= 0) & (block < starts.size - 1)
    shape = (starts.size - 1, edges.size - 1)
    counts = np.zeros(shape[0] * shape[1])
    for offset in range(1, levels.size):
        distance = levels[offset:] - levels[:-offset]
        bins = np.searchsorted(edges, distance, side="right") - 1
        near = (bins < shape[1]) & known[:-offset]
        if not near.any():
            break
        near &= bins >= 0
        flat = block[:-offset][near] * shape[1] + bins[near]
        counts += np.bincount(flat, minlength=counts.size)
    return counts.reshape(shape)
