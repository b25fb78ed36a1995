"""A mixture of laws: blocks of a matrix that do not couple."""

# ruff: file-ignore[undocumented-public-method] (documented on Law)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Inexact

from eigenscape.theory.laws.law import Atom, Interval, Law
from eigenscape.theory.laws.parameters import as_vector, require_weights


@dataclass(frozen=True)
class Mixture(Law):
    """The law ∑ᵢ wᵢ ρᵢ, with g = ∑ᵢ wᵢ gᵢ and Σ = ∑ᵢ wᵢ gᵢ Σᵢ / g.

    Attributes:
        weights: wᵢ, positive, summing to 1 up to rounding.
        laws: ρᵢ, as many.
    """

    weights: Float[np.ndarray, " k"]
    laws: tuple[Law, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", as_vector("weights", self.weights))
        if self.weights.size != len(self.laws):
            message = (
                f"laws: expected one for each of {self.weights.size} weights, got "
                f"{len(self.laws)}"
            )
            raise ValueError(message)
        require_weights(self.weights)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The union of the supports, those that meet joined."""
        every = sorted((i.lower, i.upper) for law in self.laws for i in law.support)
        joined: list[Interval] = []
        for lower, upper in every:
            if joined and lower <= joined[-1].upper:
                last = joined.pop()
                joined.append(Interval(last.lower, max(last.upper, upper)))
            else:
                joined.append(Interval(lower, upper))
        return tuple(joined)

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """The atoms of every law, those at one place merged."""
        masses: dict[float, float] = {}
        for weight, law in zip(self.weights.tolist(), self.laws, strict=True):
            for atom in law.atoms:
                known = masses.get(atom.location, 0.0)
                masses[atom.location] = known + weight * atom.weight
        return tuple(Atom(x, masses[x]) for x in sorted(masses))

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        return self._average([law.density(x) for law in self.laws])

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return self._average([law.stieltjes(z) for law in self.laws])

    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return self._average([law.stieltjes_derivative(z) for law in self.laws])

    def self_energy(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
        total = self.stieltjes(z)
        # At atoms of the mixture and zeros of g.
        lost = ~np.isfinite(total) | (total == 0)
        value, change = np.empty_like(total), np.empty_like(total)
        value[lost], change[lost] = super().self_energy(z[lost])
        value[~lost], change[~lost] = self._shared(z[~lost], total[~lost])
        return value, change

    def _shared(
        self, z: Inexact[np.ndarray, " n"], total: Complex[np.ndarray, " n"]
    ) -> tuple[Complex[np.ndarray, " n"], Complex[np.ndarray, " n"]]:
        g = [law.stieltjes(z) for law in self.laws]
        slopes = [law.stieltjes_derivative(z) for law in self.laws]
        parts = [law.self_energy(z) for law in self.laws]
        shares = [one / total for one in g]
        value = self._average([
            share * part for share, (part, _) in zip(shares, parts, strict=True)
        ])
        # (∑ wᵢ gᵢ Σᵢ)′ − Σ g′, where Σᵢ − Σ leaves nothing to cancel at infinity.
        change = self._average([
            slope / total * (part - value) + share * part_slope
            for slope, share, (part, part_slope) in zip(
                slopes, shares, parts, strict=True
            )
        ])
        return value, change

    def _average(self, values: list[np.ndarray]) -> np.ndarray:
        pairs = zip(self.weights.tolist(), values, strict=True)
        with np.errstate(invalid="ignore"):
            return np.asarray(sum(weight * value for weight, value in pairs))
