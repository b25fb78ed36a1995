"""Sampled sums of two ensembles, held against free addition.

The distance to the free sum is counted in levels, sup N |F_sampled − F_law| with the
samples pooled: where free addition holds, the mean number of eigenvalues below a point
differs from its limit by a bounded number of levels, however large N is; where it
fails, by a fraction of N.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.theory import Law, cdf, free_additive_convolution
from eigenscape.theory.eigenvector_universality import (
    HaarOverlaps,
    ergodicity_test,
    representative_indices,
)
from eigenscape.theory.ensembles import Ensemble, haar_orthogonal

_GRID = 600


@dataclass(frozen=True)
class SumOfEnsembles:
    """Two ensembles to be added, independent of each other.

    Attributes:
        name: What to call the sum.
        first: The ensemble of A.
        second: The ensemble of X.
        ergodic: Whether the eigenvectors of X are held to be ergodic in those of A;
            False for a negative control.
    """

    name: str
    first: Ensemble
    second: Ensemble
    ergodic: bool = True

    @property
    def law(self) -> Law:
        """The free sum of the two laws."""
        return free_additive_convolution(self.first.law, self.second.law)


@dataclass(frozen=True)
class FreeSumComparison:
    """Sampled spectra of A + X beside the free sum of their laws.

    Attributes:
        name: What was added.
        ergodic: Whether the eigenvectors of X are held to be ergodic in those of A.
        grid: Points of the line.
        density: The density of the free sum on the grid.
        eigenvalues: Spectra of A + X, one row a sample.
        rotated: Spectra of A + QXQᵀ with Haar-distributed Q and the spectra of the same
            samples: what free addition gives at this size.
        levels: sup N |F − F_law| of A + X.
        rotated_levels: The same of A + QXQᵀ.
        distance_p_value: Whether single samples of A + X are as far from the law as
            those of A + QXQᵀ, by the test of Mann and Whitney.
        fourth_moments: Mean of z⁴ of the eigenvectors of X in those of A, a sample.
        p_values: p-values of their ergodicity, a sample.
    """

    name: str
    ergodic: bool
    grid: Float[np.ndarray, " g"]
    density: Float[np.ndarray, " g"]
    eigenvalues: Float[np.ndarray, "s n"]
    rotated: Float[np.ndarray, "s n"]
    levels: float
    rotated_levels: float
    distance_p_value: float
    fourth_moments: Float[np.ndarray, " s"]
    p_values: Float[np.ndarray, " s"]

    def rejected(self, level: float = 0.05) -> float:
        """Compute the share of samples whose ergodicity is rejected.

        Args:
            level: The level of the test.

        Returns:
            A number between 0 and 1, at most the level on average where the
            eigenvectors are ergodic.
        """
        return float((self.p_values <= level).mean())


@dataclass(frozen=True)
class QuantileComparison:
    """Two pooled spectra of equal limit, quantile against quantile.

    Attributes:
        first_name: The sum on the abscissa.
        second_name: The sum on the ordinate.
        probabilities: From 0.01 to 0.99.
        first: Its quantiles.
        second: Those of the other.
        levels: sup N |F₁ − F₂|.
    """

    first_name: str
    second_name: str
    probabilities: Float[np.ndarray, " q"]
    first: Float[np.ndarray, " q"]
    second: Float[np.ndarray, " q"]
    levels: float

    @property
    def greatest_difference(self) -> float:
        """The greatest difference of two quantiles, in the units of the eigenvalue."""
        return float(np.abs(self.first - self.second).max())


@dataclass(frozen=True)
class FreeAddition:
    """Sums of ensembles beside free sums, and beside each other.

    Attributes:
        size: N.
        samples: Matrices a sum.
        sums: The sums.
        pairs: Sums of equal limit.
    """

    size: int
    samples: int
    sums: tuple[FreeSumComparison, ...]
    pairs: tuple[QuantileComparison, ...]


def compare_free_sum(
    pair: SumOfEnsembles,
    size: int,
    samples: int,
    *,
    null: HaarOverlaps,
    rng: np.random.Generator,
) -> FreeSumComparison:
    """Sample a sum of two ensembles and compare it with the free sum.

    Args:
        pair: What to add.
        size: N.
        samples: How many matrices.
        null: Draws of `haar_overlaps` for this N and the `representative_indices`.
        rng: Source of randomness.

    Returns:
        The comparison.
    """
    plain, rotated = np.empty((samples, size)), np.empty((samples, size))
    fourth_moments, p_values = np.empty(samples), np.empty(samples)
    chosen = representative_indices(size)
    for i in range(samples):
        a, x = (e.sample(size, rng=rng) for e in (pair.first, pair.second))
        plain[i] = np.linalg.eigvalsh(a + x)
        (a_values, a_vectors), (x_values, x_vectors) = map(np.linalg.eigh, (a, x))
        turned = haar_orthogonal(size, rng=rng)
        rotated[i] = np.linalg.eigvalsh(
            np.diag(a_values) + (turned * x_values) @ turned.T
        )
        overlaps = a_vectors[:, chosen].T @ x_vectors[:, chosen]
        test = ergodicity_test(overlaps, null)
        fourth_moments[i], p_values[i] = test.fourth_moment, test.p_value
    law = pair.law
    hull = law.hull
    grid = np.linspace(hull.lower, hull.upper, _GRID)
    plain_levels, rotated_levels = (
        size * cdf(law, values.ravel()).reshape(values.shape)
        for values in (plain, rotated)
    )
    single = [
        [_levels(row[None, :]) for row in rows]
        for rows in (plain_levels, rotated_levels)
    ]
    return FreeSumComparison(
        pair.name,
        pair.ergodic,
        grid,
        law.density(grid),
        plain,
        rotated,
        _levels(plain_levels),
        _levels(rotated_levels),
        float(scipy.stats.mannwhitneyu(*single).pvalue),
        fourth_moments,
        p_values,
    )


def compare_quantiles(
    first: FreeSumComparison, second: FreeSumComparison
) -> QuantileComparison:
    """Compare the pooled spectra of two sums of equal limit.

    Args:
        first: One sum.
        second: The other, of the same size.

    Returns:
        The comparison.

    Raises:
        ValueError: The matrices are of different sizes.
    """
    size = first.eigenvalues.shape[1]
    if second.eigenvalues.shape[1] != size:
        message = (
            f"second: expected matrices of size {size}, got "
            f"{second.eigenvalues.shape[1]}"
        )
        raise ValueError(message)
    one, two = (np.sort(c.eigenvalues, axis=None) for c in (first, second))
    both = np.concatenate([one, two])
    shares = [
        np.searchsorted(values, both, side="right") / values.size
        for values in (one, two)
    ]
    probabilities = np.arange(1, 100) / 100
    return QuantileComparison(
        first.name,
        second.name,
        probabilities,
        np.quantile(one, probabilities),
        np.quantile(two, probabilities),
        size * float(np.abs(shares[0] - shares[1]).max()),
    )


def levels_from_law(eigenvalues: Float[np.ndarray, "s n"], law: Law) -> float:
    """Count the levels between pooled spectra and a law, sup N |F − F_law|.

    Args:
        eigenvalues: One row a sample.
        law: The law, without atoms.

    Returns:
        The distance in levels.
    """
    expected = cdf(law, eigenvalues.ravel()).reshape(eigenvalues.shape)
    return _levels(eigenvalues.shape[1] * expected)


def _levels(expected: Float[np.ndarray, "s n"]) -> float:
    # Of N F_law at the eigenvalues, which is monotone in them.
    pooled = np.sort(expected, axis=None)
    below = np.arange(pooled.size) / expected.shape[0]
    above = below + 1 / expected.shape[0]
    return float(np.maximum(pooled - below, above - pooled).max())
