"""Sample covariance matrices, of white and of correlated data."""

# ruff: file-ignore[undocumented-public-method] (documented on Ensemble)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Inexact

from eigenscape.theory.ensembles.deterministic import Deterministic
from eigenscape.theory.ensembles.ensemble import Ensemble, require_size, samples_for
from eigenscape.theory.ensembles.entries import (
    Entries,
    draw_entries,
    normal_entries,
    require_real_or_complex,
    require_standardised,
)
from eigenscape.theory.ensembles.laguerre import LaguerreBeta
from eigenscape.theory.laws.law import Law, require_positive
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur


@dataclass(frozen=True)
class Wishart(Ensemble):
    """W = X*X/n for an n × P matrix X of independent normal entries of variance s.

    n is the integer nearest to P/c. E tr W/P = s; E tr W²/P is s² (1 + (P + 1)/n) for
    real and s² (1 + P/n) for complex data.

    Attributes:
        ratio: c = P/n.
        scale: s.
        beta: 1 for real data, 2 for complex.
    """

    ratio: float
    scale: float = 1.0
    beta: int = 1

    def __post_init__(self) -> None:
        require_positive("ratio", self.ratio)
        require_positive("scale", self.scale)
        require_real_or_complex(self.beta)

    @property
    def law(self) -> MarchenkoPastur:
        """The Marchenko–Pastur law of ratio c and mean s."""
        return MarchenkoPastur(self.ratio, self.scale)

    def sample(
        self, size: int, *, rng: np.random.Generator
    ) -> Inexact[np.ndarray, "{size} {size}"]:
        require_size(size)
        shape = (samples_for(size, self.ratio), size)
        data = draw_entries(normal_entries, shape, beta=self.beta, rng=rng)
        return self.scale * _second_moments(data)

    def sample_eigenvalues(
        self, size: int, *, rng: np.random.Generator
    ) -> Float[np.ndarray, " {size}"]:
        model = LaguerreBeta(float(self.beta), self.ratio, self.scale)
        return model.sample_eigenvalues(size, rng=rng)


@dataclass(frozen=True)
class CorrelatedWishart(Ensemble):
    """W = Σ^½ X*X Σ^½ / n for an n × P matrix X of independent entries of variance 1.

    Σ is diagonal, with the quantiles of the population law at (i − ½)/P, and n the
    integer nearest to P/c. E tr W = tr Σ, and for real normal data
    E tr W² = (1 + 1/n) tr Σ² + (tr Σ)²/n; complex data have no 1/n in the first term.

    Attributes:
        population: The law of the eigenvalues of Σ, on the half-line x ≥ 0;
            `Discrete.empirical` for given eigenvalues.
        ratio: c = P/n.
        beta: 1 for real data, 2 for complex.
        entries: The distribution of one real entry of X, as in `Wigner`.

    References:
        Silverstein and Bai (1995), On the empirical distribution of eigenvalues of a
        class of large dimensional random matrices, Journal of Multivariate
        Analysis 54.
    """

    population: Law
    ratio: float
    beta: int = 1
    entries: Entries = normal_entries

    def __post_init__(self) -> None:
        require_positive("ratio", self.ratio)
        require_real_or_complex(self.beta)
        require_standardised(self.entries)
        lowest = self.population.hull.lower
        if lowest < 0:
            message = f"population: expected a law on x ≥ 0, got mass down to {lowest}"
            raise ValueError(message)

    @property
    def law(self) -> Law:
        """The free product of the population with the Marchenko–Pastur law."""
        from eigenscape.theory.convolution.multiplicative import (
            free_multiplicative_convolution,
        )

        return free_multiplicative_convolution(
            MarchenkoPastur(self.ratio), self.population
        )

    def sample(
        self, size: int, *, rng: np.random.Generator
    ) -> Inexact[np.ndarray, "{size} {size}"]:
        population = Deterministic(self.population).sample_eigenvalues(size, rng=rng)
        shape = (samples_for(size, self.ratio), size)
        data = draw_entries(self.entries, shape, beta=self.beta, rng=rng)
        return _second_moments(data * np.sqrt(population))


def _second_moments(
    data: Inexact[np.ndarray, "n p"],
) -> Inexact[np.ndarray, "p p"]:
    products = data.conj().T @ data
    return (products + products.conj().T) / (2 * len(data))
