"""The gaps of a free multiplicative convolution, from its real critical points.

With real points w₁, w₂ outside the spectra of the factors, T₁(w₁) = T₂(w₂) and
z = w₁ Σ₂(w₂) draw a curve over every pair of gaps. A real z lies outside the spectrum
of the product where the subordination map contracts there, that is where
1 − w₁ w₂ Σ₁′ Σ₂′ / (Σ₁ Σ₂) > 0; where this vanishes dz = 0, and z is an edge. A curve
that begins or ends at an atom of both factors does so at the product of the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from eigenscape.core import ConvergenceError
from eigenscape.theory.convolution.multiplicative_pairs import PairCurves
from eigenscape.theory.gaps import Gaps, real_self_energy, spectral_gaps
from eigenscape.theory.laws.law import Law
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.stretches import positive_stretches


def multiplicative_gaps(first: Law, second: Law) -> Gaps:
    """Find the gaps of first ⊠ second.

    Args:
        first: A law on [0, ∞), or any law where `second` is Marchenko–Pastur.
        second: A law on [0, ∞); neither is a point mass.

    Returns:
        The gaps; two that touch do so at an atom.

    Raises:
        ConvergenceError: No curve leads to the gap through infinity.

    References:
        Belinschi and Bercovici (2007), A new approach to subordination results in free
        probability, Journal d'Analyse Mathématique 101, for the subordination map;
        Silverstein and Choi (1995), Analysis of the limiting spectral distribution of
        large dimensional random matrices, Journal of Multivariate Analysis 54, for a
        Marchenko–Pastur factor.
    """
    if isinstance(second, MarchenkoPastur):
        curves = _CovarianceCurves(first, second, _wide_gaps(first, second.ratio))
    else:
        curves = PairCurves.of(first, second)
    found = positive_stretches(curves.margin, curves.count, curves.landmarks())
    ends = np.append(found.low, found.high)
    starts, ends = np.split(curves.location(np.tile(found.curve, 2), ends), 2)
    if not (ends <= starts).any():  # that through infinity
        what = f"the outer edges of the product of {first} and {second}"
        raise ConvergenceError(
            what,
            iterations=curves.count,
            residual=float("nan"),
            remedy="scale the laws, or move an edge by some roundings",
        )
    order = np.argsort(starts)
    return Gaps(starts[order], ends[order])


@dataclass(frozen=True)
class _CovarianceCurves:
    """With Marchenko–Pastur as second factor Σ₂ = σ (1 + cT₂): z is explicit in w₁.

    z = σw (1 + cT(w)) and dz/dw = σ (1 − c g² (Σ² − w² Σ′)), one curve a gap of w.
    """

    law: Law
    factor: MarchenkoPastur
    gaps: Gaps

    @property
    def count(self) -> int:
        return self.gaps.start.size

    def landmarks(self) -> None:
        """None: between atoms the margin is concave, and outside it falls to them."""

    def margin(
        self, curve: Int[np.ndarray, "c 1"], s: Float[np.ndarray, "c k"]
    ) -> Float[np.ndarray, "c k"]:
        w = self.gaps.point(np.broadcast_to(curve, s.shape), s)[0]
        energy, slope = real_self_energy(self.law, w)
        with np.errstate(all="ignore"):
            g = 1 / (w - energy)
            return 1 - self.factor.ratio * ((g * energy) ** 2 - (g * w) ** 2 * slope)

    def location(
        self, curve: Int[np.ndarray, " n"], s: Float[np.ndarray, " n"]
    ) -> Float[np.ndarray, " n"]:
        w = self.gaps.point(curve, s)[0]
        energy = real_self_energy(self.law, w)[0]
        with np.errstate(all="ignore"):
            growth = w + self.factor.ratio * w * (energy / (w - energy))
        return np.where(w == 0, 0.0, self.factor.scale * growth)


def _wide_gaps(law: Law, ratio: float) -> Gaps:
    # Atoms a and b of masses p and q alone hold the margin between them below
    # 1 − c ((pa²)^⅓ + (qb²)^⅓)³ / (b − a)²; where that is negative there is no gap.
    gaps = spectral_gaps(law, zero_counts=False)
    masses = {atom.location: atom.weight for atom in law.atoms}
    start, end = (
        np.array([masses.get(x, 0.0) * x**2 for x in side.tolist()])
        for side in (gaps.start, gaps.end)
    )
    pull = ratio * (np.cbrt(start) + np.cbrt(end)) ** 3
    wide = (gaps.end <= gaps.start) | (pull < (gaps.end - gaps.start) ** 2)
    return Gaps(gaps.start[wide], gaps.end[wide])
