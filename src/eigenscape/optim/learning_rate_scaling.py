"""How the largest stable rate scales with the batch size, by what was measured.

The rate is bounded by an eigenvalue λ′(b) of the curvature that a batch sees. Whether
it is linear in b, its square root or constant follows from how λ′ falls with b, and
that differs between noise laws: free additive noise gives exponents up to ½, whatever
is measured; noise that scales with the curvature gives 1 while it outweighs the signal.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int

from eigenscape.optim.stability_laws import (
    AdditiveStability,
    MeanSquareStability,
    MultiplicativeStability,
    SampledStability,
    StabilityLaw,
)
from eigenscape.spectra.rate_scaling import RateScaling, effective_batch_size
from eigenscape.spectra.sampling_noise.competition import MEASURED, sampling_variance
from eigenscape.spectra.sampling_noise.population import PopulationCurvature
from eigenscape.spectra.sampling_noise.prediction import (
    Directions,
    predict_batch_outliers,
)
from eigenscape.spectra.survey_result import Survey

FINEST = 4
"""Batch sizes a doubling of a default grid."""

WIDE = np.sqrt(2)
"""Half of the doubling over which an exponent is taken, as a factor."""


class StepRule(ABC):
    """How an optimiser turns λ′ into the largest stable rate.

    Attributes:
        momentum: ρ, or β₁ where the gradient is averaged.
    """

    momentum: float

    @property
    @abstractmethod
    def name(self) -> str:
        """What the optimiser is called."""

    @abstractmethod
    def limit(self, effective: Float[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
        """Compute ηλ′ at the edge of stability.

        Args:
            effective: Effective batch sizes.

        Returns:
            One number a size.
        """


@final
@dataclass(frozen=True)
class HeavyBallRule(StepRule):
    """SGD with momentum ρ, stable below 2(1 + ρ)/λ′; plain SGD has ρ = 0.

    Attributes:
        momentum: ρ.

    References:
        Polyak (1964), Some methods of speeding up the convergence of iteration
        methods, USSR Computational Mathematics and Mathematical Physics 4.
    """

    momentum: float = 0.0

    def __post_init__(self) -> None:
        _require_decay(self.momentum)

    @property
    def name(self) -> str:
        """See StepRule."""
        return f"heavy ball of momentum {self.momentum:g}" if self.momentum else "SGD"

    def limit(self, effective: Float[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
        """See StepRule.

        Args:
            effective: Effective batch sizes.

        Returns:
            2(1 + ρ).
        """
        return np.full_like(effective, 2 * (1 + self.momentum))


@final
@dataclass(frozen=True)
class AdamRule(StepRule):
    """Adam, stable below 2(1 + β₁)/((1 − β₁) λ′) with λ′ of the curvature D⁻¹H.

    The law is that of the curvature preconditioned by D = √v̂ + ε as found at the batch
    size ``reference``. Assumed is that D changes slowly against the step, and with the
    batch size by one factor: E g² of a coordinate is its share of ‖ḡ‖² + tr Σ/b, so
    that D(b) = D(b₀) √((1 + N/b)/(1 + N/b₀)). Noisy gradients (b ≪ N) then give the
    square root where SGD's rate is linear, and a rate that falls as b^(−½) where SGD's
    is saturated.

    Attributes:
        noise_scale: N = tr Σ/‖ḡ‖², the gradient noise scale.
        reference: b₀, effective.
        momentum: β₁.

    References:
        Cohen et al. (2022), Adaptive gradient methods at the edge of stability, arXiv
        2207.14484, Sec. 2, for the threshold, 38/λ′ at β₁ = 0.9; McCandlish et al.
        (2018), arXiv 1812.06162, Sec. 2.2, for N.
    """

    noise_scale: float
    reference: float
    momentum: float = 0.9

    def __post_init__(self) -> None:
        _require_decay(self.momentum)
        if not 0 <= self.noise_scale < np.inf or not 0 < self.reference < np.inf:
            message = (
                "noise_scale, reference: expected finite N ≥ 0 and b₀ > 0, got "
                f"{self.noise_scale} and {self.reference}"
            )
            raise ValueError(message)

    @property
    def name(self) -> str:
        """See StepRule."""
        return "Adam"

    def limit(self, effective: Float[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
        """See StepRule.

        Args:
            effective: Effective batch sizes.

        Returns:
            2(1 + β₁)/(1 − β₁) times D(b)/D(b₀).
        """
        noise = self.noise_scale
        growth = np.sqrt((1 + noise / effective) / (1 + noise / self.reference))
        return 2 * (1 + self.momentum) / (1 - self.momentum) * growth


def scale_learning_rate(
    law: StabilityLaw,
    rule: StepRule,
    batch_sizes: Float[np.ndarray, " m"],
    *,
    population: int | None = None,
) -> RateScaling:
    """Compute how the largest stable rate scales with the batch size, and say where.

    An exponent is log₂ η(√2 b)/η(b/√2), the mean slope over a doubling of the effective
    batch size. Weight decay adds its coefficient to λ′ and is not included.

    Args:
        law: Where λ′ comes from.
        rule: The optimiser.
        batch_sizes: Batch sizes B as drawn, ascending, 1 or more; `batch_size_grid`
            gives some.
        population: n, for batches drawn without replacement; None for independent
            examples.

    Returns:
        Rates, exponents and verdict.

    Raises:
        ValueError: The sizes do not ascend.
    """
    if batch_sizes.size == 0 or (np.diff(batch_sizes) <= 0).any():
        message = f"batch_sizes: expected ascending sizes, got {batch_sizes.tolist()}"
        raise ValueError(message)
    effective = effective_batch_size(batch_sizes, population)
    around = np.concatenate([effective / WIDE, effective, effective * WIDE])
    curvature = law.curvature(around, rule.momentum)
    behind, rates, ahead = np.split(rule.limit(around) / curvature, 3)
    return RateScaling(
        law=law.name,
        optimiser=rule.name,
        batch_sizes=batch_sizes,
        effective=effective,
        curvature=np.split(curvature, 3)[1],
        rates=rates,
        exponents=np.log(ahead / behind) / np.log(WIDE**2),
    )


def batch_size_grid(population: int) -> Float[np.ndarray, " m"]:
    """Choose batch sizes for a verdict.

    Args:
        population: n, two or more.

    Returns:
        Sizes from 1 to n/2, four a doubling: beyond, a batch is most of the data.

    Raises:
        ValueError: There are fewer than two examples.
    """
    if population < 2:
        message = f"population: expected at least 2 examples, got {population}"
        raise ValueError(message)
    count = 1 + round(FINEST * np.log2(max(population / 2, 1)))
    return np.geomspace(1.0, max(population / 2, 1), count)


def population_laws(
    population: PopulationCurvature,
    *,
    parameters: int,
    curvature_variance: float | None = None,
    directions: Directions = "elliptical",
    draws: int = 400,
    rng: np.random.Generator,
) -> tuple[StabilityLaw, ...]:
    """Build every stability law from one measurement on all the data, none fitted.

    Args:
        population: The curvature on all the data and of every example.
        parameters: P.
        curvature_variance: s² = E‖(Hᵢ − H)z‖² of single examples over unit z, which is
            b times that of batches of effective size b; that of the examples' own
            matrices if None.
        directions: Where the examples' curvature points; see `predict_batch_outliers`.
        draws: Batches predicted at each size.
        rng: Random numbers.

    Returns:
        Additive, multiplicative, weighted sampling, and its mean square stability.
    """
    n, top = population.examples, float(population.spikes[0])
    if curvature_variance is None:
        curvature_variance = sampling_variance(population, 1, parameters)
    sizes = _curve_sizes(n)
    prediction = predict_batch_outliers(
        population, sizes.tolist(), count=1, draws=draws, rng=rng, directions=directions
    )
    rest = max(population.trace - top, 0.0) / max(parameters - 1, 1)
    return (
        AdditiveStability(top, curvature_variance),
        MultiplicativeStability(top, min(rest, top), parameters),
        SampledStability.of(prediction, n),
        MeanSquareStability(population),
    )


def survey_rate_scaling(
    survey: Survey,
    rule: StepRule | None = None,
    *,
    curvature_variance: float | None = None,
    rng: np.random.Generator,
) -> tuple[RateScaling, ...]:
    """Scale the learning rate by what a survey found at its last checkpoint.

    Args:
        survey: The survey, with a prediction of batches.
        rule: The optimiser; heavy ball with the momentum of the survey's training, or
            without if that is not known, if None.
        curvature_variance: See `population_laws`.
        rng: Random numbers.

    Returns:
        One scaling a law.

    Raises:
        ValueError: The survey has no prediction.
    """
    last = survey.checkpoints[-1]
    if last.prediction is None:
        message = f"survey: expected a prediction, got none ({last.prediction_note})"
        raise ValueError(message)
    known = last.prediction
    rule = HeavyBallRule(survey.momentum or 0.0) if rule is None else rule
    n = known.population.examples
    *laws, square = population_laws(
        known.population,
        parameters=survey.parameters,
        curvature_variance=curvature_variance,
        rng=rng,
    )
    if known.law == MEASURED:
        laws[-1] = SampledStability.of(known.curve, n, name=known.law)
    sizes = batch_size_grid(n)
    return tuple(
        scale_learning_rate(law, rule, sizes, population=n) for law in (*laws, square)
    )


def _curve_sizes(population: int) -> Int[np.ndarray, " m"]:
    count = 1 + round(2 * np.log2(max(population / 2, 2)))
    return np.unique(
        np.rint(np.geomspace(1, max(population / 2, 2), count)).astype(np.int64)
    )


def _require_decay(momentum: float) -> None:
    if not 0 <= momentum < 1:
        message = f"momentum: expected a number in [0, 1), got {momentum}"
        raise ValueError(message)
