"""Two superposed GOE blocks of unequal density: what share of levels the smaller has.

The laws tested against each other have blocks of equal density. Between those and the
single ensemble lies a family in the share of the smaller block, asked where none fits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from eigenscape.spectra.local.hypotheses import BLOCKS, GOE
from eigenscape.spectra.local.level_tests import (
    MeanRatios,
    fit_p_value,
    log_likelihood,
)

_SHARES: Final = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
_MEANS: Final = (
    GOE.means,
    (0.5168, 0.6615, 0.7855),
    (0.5005, 0.6445, 0.7709),
    (0.4846, 0.6293, 0.7627),
    (0.4719, 0.6182, 0.7586),
    (0.4471, 0.6073, 0.7525),
    (0.4312, 0.6060, 0.7504),
    BLOCKS[0].means,
)
"""Simulated as those of `hypotheses`, 1.9·10⁵ levels of each share; standard errors
0.0007 and less. The covariance is that of equal blocks, which is the largest."""

_TRIED = np.linspace(0.05, 0.5, 46)  # less is hardly told from one block
_PLAUSIBLE: Final = 0.05


@dataclass(frozen=True)
class UnequalBlocks:
    """Two blocks that fit mean ratios.

    Attributes:
        share: The share of levels in the smaller block, likeliest of 0.05, 0.06 … 0.5.
        p_value: How well they fit, in all directions.
    """

    share: float
    p_value: float


def find_unequal_blocks(found: MeanRatios) -> UnequalBlocks | None:
    """Fit the share of the smaller of two blocks to mean balanced ratios.

    Args:
        found: The means; where they carry what the density adds to laws, that of equal
            blocks is taken.

    Returns:
        The likeliest; None where it fits with p < 0.05.
    """
    equal = BLOCKS[0]
    columns = [np.interp(_TRIED, _SHARES, column) for column in np.array(_MEANS).T]
    rows = np.stack(columns, axis=1).tolist()
    laws = [replace(equal, means=tuple(row)) for row in rows]
    best = max(range(len(laws)), key=lambda i: log_likelihood(found, laws[i]))
    p_value = fit_p_value(found, laws[best])
    if p_value < _PLAUSIBLE:
        return None
    return UnequalBlocks(float(_TRIED[best]), p_value)
