"""Losses that trained networks of growing width reach, and their indices."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from eigenscape.core import Estimate
from eigenscape.landscape.glass_survey import DescendedPoints


@dataclass(frozen=True)
class TrainedIndices:
    """Hessians of the training loss where training ended.

    Attributes:
        width: Hidden units.
        parameters: P.
        negative: Eigenvalues below −resolution, a network each.
        unresolved: Eigenvalues within it, which rounding hides.
        lowest: λ_min over λ_max.
        gradient_norms: |∇L|; a network at a critical point has none.
    """

    width: int
    parameters: int
    negative: Int[np.ndarray, " k"]
    unresolved: Int[np.ndarray, " k"]
    lowest: Float[np.ndarray, " k"]
    gradient_norms: Float[np.ndarray, " k"]

    @property
    def index(self) -> Float[np.ndarray, " k"]:
        """α, the share of eigenvalues that are surely negative."""
        return self.negative / self.parameters


@dataclass(frozen=True)
class WidthLosses:
    """Losses at the end of training of networks of one width.

    Attributes:
        width: Hidden units.
        train: Mean cross-entropy on the training data, a network each.
        test: That on data not trained on.
    """

    width: int
    train: Float[np.ndarray, " r"]
    test: Float[np.ndarray, " r"]

    @property
    def correlation(self) -> float:
        """Pearson's correlation of both losses."""
        return float(np.corrcoef(self.train, self.test)[0, 1])


@dataclass(frozen=True)
class LossBands:
    """Networks of growing width beside glasses of growing dimension.

    Attributes:
        data: What the networks were trained on.
        widths: Losses by width.
        indices: Indices by width, of some of the networks.
        degree: p of the glasses.
        glasses: Where descent ends, by dimension.
        marginal: E∞ of the glass.
        lowest: E₀: the band of low critical points is (−E₀, −E∞).
        network_exponent: Slope of log deviation of the test losses in log width.
        glass_exponent: Slope of log deviation of the energies in log dimension.
    """

    data: str
    widths: tuple[WidthLosses, ...]
    indices: tuple[TrainedIndices, ...]
    degree: int
    glasses: tuple[DescendedPoints, ...]
    marginal: float
    lowest: float
    network_exponent: Estimate
    glass_exponent: Estimate


def log_deviation(sample: Float[np.ndarray, " r"]) -> Estimate:
    """Estimate the logarithm of a standard deviation.

    The error is √((κ + 2 + 2/(r − 1))/4r), κ the excess kurtosis of the sample: that
    of the deviation of a sample of any law with a fourth moment, to first order.

    Args:
        sample: Independent numbers, at least four of which not all are equal.

    Returns:
        The logarithm with its standard error.

    Raises:
        ValueError: There are fewer than four numbers, or they do not vary.
    """
    count = sample.size
    centred = sample - sample.mean()
    square = float((centred**2).mean())
    if count < 4 or square == 0:
        message = f"sample: expected four numbers that vary, got {count}: {sample[:4]}"
        raise ValueError(message)
    excess = max(float((centred**4).mean()) / square**2 - 3, -2.0)
    error = math.sqrt((excess + 2 + 2 / (count - 1)) / (4 * count))
    return Estimate(math.log(square * count / (count - 1)) / 2, error, count)


def deviation_exponent(
    sizes: Int[np.ndarray, " k"], samples: tuple[Float[np.ndarray, " _"], ...]
) -> Estimate:
    """Fit log deviation = slope · log size + constant by weighted least squares.

    Args:
        sizes: At least two different sizes.
        samples: Independent numbers of each.

    Returns:
        The slope; its error says nothing of a curve that is not straight.

    Raises:
        ValueError: The sizes are all the same.
    """
    logs = np.log(sizes)
    if np.ptp(logs) == 0:
        message = f"sizes: expected at least two that differ, got {sizes}"
        raise ValueError(message)
    found = [log_deviation(sample) for sample in samples]
    weights = np.array([1 / e.standard_error**2 for e in found])
    values = np.array([e.value for e in found])
    centred = logs - np.average(logs, weights=weights)
    spread = float(weights @ centred**2)
    slope = float(weights @ (centred * values)) / spread
    return Estimate(slope, spread**-0.5, len(found))
