"""The number variance Σ²(L): how much the number of levels in a window fluctuates."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from eigenscape.spectra.local.statistic import LevelStatistic
from eigenscape.spectra.local.unfolded import UnfoldedLevels
from eigenscape.spectra.local.units import mean_over_blocks, start_blocks


def number_variance(
    levels: UnfoldedLevels, lengths: Float[np.ndarray, " m"]
) -> LevelStatistic:
    """Estimate Σ²(L) = ⟨(n(a, a + L) − L)²⟩ over all windows inside the spectra.

    The average over the starts a is an exact integral, so no number of windows has to
    be chosen; no window overruns a spectrum. The mean count is known to be L, so there
    is no bias from estimating it. Standard errors are those of whole spectra from ten
    on, else of blocks three windows long.

    Args:
        levels: The levels.
        lengths: Window lengths L, in mean spacings, up to `levels.longest_length`.

    Returns:
        Σ²(L), in levels².

    References:
        Mehta (2004), Random Matrices, third edition, Ch. 16.
    """
    rows = [_averaged(levels, float(length)) for length in lengths]
    value, error, units = np.array(rows).reshape(-1, 3).T
    return LevelStatistic(
        "number variance",
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
        squared_excess(levels.spectra[block.spectrum], block.edges, length)[:, None]
        for block in blocks
    ]
    mean, error, units = mean_over_blocks(blocks, integrals, length)
    return float(mean[0]), float(error[0]), units


def squared_excess(
    levels: Float[np.ndarray, " n"], edges: Float[np.ndarray, " b"], length: float
) -> Float[np.ndarray, " c"]:
    """Integrate (n(a, a + L) − L)² over the window starts a of each block, exactly.

    n is a step function of a: up where a level enters at the right, down where one
    leaves at the left.

    Args:
        levels: Ascending levels.
        edges: Ends of the blocks of starts, ascending.
        length: The window length L.

    Returns:
        One integral a block.
    """
    places = np.concatenate([levels - length, levels, edges])
    steps = np.repeat([1, -1, 0], [levels.size, levels.size, edges.size])
    order = np.argsort(places, kind="stable")
    places, counts = places[order], np.cumsum(steps[order])
    areas = (counts[:-1] - length) ** 2 * np.diff(places)
    upto = np.concatenate([[0.0], np.cumsum(areas)])
    ends = np.empty(order.size, dtype=np.intp)
    ends[order] = np.arange(order.size)
    return np.diff(upto[ends[-edges.size :]])
