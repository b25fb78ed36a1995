"""Linear statistics on one interval, by sums over Chebyshev coefficients.

Throughout τₗ(f) is the mean of f(x(θ)) cos lθ over the circle, x(θ) the support run
through by its Chebyshev angle: f = τ₀ + 2 ∑ₗ τₗ cos lθ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.theory.laws.law import Interval, require_positive
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.linear_statistics.linear_statistic import (
    Function,
    LinearStatistic,
    bilinear,
    converged,
)
from eigenscape.theory.symmetry_class import require_beta

_CLASSES = (1, 2, 4)


def one_cut_covariance(
    functions: Sequence[Function], support: Interval, *, beta: int = 2
) -> Float[np.ndarray, "k k"]:
    """Compute (2/β) ∑ₗ l τₗ(f) τₗ(g), for every one-cut β-ensemble.

    The potential does not matter: only the mean, not given here, depends on it.

    Args:
        functions: f₁, …, f_k, real functions of an array, continuous on the support.
        support: The cut.
        beta: 1, 2 or 4.

    Returns:
        The covariance of the k statistics. A function that is not smooth enough raises
        a ConvergenceError: the variance of a count grows without bound.

    References:
        Johansson (1998), On fluctuations of eigenvalues of random Hermitian
        matrices, Duke Mathematical Journal 91.
    """
    require_beta(beta, _CLASSES)
    return _on_cut(functions, support, lambda t: 2 / beta * bilinear(t, t))


def wigner_statistics(
    functions: Sequence[Function],
    variance: float = 1.0,
    *,
    beta: int = 1,
    diagonal: float | None = None,
    fourth_cumulant: float = 0.0,
) -> LinearStatistic:
    """Give the central limit theorem of Wigner matrices, around Semicircle(variance).

    With κ = 2/β, d the diagonal and q the fourth cumulant, the mean is
    (κ − 1)(f(2σ) + f(−2σ) − 2τ₀)/4 + (d − κ) τ₂ + q τ₄ and the covariance
    κ ∑ₗ l τₗ(f) τₗ(g) + (d − κ) τ₁(f) τ₁(g) + 2q τ₂(f) τ₂(g).

    Args:
        functions: f₁, …, f_k, real functions of an array, continuous on ±2σ.
        variance: σ²; entries off the diagonal have E|h|² = σ²/N.
        beta: 1 for real, 2 for complex entries with E h² = 0, 4 for quaternions.
        diagonal: d, the variance of the diagonal entries in units of σ²/N; by
            default that of the Gaussian ensemble, 2/β.
        fourth_cumulant: q, the cumulant E|h|⁴ − (1 + κ) (E|h|²)² of the entries in
            units of (σ²/N)²; 0 for Gaussian ones.

    Returns:
        Mean and covariance.

    Raises:
        ValueError: A fourth cumulant is given for quaternions, or is below its least
            possible value −κ.

    References:
        Bai and Yao (2005), On the convergence of the spectral empirical process of
        Wigner matrices, Bernoulli 11, Theorem 1.1.
    """
    require_positive("variance", variance)
    _require_cumulant(beta, fourth_cumulant)
    kappa = 2 / beta
    excess = (kappa if diagonal is None else diagonal) - kappa
    if excess < -kappa:
        message = f"diagonal: expected a variance of at least 0, got {diagonal}"
        raise ValueError(message)

    def evaluate(tau: Float[np.ndarray, "k l"]) -> Float[np.ndarray, "k m"]:
        mean = _edge_mean(tau, kappa) + excess * tau[:, 2] + fourth_cumulant * tau[:, 4]
        covariance = kappa * bilinear(tau, tau)
        covariance += excess * np.outer(tau[:, 1], tau[:, 1])
        covariance += 2 * fourth_cumulant * np.outer(tau[:, 2], tau[:, 2])
        return np.column_stack([mean, covariance])

    edge = 2 * float(np.sqrt(variance))
    return LinearStatistic.from_columns(
        _on_cut(functions, Interval(-edge, edge), evaluate)
    )


def wishart_statistics(
    functions: Sequence[Function],
    law: MarchenkoPastur,
    *,
    beta: int = 1,
    fourth_cumulant: float = 0.0,
) -> LinearStatistic:
    """Give the central limit theorem of XᵀX/n for independent entries of X.

    With κ = 2/β and q the fourth cumulant, the mean is
    (κ − 1)(f(a) + f(b) − 2τ₀)/4 + q τ₂ and the covariance
    κ ∑ₗ l τₗ(f) τₗ(g) + q τ₁(f) τ₁(g) on the support [a, b]. Above ratio 1 the
    eigenvalues that are exactly 0 add nothing to either, and f is not evaluated
    there.

    Args:
        functions: f₁, …, f_k, real functions of an array, continuous on the support.
        law: The limit law, with its ratio and scale.
        beta: 1 for real, 2 for complex entries with E x² = 0, 4 for quaternions.
        fourth_cumulant: q, the cumulant E|x|⁴ − (1 + κ) of entries of variance 1; 0
            for Gaussian ones.

    Returns:
        Mean and covariance.

    References:
        Bai and Silverstein (2004), CLT for linear spectral statistics of
        large-dimensional sample covariance matrices, Annals of Probability 32,
        Theorem 1.1; Pan and Zhou (2008), Central limit theorem for signal-to-
        interference ratio of reduced rank linear receiver, Annals of Applied
        Probability 18, for the fourth cumulant.
    """
    _require_cumulant(beta, fourth_cumulant)
    kappa = 2 / beta

    def evaluate(tau: Float[np.ndarray, "k l"]) -> Float[np.ndarray, "k m"]:
        mean = _edge_mean(tau, kappa) + fourth_cumulant * tau[:, 2]
        covariance = kappa * bilinear(tau, tau)
        covariance += fourth_cumulant * np.outer(tau[:, 1], tau[:, 1])
        return np.column_stack([mean, covariance])

    return LinearStatistic.from_columns(_on_cut(functions, law.support[0], evaluate))


def _require_cumulant(beta: int, fourth_cumulant: float) -> None:
    require_beta(beta, _CLASSES)
    if not fourth_cumulant >= -2 / beta or (beta == 4 and fourth_cumulant != 0):
        message = (
            f"fourth_cumulant: expected at least {-2 / beta}, and 0 for quaternions, "
            f"got {fourth_cumulant} with beta = {beta}"
        )
        raise ValueError(message)


def _edge_mean(tau: Float[np.ndarray, "k l"], kappa: float) -> Float[np.ndarray, " k"]:
    # f(a) + f(b) = 2τ₀ + 4τ₂ + 4τ₄ + …
    return (kappa - 1) * tau[:, 2::2].sum(axis=1)


def _on_cut(
    functions: Sequence[Function],
    cut: Interval,
    evaluate: Callable[[Float[np.ndarray, "k l"]], Float[np.ndarray, "k m"]],
) -> Float[np.ndarray, "k m"]:
    def at(count: int) -> tuple[Float[np.ndarray, "k m"], float]:
        angle = np.pi * (np.arange(count) + 0.5) / count
        x = cut.lower + cut.width * np.cos(angle / 2) ** 2
        values = np.stack([np.asarray(f(x), dtype=np.float64) for f in functions])
        return evaluate(scipy.fft.dct(values, axis=1) / (2 * count)), 0.0

    return converged(at)
