"""Shrinkers of outlying eigenvalues: spikes in white sample covariance or GOE noise."""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float

from eigenscape.theory.laws.law import require_positive

Loss = Literal["frobenius", "operator", "nuclear", "stein", "entropy", "frechet"]

_LOSSES = get_args(Loss)


def shrink_covariance_spikes(
    eigenvalues: Float[np.ndarray, " k"],
    ratio: float,
    *,
    noise: float = 1.0,
    loss: Loss = "frobenius",
) -> Float[np.ndarray, " k"]:
    """Shrink sample eigenvalues when the population is σ² I plus a finite rank.

    With ℓ the spike behind λ = ℓ (1 + γ/(ℓ − 1)), c² = (1 − γ/(ℓ − 1)²) / (1 + γ/(ℓ −
    1)) its overlap and s² = 1 − c², the best eigenvalue is ℓc² + s² (frobenius,
    entropy), ℓ (operator), 1 + (ℓ − 1)(1 − 2s²)₊ (nuclear), ℓ/(c² + ℓs²) (stein), and
    (√ℓ c² + s²)² (frechet, ‖√A − √B‖²). Eigenvalues at or below (1 + √γ)² become 1.

    Args:
        eigenvalues: Sample eigenvalues.
        ratio: γ = P/n.
        noise: σ², the eigenvalue of the population without spikes.
        loss: What is minimised.

    Returns:
        The shrunk eigenvalues.

    References:
        Donoho, Gavish and Johnstone (2018), Optimal shrinkage of eigenvalues in the
        spiked covariance model, Annals of Statistics 46.
    """
    require_positive("ratio", ratio)
    require_positive("noise", noise)
    edge = (1 + math.sqrt(ratio)) ** 2
    above = eigenvalues > noise * edge
    scaled = np.where(above, eigenvalues / noise, edge)
    half = (scaled + 1 - ratio) / 2
    spike = half + np.sqrt(np.maximum(half**2 - scaled, 0))
    excess = spike - 1
    overlap = (1 - ratio / excess**2) / (1 + ratio / excess)
    shrunk = np.where(above, _covariance_value(spike, overlap, loss), 1.0)
    return noise * shrunk


def shrink_wigner_spikes(
    eigenvalues: Float[np.ndarray, " k"],
    variance: float = 1.0,
    *,
    loss: Literal["frobenius", "operator", "nuclear"] = "frobenius",
) -> Float[np.ndarray, " k"]:
    """Shrink eigenvalues of a matrix of finite rank plus semicircular noise.

    With θ the spike behind λ = θ + σ²/θ and c² = 1 − σ²/θ² its overlap, the best
    eigenvalue is θc² = √(λ² − 4σ²) up to its sign (frobenius), θ (operator) and
    θ (2c² − 1)₊ (nuclear). Eigenvalues within ±2σ become 0.

    Args:
        eigenvalues: Of the noisy matrix.
        variance: σ² of the noise.
        loss: What is minimised.

    Returns:
        The shrunk eigenvalues.

    Raises:
        ValueError: The variance is not positive, or the loss is unknown.

    References:
        Gavish and Donoho (2017), Optimal shrinkage of singular values, IEEE
        Transactions on Information Theory 63, whose derivation this follows with
        the symmetric spike map of Benaych-Georges and Nadakuditi (2011).
    """
    require_positive("variance", variance)
    size = np.abs(eigenvalues)
    root = np.sqrt(np.maximum(eigenvalues**2 - 4 * variance, 0))
    spike = (size + root) / 2
    if loss == "frobenius":
        shrunk = root
    elif loss == "operator":
        shrunk = np.where(root > 0, spike, 0.0)
    elif loss == "nuclear":
        smaller = np.divide(variance, spike, out=np.zeros_like(spike), where=spike > 0)
        shrunk = np.where(root > 0, np.maximum(spike - 2 * smaller, 0), 0.0)
    else:
        message = f"loss: expected frobenius, operator or nuclear, got {loss!r}"
        raise ValueError(message)
    return np.sign(eigenvalues) * shrunk


def _covariance_value(
    spike: Float[np.ndarray, " k"], overlap: Float[np.ndarray, " k"], loss: str
) -> Float[np.ndarray, " k"]:
    rest = 1 - overlap
    match loss:
        case "frobenius" | "entropy":
            return spike * overlap + rest
        case "operator":
            return spike
        case "nuclear":
            return 1 + (spike - 1) * np.maximum(1 - 2 * rest, 0)
        case "stein":
            return spike / (overlap + spike * rest)
        case "frechet":
            return (np.sqrt(spike) * overlap + rest) ** 2
        case _:
            message = f"loss: expected one of {_LOSSES}, got {loss!r}"
            raise ValueError(message)
