"""Quantum unique ergodicity: are eigenvectors as good as uniformly random?

Eigenvectors u_k of an N × N matrix are tested against fixed orthonormal directions q_i,
given without looking at them: the coordinate axes, or the eigenvectors of the matrix
that the first one is added to. Random directions would say nothing, since any basis is
uniformly random to them. The null hypothesis is Haar measure, at its finite N: the
matrix of qᵢᵀu_k is then a block of a uniformly random orthogonal matrix, and
z = √N qᵢᵀu_k tends to independent standard normal numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy
from jaxtyping import Bool, Float, Int

STATISTICS = ("fourth moment", "distribution", "neighbours", "profile")

_PROFILE_MODES = 6


@dataclass(frozen=True)
class HaarOverlaps:
    """What the statistics are for uniformly random eigenvectors.

    Attributes:
        dimension: N.
        directions: Number m of directions.
        vectors: Number n of eigenvectors.
        statistics: One row a draw, one column a statistic, in the order of
            `STATISTICS`.
    """

    dimension: int
    directions: int
    vectors: int
    statistics: Float[np.ndarray, "draws 4"]


@dataclass(frozen=True)
class ErgodicityTest:
    """A test of quantum unique ergodicity.

    Attributes:
        fourth_moment: Mean of z⁴; 3N/(N + 2) under the null, N where every eigenvector
            is one of the directions.
        distribution: Greatest distance of the distribution of |z| from that of a
            standard normal number.
        neighbours: Covariance of z² of consecutive eigenvectors in one direction;
            −2/(N + 2) under the null, positive where they live in the same place.
        profile: Mean square of the low cosine modes of zᵢₖ² − 1 over the order of
            directions and of eigenvectors, in units where it is 1 for independent
            normal z.
        p_values: p-value of each, in the order of `STATISTICS`.
        p_value: Of the smallest of them, exact whatever their dependence.
    """

    fourth_moment: float
    distribution: float
    neighbours: float
    profile: float
    p_values: Float[np.ndarray, " 4"]
    p_value: float


def representative_indices(dimension: int) -> Int[np.ndarray, " k"]:
    """Choose about √N evenly spaced places, away from both ends.

    Quantum unique ergodicity is about finitely many eigenvectors and directions, in
    the limit. A block of √N by √N overlaps errs by chance as N^(−1/2), and does not see
    the differences of order (log N)/N by which even Wigner matrices and random regular
    graphs differ from Haar measure; all N² of them do see these.

    Args:
        dimension: N.

    Returns:
        Indices of directions, and of eigenvectors; the extreme ones, where outliers
        are, are left out.
    """
    count = min(dimension, max(2, round(math.sqrt(dimension))))
    return ((np.arange(count) + 0.5) * dimension / count).astype(int)


def haar_overlaps(
    dimension: int,
    directions: int,
    vectors: int,
    *,
    draws: int = 999,
    rng: np.random.Generator,
) -> HaarOverlaps:
    """Sample the null hypothesis: blocks of Haar-distributed orthogonal matrices.

    A block is G L⁻ᵀ with G standard normal and LLᵀ = GᵀG + W, where W is Wishart with
    the degrees of freedom of the other rows; nothing of size N is formed.

    Args:
        dimension: N.
        directions: Number m of directions, at most N.
        vectors: Number n of eigenvectors, at most N.
        draws: How many. The least p-value is 1/(draws + 1); the default makes it
            0.001.
        rng: Source of randomness.

    Returns:
        The statistics of the draws, to be used for any eigenvectors of this shape.

    Raises:
        ValueError: A number is not between 2 and N, or there are no draws.

    References:
        Eaton (1989), Group Invariance Applications in Statistics, Chapter 7, for
        blocks of orthogonal matrices.
    """
    for name, count in (("directions", directions), ("vectors", vectors)):
        if not 2 <= count <= dimension:
            message = f"{name}: expected from 2 to {dimension}, got {count}"
            raise ValueError(message)
    if draws < 1:
        message = f"draws: expected at least 1, got {draws}"
        raise ValueError(message)
    found = [
        _statistics(_haar_block(dimension, directions, vectors, rng), dimension)
        for _ in range(draws)
    ]
    return HaarOverlaps(dimension, directions, vectors, np.array(found))


def ergodicity_test(
    overlaps: Float[np.ndarray, "m n"], null: HaarOverlaps
) -> ErgodicityTest:
    """Test eigenvectors for quantum unique ergodicity.

    Args:
        overlaps: qᵢᵀu_k of orthonormal directions (rows) and eigenvectors (columns).
            The rows in an order that means something, such as that of the eigenvalues
            of the other matrix, and the columns in that of theirs, so that the profile
            can see what is smooth in it. Eigenvectors of equal eigenvalues are
            arbitrary, and say nothing.
        null: Draws of `haar_overlaps` for this N, m and n.

    Returns:
        The statistics and their p-values, exact for Haar-distributed eigenvectors.

    Raises:
        ValueError: The overlaps are of another shape than the null.

    References:
        Bourgade and Yau (2017), The eigenvector moment flow and local quantum unique
        ergodicity, Communications in Mathematical Physics 350.
    """
    if overlaps.shape != (null.directions, null.vectors):
        message = (
            f"overlaps: expected {null.directions} directions by {null.vectors} "
            f"eigenvectors, as in the null, got {overlaps.shape}"
        )
        raise ValueError(message)
    seen = _statistics(overlaps, null.dimension)
    pooled = np.vstack([seen, null.statistics])
    expected = _expected(null.dimension)
    unusual = np.abs(pooled - expected)
    # p-values of every row among all of them, so that the smallest has an exact rank.
    ranks = scipy.stats.rankdata(-unusual, method="max", axis=0)
    p_values = ranks / len(pooled)
    smallest = p_values.min(axis=1)
    p_value = float(np.count_nonzero(smallest <= smallest[0]) / len(pooled))
    fourth, distribution, neighbours, profile = seen.tolist()
    return ErgodicityTest(
        fourth, distribution, neighbours, profile, p_values[0], p_value
    )


def _expected(dimension: int) -> Float[np.ndarray, " 4"]:
    # The last two are one-sided: the distance and the mean square are positive.
    return np.array([3 * dimension / (dimension + 2), 0.0, -2 / (dimension + 2), 0.0])


def _statistics(
    overlaps: Float[np.ndarray, "m n"], dimension: int
) -> Float[np.ndarray, " 4"]:
    squares = dimension * overlaps**2
    excess = squares - 1
    neighbours = float((excess[:, 1:] * excess[:, :-1]).mean())
    return np.array([
        float((squares**2).mean()),
        _distance_from_normal(np.sqrt(squares).ravel()),
        neighbours,
        _profile(excess),
    ])


def _distance_from_normal(sizes: Float[np.ndarray, " k"]) -> float:
    level = scipy.special.erf(np.sort(sizes) / math.sqrt(2))
    below = np.arange(sizes.size) / sizes.size
    return float(np.maximum(level - below, below + 1 / sizes.size - level).max())


def _profile(excess: Float[np.ndarray, "m n"]) -> float:
    rows, columns = (_cosines(size) for size in excess.shape)
    modes = rows @ excess @ columns.T
    return float((modes[_slow(modes.shape)] ** 2).mean() / 2)


def _cosines(size: int) -> Float[np.ndarray, "modes {size}"]:
    modes = np.arange(min(_PROFILE_MODES, size))[:, None]
    waves = np.cos(math.pi * modes * (np.arange(size) + 0.5) / size)
    return waves / np.linalg.norm(waves, axis=1, keepdims=True)


def _slow(shape: tuple[int, int]) -> Bool[np.ndarray, "{shape[0]} {shape[1]}"]:
    return np.add.outer(np.arange(shape[0]), np.arange(shape[1])) < _PROFILE_MODES


def _haar_block(
    dimension: int, directions: int, vectors: int, rng: np.random.Generator
) -> Float[np.ndarray, "m n"]:
    long, short = max(directions, vectors), min(directions, vectors)
    normal = rng.standard_normal((long, short))
    gram = normal.T @ normal
    rest = dimension - long
    if rest >= short:
        # Bartlett's triangular root of a Wishart matrix.
        root = np.triu(rng.standard_normal((short, short)), 1)
        root += np.diag(np.sqrt(rng.chisquare(rest - np.arange(short))))
    else:
        root = rng.standard_normal((rest, short))
    factor = np.linalg.cholesky(gram + root.T @ root)
    block = scipy.linalg.solve_triangular(factor, normal.T, lower=True)
    return block if directions < vectors else block.T
