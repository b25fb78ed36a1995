"""What trained GANs reach, beside the lowest losses of their glasses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.core import Estimate
from eigenscape.landscape.gan.survey import Phases

_DRAWS = 999


@dataclass(frozen=True)
class RankAgreement:
    """Whether two quantities rise and fall together.

    Attributes:
        correlation: Spearman's, of ranks; 0 where one does not vary.
        p_value: Share of random orders with a correlation as large, two-sided.
    """

    correlation: float
    p_value: float

    def __str__(self) -> str:
        """Return both in a line.

        Returns:
            Text such as ``0.71 (p = 0.02)``.
        """
        return f"{self.correlation:.2f} (p = {self.p_value:.2g})"


@dataclass(frozen=True)
class LossSweep:
    """Least losses of trained GANs along one parameter.

    Attributes:
        theory: Lowest losses of glasses of the same p, q, σ and share of parameters.
        shares: Share of the parameters that the discriminator has.
        discriminator: Least loss of each run on a batch, one value of the parameter a
            row.
        generator: Likewise.
        discriminator_agreement: Of the mean least losses with the theory.
        generator_agreement: Likewise.
    """

    theory: Phases
    shares: Float[np.ndarray, " k"]
    discriminator: Float[np.ndarray, "k r"]
    generator: Float[np.ndarray, "k r"]
    discriminator_agreement: RankAgreement
    generator_agreement: RankAgreement


@dataclass(frozen=True)
class TrainedGans:
    """Least losses along the latent noise σ and along the share κ of widths.

    Attributes:
        data: What the images are.
        images: How many.
        side: Pixels along a side.
        layers: Convolutions of each network, p and q of the theory.
        epochs: Passes over the images.
        noises: The sweep of σ.
        fractions: The sweep of κ.
    """

    data: str
    images: int
    side: int
    layers: int
    epochs: int
    noises: LossSweep
    fractions: LossSweep


def loss_sweep(
    theory: Phases,
    shares: Float[np.ndarray, " k"],
    losses: Float[np.ndarray, "k r 2"],
    *,
    rng: np.random.Generator,
) -> LossSweep:
    """Hold least losses against the theory.

    Args:
        theory: Lowest losses of the glasses.
        shares: Share of the parameters that the discriminator has.
        losses: Least loss of discriminator and generator, by value and run.
        rng: Source of random orders.

    Returns:
        The sweep.
    """
    own, other = losses[..., 0], losses[..., 1]
    return LossSweep(
        theory,
        shares,
        own,
        other,
        rank_agreement(own.mean(axis=1), theory.discriminator, rng=rng),
        rank_agreement(other.mean(axis=1), theory.generator, rng=rng),
    )


def rank_agreement(
    measured: Float[np.ndarray, " k"],
    predicted: Float[np.ndarray, " k"],
    *,
    rng: np.random.Generator,
) -> RankAgreement:
    """Correlate the ranks of two quantities, and test it by random orders.

    The p-value is exact where the measured quantity does not depend on the parameter
    at all: a small one says that it does, in the order predicted or against it.

    Args:
        measured: One value of the parameter each; independent errors.
        predicted: Likewise.
        rng: Source of 999 random orders.

    Returns:
        The correlation and its p-value.
    """
    ranks = [scipy.stats.rankdata(x) for x in (measured, predicted)]
    first, second = (r - r.mean() for r in ranks)
    size = float(np.linalg.norm(first) * np.linalg.norm(second))
    if size == 0:
        return RankAgreement(0.0, 1.0)
    found = float(first @ second) / size
    orders = rng.permuted(np.tile(first, (_DRAWS, 1)), axis=1)
    as_large = np.abs(orders @ second) / size >= abs(found) * (1 - 1e-12)
    return RankAgreement(found, (1 + int(as_large.sum())) / (1 + _DRAWS))


def mean_least(losses: Float[np.ndarray, "k r"]) -> tuple[Estimate, ...]:
    """Average the least losses over the runs of each value.

    Args:
        losses: One value a row, at least two runs.

    Returns:
        Means with standard errors.
    """
    runs = losses.shape[1]
    errors = losses.std(axis=1, ddof=1) / np.sqrt(runs)
    pairs = zip(losses.mean(axis=1).tolist(), errors.tolist(), strict=True)
    return tuple(Estimate(mean, error, runs) for mean, error in pairs)
