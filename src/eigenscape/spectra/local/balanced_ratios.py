"""Ratios of spacings on three scales, balanced against a density that changes.

A ratio of order k compares two windows of k spacings. Where the mean density changes by
a factor q over k levels, the ratio is off by that factor, the more so the higher its
order. Dividing by the same factor as read off two wide windows around the same level
leaves the fluctuations, with no unfolding. Order one needs none of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from jaxtyping import Float

from eigenscape.spectra.local.stretches import split_stretches

ORDERS: Final = (1, 2, 4)
"""Orders that together tell Poisson, Gaussian and superposed levels apart best, as
measured on 300 levels; order 8 adds little and feels the density most."""

WIDE: Final = 12
"""Levels in each wide window; 8 to 24 give the same power within 5 %."""

_EDGE = 6


def balanced_ratios(run: Float[np.ndarray, " n"]) -> Float[np.ndarray, "m 3"]:
    """Compute min(r, 1/r) of r = (λⱼ₊ₖ − λⱼ)/(λⱼ − λⱼ₋ₖ) · R^(−k/12), k = 1, 2, 4.

    R = (λⱼ₊₁₂ − λⱼ)/(λⱼ − λⱼ₋₁₂), left out for k = 1; within twelve levels of an end it
    is that of the twelfth. The six outermost levels have no row.

    Args:
        run: Ascending distinct eigenvalues of one spectrum without a hole.

    Returns:
        A row a level, a column an order; none where the run is short.
    """
    if run.size <= 2 * WIDE:
        return np.empty((0, len(ORDERS)))
    reach = WIDE - _EDGE
    wide = np.pad(np.log(_ratios(run, WIDE)), reach, mode="edge")
    columns: list[np.ndarray] = []
    for order in ORDERS:
        margin = _EDGE - order
        narrow = np.log(_ratios(run, order)[margin : margin + wide.size])
        slope = wide * order / WIDE if order > 1 else 0.0
        columns.append(np.exp(-np.abs(narrow - slope)))
    return np.stack(columns, axis=1)


def balanced_rows(
    runs: Sequence[Float[np.ndarray, " _"]],
) -> Float[np.ndarray, "m 3"]:
    """Join the balanced ratios of one spectrum, parted where its density jumps.

    Args:
        runs: Resolved eigenvalues without holes.

    Returns:
        A row a level.
    """
    return np.concatenate([
        np.empty((0, len(ORDERS))),
        *(balanced_ratios(part) for run in runs for part in split_stretches(run)),
    ])


def _ratios(run: Float[np.ndarray, " n"], order: int) -> Float[np.ndarray, " m"]:
    steps = run[order:] - run[:-order]
    return steps[order:] / steps[:-order]
