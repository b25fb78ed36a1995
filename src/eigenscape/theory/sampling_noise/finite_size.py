"""Outliers of batches of finite size: draws of weighted examples, their eigenvalues."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.theory.sampling_noise.bordered import top_eigenvalues
from eigenscape.theory.sampling_noise.deterministic import check_noise

_LIGHT = 1e-4
_ROWS = 1024
_BLOCK = 1 << 21  # numbers held at once: 16 MB


@dataclass(frozen=True)
class Thinning:
    """A batch without replacement as independent rows and a part of A.

    H_b = (1 − cN) A + c ∑ of N independent examples has the mean A and, with
    c² N = (1 − b/n)/b up to n against n − 1, the covariance of a batch of b of n; the
    coefficient c ≈ 1/b keeps the outlier a heavy example makes of its own.

    Attributes:
        rows: N, the nearest integer to b (n − b)/(n − 1), at least 1; 0 for b = n.
        coefficient: c.
    """

    rows: int
    coefficient: float

    @property
    def kept(self) -> float:
        """The share 1 − cN of A."""
        return 1 - self.coefficient * self.rows


def thinning(batch_size: int, population: int | None) -> Thinning:
    """Represent a batch without replacement by independent examples.

    Args:
        batch_size: b.
        population: n; None for independent examples.

    Returns:
        The number of examples and their coefficient.
    """
    if population is None:
        return Thinning(batch_size, 1 / batch_size)
    left = (population - batch_size) / max(population - 1, 1)
    if left == 0:
        return Thinning(0, 0.0)
    rows = max(round(batch_size * left), 1)
    return Thinning(rows, math.sqrt(left / (batch_size * rows)))


def sample_batch_outliers(
    spikes: Float[np.ndarray, " K"],
    weights: Float[np.ndarray, "m c"],
    batch_size: int,
    *,
    remainder: float = 0.0,
    population: int | None = None,
    count: int,
    draws: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, "d k"]:
    """Draw the largest eigenvalues of batches of weighted Gaussian examples.

    A row is √wᵢₖ times a normal vector of covariance A: on the K spikes it is drawn,
    and the remainder r of the trace is a private direction of length √(r wᵢₖ). Rows
    whose squares sum to 10⁻⁴ of a usual batch's are replaced by their mean, which loses
    as much of the variance; of more than 1,024 rows the lighter ones are drawn as one
    Wishart matrix of their first two moments.

    Args:
        spikes: Eigenvalues θ of A outside its remainder, positive, descending.
        weights: Weights wᵢₖ of m examples, of mean row sum 1; batches draw from them.
        batch_size: b.
        remainder: Trace of A outside the spikes, spread over many small eigenvalues.
        population: n, for batches drawn without replacement; None for independent
            examples.
        count: How many eigenvalues.
        draws: How many batches.
        rng: Random numbers.

    Returns:
        Eigenvalues of independent batches, descending in each row.
    """
    check_noise(spikes, weights, batch_size, remainder, population)
    parts = thinning(batch_size, population)
    if parts.rows == 0:
        top = np.zeros(count)
        top[: spikes.size] = spikes[:count]
        return np.tile(top, (draws, 1))
    heavy = np.where(weights > light_limit(weights, parts.rows), weights, 0.0)
    lost = float((weights - heavy).sum(1).mean())
    base = np.diag((parts.kept + parts.coefficient * parts.rows * lost) * spikes)
    ranks = int((heavy > 0).sum(1).max())
    heavy = -np.sort(-heavy, axis=1)[:, :ranks]
    size = min(parts.rows * ranks, _ROWS) + spikes.size
    block = max(1, _BLOCK // max(size * spikes.size, parts.rows * ranks))
    found: list[Float[np.ndarray, "d k"]] = []
    for start in range(0, draws, block):
        several = min(block, draws - start)
        picked = rng.integers(heavy.shape[0], size=(several, parts.rows))
        drawn = heavy[picked].reshape(several, -1)
        rows, loads = _rows(drawn, spikes.size, rng)
        rows *= np.sqrt(parts.coefficient * spikes)
        rest = parts.coefficient * remainder * loads
        found.append(top_eigenvalues(base, rows, rest, count))
    return np.concatenate(found)


def light_limit(weights: Float[np.ndarray, "m c"], rows: int) -> float:
    """Find the weight up to which rows can be replaced by their mean.

    Args:
        weights: Weights, or lengths, of the rows of m examples.
        rows: N, the examples in a batch.

    Returns:
        The largest weight up to which squares sum to less than 10⁻⁴ of all of them,
        those counted as no larger than a batch usually holds, the 1 − 1/N quantile.
    """
    usual = np.quantile(weights.max(1), 1 - 1 / rows)
    flat = np.sort(weights, axis=None)
    share = np.cumsum(np.minimum(flat, usual) ** 2)
    inside = int(np.searchsorted(share, _LIGHT * share[-1]))
    return float(flat[inside - 1]) if inside else 0.0


def _rows(
    drawn: Float[np.ndarray, "d m"], known: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "d r K"], Float[np.ndarray, "d r"]]:
    """Draw the normals of the heavier rows, and a Wishart matrix for the others."""
    used = int((drawn > 0).sum(1).max())
    exact = min(used, _ROWS)
    if exact < drawn.shape[1]:
        drawn = -np.partition(-drawn, exact - 1, axis=1) if exact else drawn
    loads, others = drawn[:, :exact], drawn[:, exact:used]
    rows = rng.standard_normal((drawn.shape[0], exact, known))
    rows *= np.sqrt(loads)[:, :, None]
    if not others.any():
        return rows, loads
    first, second = others.sum(1), (others**2).sum(1)
    scale = second / np.maximum(first, 1e-300)
    freedom = first / np.maximum(scale, 1e-300)
    wishart = _bartlett(freedom, known, rng) * np.sqrt(scale)[:, None, None]
    return (
        np.concatenate([rows, wishart], axis=1),
        np.concatenate([loads, np.tile(scale[:, None], (1, known))], axis=1),
    )


def _bartlett(
    freedom: Float[np.ndarray, " d"], known: int, rng: np.random.Generator
) -> Float[np.ndarray, "d K K"]:
    """Draw T with TᵀT a Wishart matrix of real degrees of freedom."""
    normals = rng.standard_normal((freedom.size, known, known))
    factor = np.triu(normals, 1)
    index = np.arange(known)
    left = np.maximum(freedom[:, None] - index, 1e-3)
    factor[:, index, index] = np.sqrt(2 * rng.standard_gamma(left / 2))
    return factor
