"""Expected loss and distance of averages over a whole spectrum, and the best start.

Coordinates of the same spectrum and noise concentrate: in high dimension one run has
the norm and the loss that are expected, here per parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float

from eigenscape.theory.iterate_averaging import (
    AveragedIterates,
    IterateMoments,
    averaged_iterate,
    last_iterate,
)
from eigenscape.theory.law_nodes import law_nodes
from eigenscape.theory.laws.law import Law

_CANDIDATES = 33


@final
@dataclass(frozen=True)
class NoisyQuadratic:
    """A quadratic loss of many parameters, its minimum at 0, with noisy gradients.

    Attributes:
        eigenvalues: λ ≥ 0.
        weights: The share of parameters at each, of sum 1.
        noise_variance: s² of a gradient in each coordinate, σ²/B for batches of B.
        initial_square: The mean of w₀² in each coordinate.
    """

    eigenvalues: Float[np.ndarray, " p"]
    weights: Float[np.ndarray, " p"]
    noise_variance: float
    initial_square: float = 1.0

    @staticmethod
    def of(
        spectrum: Law | Float[np.ndarray, " p"],
        *,
        noise_variance: float,
        initial_square: float = 1.0,
    ) -> NoisyQuadratic:
        """Take a spectrum, of a matrix or of a law.

        Args:
            spectrum: Eigenvalues, each of one parameter, or their law.
            noise_variance: s², the same for all.
            initial_square: The mean of w₀², the same for all.

        Returns:
            The quadratic.

        Raises:
            ValueError: An eigenvalue is negative: descent leaves such a direction.
        """
        if isinstance(spectrum, Law):
            eigenvalues, weights = law_nodes(spectrum)
        else:
            eigenvalues = spectrum
            weights = np.full(spectrum.size, 1 / spectrum.size)
        if not (eigenvalues >= 0).all():
            least = eigenvalues.min()
            message = (
                f"spectrum: expected eigenvalues of at least 0, got {least:.3g}; leave "
                "the negative ones out"
            )
            raise ValueError(message)
        return NoisyQuadratic(eigenvalues, weights, noise_variance, initial_square)


@final
@dataclass(frozen=True)
class AveragingRisk:
    """What is expected of an iterate or an average, per parameter.

    Attributes:
        bias_loss: ½ λ (E w)², the loss left of the start.
        noise_loss: ½ λ Var w, the loss that noise adds.
        squared_norm: E w², the squared distance to the minimum.
    """

    bias_loss: float
    noise_loss: float
    squared_norm: float

    @property
    def loss(self) -> float:
        """The expected loss above its minimum."""
        return self.bias_loss + self.noise_loss


def last_risk(
    quadratic: NoisyQuadratic, steps: int, *, learning_rate: float
) -> AveragingRisk:
    """Compute what is expected of the last iterate.

    Args:
        quadratic: The loss.
        steps: n.
        learning_rate: η.

    Returns:
        Its risk.
    """
    moments = last_iterate(
        quadratic.eigenvalues,
        steps,
        learning_rate=learning_rate,
        noise_variance=quadratic.noise_variance,
    )
    return _risk(quadratic, moments)


def averaged_risk(
    quadratic: NoisyQuadratic, averaged: AveragedIterates, *, learning_rate: float
) -> AveragingRisk:
    """Compute what is expected of an average.

    Args:
        quadratic: The loss.
        averaged: Of which iterates.
        learning_rate: η.

    Returns:
        Its risk.
    """
    moments = averaged_iterate(
        quadratic.eigenvalues,
        averaged,
        learning_rate=learning_rate,
        noise_variance=quadratic.noise_variance,
    )
    return _risk(quadratic, moments)


def best_average(
    quadratic: NoisyQuadratic, steps: int, *, learning_rate: float, every: int = 1
) -> AveragedIterates:
    """Find when averaging should begin, given all the steps there are.

    The average ends with the last step. Its length is searched on a grid, ever finer
    about the best; a loss with several minima over the length may hide the least.

    Args:
        quadratic: The loss.
        steps: All the steps.
        learning_rate: η.
        every: c, the steps from one iterate averaged to the next.

    Returns:
        The average of the least expected loss; of the last iterate alone where
        averaging does not pay.

    Raises:
        ValueError: There are fewer steps than one average takes.
    """
    if steps < every:
        message = f"steps: expected at least every = {every}, got {steps}; take more"
        raise ValueError(message)

    def loss(count: int) -> float:
        averaged = AveragedIterates(count, steps - every * count, every)
        return averaged_risk(quadratic, averaged, learning_rate=learning_rate).loss

    least, most = 1, steps // every
    while most - least > _CANDIDATES:
        grid = np.unique(np.geomspace(least, most, _CANDIDATES).round().astype(int))
        best = int(np.argmin([loss(int(count)) for count in grid]))
        least = int(grid[max(best - 1, 0)])
        most = int(grid[min(best + 1, grid.size - 1)])
    count = min(range(least, most + 1), key=loss)
    return AveragedIterates(count, steps - every * count, every)


def _risk(quadratic: NoisyQuadratic, moments: IterateMoments) -> AveragingRisk:
    share = quadratic.weights
    bias = quadratic.initial_square * moments.bias**2
    half = share * quadratic.eigenvalues / 2
    return AveragingRisk(
        float(half @ bias),
        float(half @ moments.variance),
        float(share @ (bias + moments.variance)),
    )
