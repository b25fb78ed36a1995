"""Counts in long windows, spectrum by spectrum, and how a law of levels fares there.

Each stretch is unfolded by its own staircase, so that nothing is asked of the density
but that it is smooth over some forty levels, and spectra need not share it. Windows
reach as far as this leaves the counts alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.spectra.local.hypotheses import Hypothesis
from eigenscape.spectra.local.number_variance import number_variance
from eigenscape.spectra.local.rigidity import spectral_rigidity
from eigenscape.spectra.local.staircase import FEWEST_LEVELS, unfold_staircase
from eigenscape.spectra.local.statistic import LevelStatistic
from eigenscape.spectra.local.unfolded import UnfoldedLevels
from eigenscape.spectra.local.unfolding import UnfoldingWarning

_POINTS = 10
_SHORTEST = 0.5
_SHORT = 2.0
_BIAS: Final = 0.05
"""What a trusted length lets the unfolding change."""


@dataclass(frozen=True, eq=False)
class LongRange:
    """Number variance and rigidity up to the longest trusted window.

    Attributes:
        levels: The unfolded levels.
        number_variance: Σ²(L).
        rigidity: Δ₃(L), at the same lengths.
    """

    levels: UnfoldedLevels
    number_variance: LevelStatistic
    rigidity: LevelStatistic

    @property
    def reach(self) -> float:
        """The longest window."""
        return float(self.number_variance.lengths[-1])

    def p_value(self, law: Hypothesis) -> float:
        """Test a law at a window of two spacings and at the longest one.

        Σ² is tested at both and Δ₃ at the longest, in the logarithm and by Student's t
        over the units; the law may be off by a twentieth, as much as the unfolding
        may. The smallest p-value counts, times the number of tests.

        Args:
            law: The law.

        Returns:
            The p-value.
        """
        last = self.number_variance.lengths.size - 1
        short = int(np.searchsorted(self.number_variance.lengths, _SHORT))
        tests = [(self.number_variance, last), (self.rigidity, last)]
        if short < last:
            tests.append((self.number_variance, short))
        smallest = min(_p_value(found, at, law) for found, at in tests)
        return min(1.0, len(tests) * smallest)


def measure_long_range(
    runs: Sequence[Float[np.ndarray, " _"]],
) -> tuple[LongRange | None, str]:
    """Measure number variance and rigidity of stretches of levels.

    Args:
        runs: Ascending distinct eigenvalues, stretches without holes.

    Returns:
        The statistics, and what stood in their way or limits them, in one line.
    """
    long = [run for run in runs if run.size >= FEWEST_LEVELS]
    if not long:
        return None, f"no stretch of {FEWEST_LEVELS} resolved levels"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnfoldingWarning)
            levels = unfold_staircase(long)
    except ValueError as error:
        return None, str(error)
    reach = min(levels.trusted_length, levels.longest_length / 2)
    if reach <= 2 * _SHORTEST:
        return None, f"windows longer than L = {reach:.2g} are biased or too few"
    lengths = np.geomspace(_SHORTEST, reach, _POINTS)
    found = number_variance(levels, lengths), spectral_rigidity(levels, lengths)
    return LongRange(levels, *found), levels.caution


def _p_value(found: LevelStatistic, at: int, law: Hypothesis) -> float:
    lengths = found.lengths[at : at + 1]
    rigid = found.name == "spectral rigidity"
    theory = float((law.rigidity if rigid else law.number_variance)(lengths)[0])
    value, error = float(found.value[at]), float(found.standard_error[at])
    if not value * error:
        return 0.0
    off = abs(np.log(value / theory)) - _BIAS
    return min(
        1.0,
        2 * float(scipy.special.stdtr(found.units[at] - 1.0, -off * value / error)),
    )
