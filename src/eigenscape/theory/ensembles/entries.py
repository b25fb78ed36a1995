"""Independent matrix entries: any distribution of mean 0 and variance 1."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from jaxtyping import Float, Inexact

_MOMENT_TOLERANCE = 1e-6  # of a distribution whose moments were integrated numerically


@runtime_checkable
class Distribution(Protocol):
    """A frozen distribution as SciPy has them."""

    def rvs(
        self, *, size: tuple[int, int], random_state: np.random.Generator
    ) -> np.ndarray:
        """Draw independent values."""
        ...

    def mean(self) -> float:
        """The mean."""
        ...

    def var(self) -> float:
        """The variance."""
        ...


Entries: TypeAlias = (
    Callable[[tuple[int, int], np.random.Generator], np.ndarray] | Distribution
)


def normal_entries(
    shape: tuple[int, int], rng: np.random.Generator
) -> Float[np.ndarray, "rows columns"]:
    """Draw standard normal entries.

    Args:
        shape: Rows and columns.
        rng: Source of randomness.

    Returns:
        The entries.
    """
    return rng.standard_normal(shape)


def sign_entries(
    shape: tuple[int, int], rng: np.random.Generator
) -> Float[np.ndarray, "rows columns"]:
    """Draw fair signs ±1.

    Args:
        shape: Rows and columns.
        rng: Source of randomness.

    Returns:
        The entries.
    """
    return 2.0 * rng.integers(0, 2, shape) - 1


def uniform_entries(
    shape: tuple[int, int], rng: np.random.Generator
) -> Float[np.ndarray, "rows columns"]:
    """Draw entries uniformly from ±√3.

    Args:
        shape: Rows and columns.
        rng: Source of randomness.

    Returns:
        The entries.
    """
    return math.sqrt(3) * rng.uniform(-1, 1, shape)


def draw_entries(
    entries: Entries, shape: tuple[int, int], *, beta: int, rng: np.random.Generator
) -> Inexact[np.ndarray, "rows columns"]:
    """Draw a matrix of independent entries with E|x|² = 1.

    Args:
        entries: What to draw from.
        shape: Rows and columns.
        beta: 1 for real entries x, 2 for complex ones (x + iy)/√2.
        rng: Source of randomness.

    Returns:
        The matrix.
    """
    real = _draw_real(entries, shape, rng)
    if beta == 1:
        return real
    return (real + 1j * _draw_real(entries, shape, rng)) / math.sqrt(2)


def draw_hermitian(
    entries: Entries, size: int, *, beta: int, rng: np.random.Generator
) -> Inexact[np.ndarray, "{size} {size}"]:
    """Draw a Hermitian matrix with E|x|² = 1 everywhere, real on the diagonal.

    Args:
        entries: What to draw from, independently on and above the diagonal.
        size: Rows and columns.
        beta: 1 for a real matrix, 2 for a complex one.
        rng: Source of randomness.

    Returns:
        The matrix.
    """
    upper = np.triu(draw_entries(entries, (size, size), beta=beta, rng=rng), 1)
    return upper + upper.conj().T + np.diag(_draw_real(entries, (1, size), rng)[0])


def require_standardised(entries: Entries) -> None:
    """Refuse a distribution that is known not to have mean 0 and variance 1.

    Args:
        entries: A callable, whose moments are taken on trust, or a distribution.

    Raises:
        ValueError: The distribution has another mean or variance.
    """
    if not isinstance(entries, Distribution):
        return
    mean, variance = float(entries.mean()), float(entries.var())
    if not max(abs(mean), abs(variance - 1)) <= _MOMENT_TOLERANCE:
        message = (
            f"entries: expected mean 0 and variance 1, got {mean} and {variance}; "
            "subtract the mean and divide by the standard deviation"
        )
        raise ValueError(message)


def require_real_or_complex(beta: int) -> None:
    """Refuse a symmetry class that has no matrix of numbers here.

    Args:
        beta: 1 for real, 2 for complex.

    Raises:
        ValueError: It is neither.
    """
    if beta not in {1, 2}:
        message = f"beta: expected 1 (real) or 2 (complex), got {beta}"
        raise ValueError(message)


def _draw_real(
    entries: Entries, shape: tuple[int, int], rng: np.random.Generator
) -> Float[np.ndarray, "rows columns"]:
    if isinstance(entries, Distribution):
        drawn = entries.rvs(size=shape, random_state=rng)
    else:
        drawn = entries(shape, rng)
    values = np.asarray(drawn, dtype=np.float64)
    if values.shape != shape:
        message = f"entries: expected draws of shape {shape}, got {values.shape}"
        raise ValueError(message)
    return values
