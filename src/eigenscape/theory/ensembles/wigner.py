"""Wigner matrices: independent entries of any distribution, full or in a band."""

# ruff: file-ignore[undocumented-public-method] (documented on Ensemble)

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Inexact

from eigenscape.theory.ensembles.ensemble import Ensemble, require_size
from eigenscape.theory.ensembles.entries import (
    Entries,
    draw_hermitian,
    normal_entries,
    require_real_or_complex,
    require_standardised,
)
from eigenscape.theory.laws.law import require_positive
from eigenscape.theory.laws.semicircle import Semicircle


@dataclass(frozen=True)
class Wigner(Ensemble):
    """Hermitian matrices with independent entries of variance σ²/N, diagonal included.

    E tr H²/N = σ² exactly. For real entries of fourth moment m₄ (at variance 1),
    E tr H⁴/N = σ⁴ (2 + (m₄ − 2)/N).

    Attributes:
        entries: The distribution of one real entry, of mean 0 and variance 1: a
            function (shape, rng) → array, or a frozen SciPy distribution.
        variance: σ².
        beta: 1 for real matrices, 2 for complex ones, with entries (x + iy)/√2.
    """

    entries: Entries
    variance: float = 1.0
    beta: int = 1

    def __post_init__(self) -> None:
        require_standardised(self.entries)
        require_positive("variance", self.variance)
        require_real_or_complex(self.beta)

    @property
    def law(self) -> Semicircle:
        """The semicircle of variance σ², whatever the entries."""
        return Semicircle(self.variance)

    def sample(
        self, size: int, *, rng: np.random.Generator
    ) -> Inexact[np.ndarray, "{size} {size}"]:
        require_size(size)
        drawn = draw_hermitian(self.entries, size, beta=self.beta, rng=rng)
        return math.sqrt(self.variance / size) * drawn


@dataclass(frozen=True)
class Band(Ensemble):
    """Wigner matrices that vanish beyond a distance W of the diagonal, around a circle.

    The 2W + 1 entries of a row have variance σ²/(2W + 1), so that E tr H²/N = σ²
    exactly. The semicircle is the limit W → ∞; at a finite W its moments are off by
    O(1/W), such as E tr H⁴/N = σ⁴ (2 + (m₄ − 2)/(2W + 1)).

    Attributes:
        bandwidth: W, at least 0; 2W + 1 must not exceed the size.
        variance: σ².
        entries: As in `Wigner`.
        beta: As in `Wigner`.

    References:
        Bogachev, Molchanov and Pastur (1991), On the level density of random band
        matrices, Mathematical Notes of the Academy of Sciences of the USSR 50.
    """

    bandwidth: int
    variance: float = 1.0
    entries: Entries = normal_entries
    beta: int = 1

    def __post_init__(self) -> None:
        if self.bandwidth < 0:
            message = f"bandwidth: expected at least 0, got {self.bandwidth}"
            raise ValueError(message)
        require_standardised(self.entries)
        require_positive("variance", self.variance)
        require_real_or_complex(self.beta)

    @property
    def law(self) -> Semicircle:
        """The semicircle of variance σ², as W and N grow."""
        return Semicircle(self.variance)

    def sample(
        self, size: int, *, rng: np.random.Generator
    ) -> Inexact[np.ndarray, "{size} {size}"]:
        width = 2 * self.bandwidth + 1
        require_size(size, width)
        drawn = draw_hermitian(self.entries, size, beta=self.beta, rng=rng)
        places = np.arange(size)
        distance = np.abs(places[:, None] - places)
        inside = np.minimum(distance, size - distance) <= self.bandwidth
        return math.sqrt(self.variance / width) * drawn * inside
