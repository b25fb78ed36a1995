"""Gaussian tests of one law of levels against another, from mean balanced ratios.

The means x̄ of n levels are nearly normal about μ with covariance C/n. Two laws are
told apart by their likelihood ratio, w·x̄ with w ∝ C̄⁻¹(μ₂ − μ₁), which gives p-values of
either in the direction of the other, and the power, before anything is measured.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.core.records import Estimate
from eigenscape.spectra.local.balanced_ratios import ORDERS
from eigenscape.spectra.local.hypotheses import Hypothesis
from eigenscape.spectra.local.units import mean_of_units, split_runs

EXCLUDED: Final = 0.03
"""A law is excluded below this p-value in the direction of the likeliest. Of 200 levels
in two stretches, one GOE spectrum in 40 stays undecided, at 0.02 one in 20; wrong
verdicts are as many at either.
"""

_TOLERANCE = 0.002
"""Departures of a mean ratio that mean nothing, one standard deviation: edges of the
spectrum and a steep density move them by this much at 400 levels."""

_SHORTEST_BLOCK = 32
_CHANCE = 0.01  # at 0.05, a widened error leaves one in 30 of 200 levels undecided


@dataclass(frozen=True, eq=False)
class MeanRatios:
    """Means of balanced ratios over all levels.

    Attributes:
        mean: One an order.
        standard_error: From spectra as units, or blocks of a few spectra.
        levels: How many levels they rest on.
        units: How many independent units.
        biases: What the density of the levels adds to the means of laws, and its
            standard error, by name.
    """

    mean: Float[np.ndarray, " 3"]
    standard_error: Float[np.ndarray, " 3"]
    levels: int
    units: int
    biases: Mapping[str, tuple[Float[np.ndarray, " 3"], Float[np.ndarray, " 3"]]] = (
        field(default_factory=dict)
    )

    def expected(self, law: Hypothesis) -> Float[np.ndarray, " 3"]:
        """Give the means that a law has at this density.

        Args:
            law: The law.

        Returns:
            Those of the law plus what the density adds.
        """
        return law.mean + self.biases[law.name][0] if self.biases else law.mean

    def estimates(self) -> tuple[Estimate, ...]:
        """Give the means one by one.

        Returns:
            An estimate an order.
        """
        return tuple(
            Estimate(float(m), float(e), self.units)
            for m, e in zip(self.mean, self.standard_error, strict=True)
        )

    def covariance(self, law: Hypothesis) -> Float[np.ndarray, "3 3"]:
        """Give the covariance of the means under a law.

        Args:
            law: The law.

        Returns:
            C/n, times how much more the units vary than the law says, where one law in
            a hundred would vary so by chance, plus the tolerance.
        """
        plain = law.covariances / self.levels
        excess = float(np.mean(self.standard_error**2 / np.diag(plain)))
        freedom = self.units - 1
        if excess * freedom > scipy.special.chdtri(freedom, _CHANCE):
            plain *= excess
        return plain + _TOLERANCE**2 * np.eye(len(ORDERS))


def mean_ratios(rows: Sequence[Float[np.ndarray, "_ 3"]]) -> MeanRatios | None:
    """Average balanced ratios.

    Args:
        rows: The ratios of each spectrum, a row a level.

    Returns:
        The means; None where there are fewer than two units.
    """
    whole = np.concatenate(rows)
    ends = np.cumsum([row.shape[0] for row in rows])
    places = np.split(np.arange(float(whole.shape[0])), ends[:-1])
    units = split_runs(places, shortest=_SHORTEST_BLOCK)
    if len(units) < 2:
        return None
    sums = np.stack([whole[unit.astype(int)].sum(0) for unit in units])
    weights = np.array([float(unit.size) for unit in units])
    mean, error = mean_of_units(sums, weights)
    return MeanRatios(mean, error, int(weights.sum()), len(units))


def log_likelihood(found: MeanRatios, law: Hypothesis) -> float:
    """Evaluate the log-likelihood of the means under a law, up to a constant.

    Args:
        found: The means.
        law: The law.

    Returns:
        −½ (x̄ − μ)ᵀ C⁻¹ (x̄ − μ) − ½ log det C.
    """
    covariance = found.covariance(law)
    log_determinant = float(np.linalg.slogdet(covariance)[1])
    return -(_distance(found, law) + log_determinant) / 2


def fit_p_value(found: MeanRatios, law: Hypothesis) -> float:
    """Test whether the means are those of a law, in all directions.

    Args:
        found: The means.
        law: The law.

    Returns:
        The chance that χ² of three degrees of freedom is greater.
    """
    return float(scipy.special.chdtrc(len(ORDERS), _distance(found, law)))


def neighbour_p_value(found: MeanRatios, law: Hypothesis) -> float:
    """Test whether the mean ratio of order one is that of a law.

    Args:
        found: The means.
        law: The law.

    Returns:
        The chance of a mean as far off, on either side.
    """
    off = abs(float(found.mean[0] - found.expected(law)[0]))
    spread = math.sqrt(float(found.covariance(law)[0, 0]))
    return float(2 * scipy.special.ndtr(-off / spread))


def directed_p_value(found: MeanRatios, law: Hypothesis, towards: Hypothesis) -> float:
    """Test a law in the direction of another.

    Args:
        found: The means.
        law: The law that is tested.
        towards: The other.

    Returns:
        The chance under the law of a likelihood ratio that favours the other more.
    """
    weights = _direction(found, law, towards)
    excess = float(weights @ (found.mean - found.expected(law)))
    spread = math.sqrt(float(weights @ found.covariance(law) @ weights))
    return float(scipy.special.ndtr(-excess / spread))


def power(found: MeanRatios, law: Hypothesis, truth: Hypothesis) -> float:
    """Say how often a law is excluded at this number of levels if another is true.

    The directed p-value must be below half of `EXCLUDED`, for counts in long windows
    are tried besides.

    Args:
        found: The means; only their number and their units count.
        law: The law to be excluded.
        truth: The other.

    Returns:
        The probability.
    """
    weights = _direction(found, law, truth)
    shift = float(weights @ (found.expected(truth) - found.expected(law)))
    needed = -scipy.special.ndtri(EXCLUDED / 2) * math.sqrt(
        float(weights @ found.covariance(law) @ weights)
    )
    spread = math.sqrt(float(weights @ found.covariance(truth) @ weights))
    return float(scipy.special.ndtr((shift - needed) / spread))


def _direction(
    found: MeanRatios, law: Hypothesis, towards: Hypothesis
) -> Float[np.ndarray, " 3"]:
    pooled = found.covariance(law) + found.covariance(towards)
    return np.linalg.solve(pooled, found.expected(towards) - found.expected(law))


def _distance(found: MeanRatios, law: Hypothesis) -> float:
    off = found.mean - found.expected(law)
    return float(off @ np.linalg.solve(found.covariance(law), off))
