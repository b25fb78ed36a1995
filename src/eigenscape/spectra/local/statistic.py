"""A statistic of levels as a function of a length or a time, with its errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from jaxtyping import Bool, Float, Int


@dataclass(frozen=True, eq=False)
class LevelStatistic:
    """A statistic with standard errors that allow for correlated windows.

    Attributes:
        name: What it is.
        lengths: Window lengths or distances in mean spacings, or times in units of
            the Heisenberg time.
        value: The estimates.
        standard_error: Their standard errors, from the spread over the units.
        units: How many independent units, spectra or blocks, stand behind each.
        trusted: Whether the unfolding left the statistic intact there.
        positive: Whether the statistic is positive, as variances are.
    """

    name: str
    lengths: Float[np.ndarray, " m"]
    value: Float[np.ndarray, " m"]
    standard_error: Float[np.ndarray, " m"]
    units: Int[np.ndarray, " m"]
    trusted: Bool[np.ndarray, " m"]
    positive: bool

    def interval(
        self, level: float = 0.95
    ) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
        """Give a confidence interval at each length, by Student's t over the units.

        A positive statistic is spread like a chi-squared number, low where its error
        is low; the interval is then symmetric in the logarithm.

        Args:
            level: Confidence level at any one length.

        Returns:
            Lower and upper ends.

        Raises:
            ValueError: The level is not within (0, 1).
        """
        if not 0 < level < 1:
            message = f"level: expected between 0 and 1, got {level}"
            raise ValueError(message)
        reach = scipy.special.stdtrit(self.units - 1.0, (1 + level) / 2)
        reach *= self.standard_error
        if not self.positive:
            return self.value - reach, self.value + reach
        # a statistic that is zero everywhere has no error and no logarithm
        factor = np.exp(reach / np.where(self.value > 0, self.value, 1.0))
        return self.value / factor, self.value * factor
