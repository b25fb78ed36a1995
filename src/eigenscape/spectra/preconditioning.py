"""Damped steps with sampled or measured curvature, beside what free noise predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.theory import Discrete, Law
from eigenscape.theory.ensembles import haar_orthogonal
from eigenscape.theory.noisy_resolvent import NoisyCurvature, NoisyStep


@dataclass(frozen=True)
class StepShares:
    """The parts of steps (H + δ)⁻¹g over draws of H, as in `NoisyStep`.

    Attributes:
        learning_rate: Mean of gᵀ(H + δ)⁻¹g/‖g‖².
        gradient_share: Mean squared cosine between step and gradient.
        random_share: 1 − ‖mean step‖²/mean ‖step‖², unbiased; where the gradient
            changes with the draw, its own noise counts.
        exact_share: Mean squared cosine between the step and (A + δ)⁻¹g.
    """

    learning_rate: float
    gradient_share: float
    random_share: float
    exact_share: float


@dataclass(frozen=True)
class StepComparison:
    """Steps at one damping: predicted, with turned noise, and as they are.

    Attributes:
        name: The matrix, or the checkpoint.
        batch_size: b; None for a sampled ensemble.
        size: N.
        damping: δ.
        predicted: By free noise of the given law; None where it leaves negative
            curvature.
        rotated: With H = A + QXQᵀ, X the noise of the draws and Q Haar-distributed:
            free, of whatever law.
        measured: With the draws of H, and a gradient independent of them.
        same_batch: With the gradients of the same batches; None without any.
    """

    name: str
    batch_size: int | None
    size: int
    damping: float
    predicted: NoisyStep | None
    rotated: StepShares | None
    measured: StepShares | None
    same_batch: StepShares | None = None


@dataclass(frozen=True)
class Preconditioning:
    """How much of noisy second-order steps is rescaled gradient descent.

    Attributes:
        ensembles: Sampled matrices.
        network: A network, checkpoint by checkpoint.
    """

    ensembles: tuple[StepComparison, ...]
    network: tuple[StepComparison, ...]


def compare_steps(
    name: str,
    curvature: Float[np.ndarray, "n n"],
    draws: Float[np.ndarray, "d n n"],
    gradient: Float[np.ndarray, " n"],
    dampings: Sequence[float],
    *,
    noise: Law,
    batch_size: int | None = None,
    batch_gradients: Float[np.ndarray, "d n"] | None = None,
    rng: np.random.Generator,
) -> tuple[StepComparison, ...]:
    """Compare steps with noisy curvature to the prediction of free noise.

    Args:
        name: What to call them.
        curvature: A.
        draws: H of independent draws, two or more.
        gradient: g, independent of the noise H − A.
        dampings: δ.
        noise: The law of H − A, as it is assumed.
        batch_size: b, for a network.
        batch_gradients: The gradient of the same batch as each draw.
        rng: Source of the rotations.

    Returns:
        One comparison a damping.
    """
    values, vectors = np.linalg.eigh(curvature)
    weights = (vectors.T @ gradient) ** 2
    seen = weights > 0
    spectral = Discrete(values[seen], weights[seen] / weights.sum())
    curved = NoisyCurvature(noise, Discrete.empirical(values))
    size = len(curvature)
    turns = [haar_orthogonal(size, rng=rng) for _ in draws]
    rotated = np.array([
        curvature + turn @ (draw - curvature) @ turn.T
        for turn, draw in zip(turns, draws, strict=True)
    ])
    each = np.broadcast_to(gradient, (len(draws), size))
    return tuple(
        StepComparison(
            name,
            batch_size,
            size,
            damping,
            curved.step(damping, spectral),
            step_shares(curvature, rotated, each, damping),
            step_shares(curvature, draws, each, damping),
            None
            if batch_gradients is None
            else step_shares(curvature, draws, batch_gradients, damping),
        )
        for damping in dampings
    )


def step_shares(
    curvature: Float[np.ndarray, "n n"],
    draws: Float[np.ndarray, "d n n"],
    gradients: Float[np.ndarray, "d n"],
    damping: float,
) -> StepShares | None:
    """Measure the parts of the steps (H + δ)⁻¹g.

    Args:
        curvature: A.
        draws: H of independent draws, two or more.
        gradients: g of each.
        damping: δ.

    Returns:
        The parts; None where H + δ or A + δ is not positive definite.

    Raises:
        ValueError: There are fewer than two draws.
    """
    if len(draws) < 2:
        message = f"draws: expected at least 2, got {len(draws)}"
        raise ValueError(message)
    try:
        steps = _solved(draws, gradients, damping)
        exact = _solved([curvature] * len(draws), gradients, damping)
    except np.linalg.LinAlgError:
        return None
    energy = (steps**2).sum(axis=1)
    count = len(draws)
    mean_energy = ((steps.sum(axis=0) ** 2).sum() - energy.sum()) / (
        count * (count - 1)
    )
    along = (steps * gradients).sum(axis=1)
    rates = along / (gradients**2).sum(axis=1)
    return StepShares(
        float(rates.mean()),
        float((along * rates / energy).mean()),
        float(1 - mean_energy / energy.mean()),
        float(
            ((steps * exact).sum(axis=1) ** 2 / energy / (exact**2).sum(axis=1)).mean()
        ),
    )


def _solved(
    matrices: Sequence[Float[np.ndarray, "n n"]] | Float[np.ndarray, "d n n"],
    gradients: Float[np.ndarray, "d n"],
    damping: float,
) -> Float[np.ndarray, "d n"]:
    ridge = damping * np.eye(gradients.shape[1])
    return np.array([
        scipy.linalg.cho_solve(scipy.linalg.cho_factor(matrix + ridge), gradient)
        for matrix, gradient in zip(matrices, gradients, strict=True)
    ])
