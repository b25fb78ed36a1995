"""The Hessian from its two parts: what free addition predicts, and whether it may.

Of a network at a point, H₀ (Gauss–Newton) and H₁ (the residual part) are symmetric
matrices whose spectra alone say what H₀ + H₁ is like, if the eigenvectors of one are
uniformly random to the other. The hypothesis is tested against H₀ + QH₁Qᵀ with random
rotations Q: under it the matrix itself is one more such draw, whatever its size, and
every rank among them is equally likely.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.core import Estimate
from eigenscape.theory import Discrete, Law, free_additive_convolution
from eigenscape.theory.ensembles import haar_orthogonal

_STEP = 0.28  # of log y
_HEIGHTS = -80.0, 40.0  # of log y, in units of the width
_NULL = 1e-12  # of the norm: eigenvalues that rounding left of zero


@dataclass(frozen=True)
class PartialFreeness:
    """An alternating moment of centred parts, 0 for free ones of infinite size.

    Attributes:
        name: The word, one of `WORDS`.
        measured: Its normalised trace in the matrices, in units of their deviations.
        rotated: The same with uniformly random eigenvectors, mean and standard error.
        deviation: Its standard deviation among these.
    """

    name: str
    measured: float
    rotated: Estimate
    deviation: float

    @property
    def z_score(self) -> float:
        """Deviations from the mean of the rotated matrices."""
        return (self.measured - self.rotated.value) / self.deviation


@dataclass(frozen=True)
class HessianSum:
    """The spectrum of H₀ + H₁ beside its prediction.

    Attributes:
        eigenvalues: Of H₀ + H₁, ascending.
        first: Of H₀.
        second: Of H₁.
        rotated: Of H₀ + QH₁Qᵀ, one row a draw of Q.
        predicted_index: Share of negative eigenvalues of the free sum of both spectra.
        moments: The moments of partial freeness.
        distance: Mean distance of the sorted eigenvalues from those of the mean
            rotated spectrum, in units of the deviation of the spectrum.
        rotated_distances: The same of each rotated spectrum from the mean of the rest.
        p_value: Share of the ranks that are as high: that the spectrum differs by
            chance.
    """

    eigenvalues: Float[np.ndarray, " n"]
    first: Float[np.ndarray, " n"]
    second: Float[np.ndarray, " n"]
    rotated: Float[np.ndarray, "d n"]
    predicted_index: float
    moments: tuple[PartialFreeness, ...]
    distance: float
    rotated_distances: Float[np.ndarray, " d"]
    p_value: float

    @property
    def index(self) -> float:
        """The share of negative eigenvalues of H₀ + H₁."""
        return _negative(self.eigenvalues)

    @property
    def rotated_index(self) -> Estimate:
        """The same with uniformly random eigenvectors."""
        shares = np.array([_negative(row) for row in self.rotated])
        return _estimate(shares)

    @property
    def energy_share(self) -> float:
        """‖H₁‖²/‖H‖², how much there is to be free."""
        return float((self.second**2).sum() / (self.eigenvalues**2).sum())


def free_index(first: Law, second: Law) -> float:
    """Compute the share of negative eigenvalues of H₀ + H₁ for free parts.

    F(0) = 1/2 + (1/π) ∫ Re g(iy) dy over y > 0, by the rule of `theory.mass_below`; the
    edges of the sum, which take a thousand times as long for measured spectra, are not
    needed.

    Args:
        first: The law of H₀, in closed form or `measured_spectrum`.
        second: The law of H₁.

    Returns:
        The mass of the free sum below 0; an atom at 0 does not count.
    """
    law = free_additive_convolution(first, second)
    width = first.hull.width + second.hull.width
    y = width * np.exp(np.arange(*_HEIGHTS, _STEP))
    below = 0.5 + _STEP / np.pi * (y * np.real(law.stieltjes(1j * y))).sum()
    idle = sum(atom.weight for atom in law.atoms if atom.location == 0)
    return max(0.0, float(below) - idle / 2)


def measured_spectrum(eigenvalues: Float[np.ndarray, " n"]) -> Law:
    """Take a measured spectrum for a law, with exact zeros.

    Args:
        eigenvalues: Of a matrix.

    Returns:
        Equal atoms; eigenvalues below 1e-12 of the largest are one atom at 0, such as
        the directions that rescale a unit and leave the network as it is.
    """
    values = eigenvalues.copy()
    values[np.abs(values) <= _NULL * np.abs(values).max(initial=0.0)] = 0.0
    return Discrete.empirical(values)


def compare_hessian_sum(
    first: Float[np.ndarray, "n n"],
    second: Float[np.ndarray, "m m"],
    *,
    draws: int = 19,
    rng: np.random.Generator,
) -> HessianSum:
    """Hold the spectrum of H₀ + H₁ against the free sum and against random rotations.

    Args:
        first: H₀.
        second: H₁.
        draws: Rotations; the least p-value is 1/(draws + 1).
        rng: Source of the rotations.

    Returns:
        The comparison.

    Raises:
        ValueError: The matrices are of unequal sizes, or there are fewer than 2 draws.

    References:
        Pennington and Bahri (2017), ICML (PMLR 70), Fig. 2, for the rotation; Chen et
        al. (2012), Error analysis of free probability approximations to the density of
        states of disordered systems, Physical Review Letters 109, for the moments.
    """
    if first.shape != second.shape:
        message = f"second: expected the shape {first.shape}, got {second.shape}"
        raise ValueError(message)
    if draws < 2:
        message = f"draws: expected at least 2, got {draws}"
        raise ValueError(message)
    size = len(first)
    values, vectors = np.linalg.eigh(first)
    turned = vectors.T @ second @ vectors
    others = np.linalg.eigvalsh(second)
    spectrum = np.linalg.eigvalsh(np.diag(values) + turned)
    words = [_words(values, turned)]
    rotated = np.empty((draws, size))
    for i in range(draws):
        q = haar_orthogonal(size, rng=rng)
        random = (q * others) @ q.T
        rotated[i] = np.linalg.eigvalsh(np.diag(values) + random)
        words.append(_words(values, random))
    distances = spectrum_distances(np.vstack([spectrum, rotated]))
    return HessianSum(
        spectrum,
        values,
        others,
        rotated,
        free_index(measured_spectrum(values), measured_spectrum(others)),
        _moments(np.array(words)),
        float(distances[0]),
        distances[1:],
        float(np.mean(distances >= distances[0])),
    )


WORDS = ("AB", "ABAB", "(A²)(B²)", "ABABAB")
"""Alternating words of centred A and B; (A²) is A² − τ(A²)."""


def _words(
    values: Float[np.ndarray, " n"], second: Float[np.ndarray, "n n"]
) -> Float[np.ndarray, " w"]:
    a = values - values.mean()
    a /= a.std() or 1.0
    b = second - np.eye(len(second)) * np.trace(second) / len(second)
    b /= np.sqrt((b**2).sum() / len(b)) or 1.0
    product = a[:, None] * b
    twice = product @ product
    squares = (a**2 - 1) @ ((b**2).sum(axis=1) - 1)
    traces = np.trace(product), np.trace(twice), squares, (twice * product.T).sum()
    return np.array(traces) / len(b)


def _moments(words: Float[np.ndarray, "d w"]) -> tuple[PartialFreeness, ...]:
    measured, rotated = words[0], words[1:]
    return tuple(
        PartialFreeness(
            name,
            float(measured[i]),
            _estimate(rotated[:, i]),
            float(rotated[:, i].std(ddof=1)),
        )
        for i, name in enumerate(WORDS)
    )


def spectrum_distances(spectra: Float[np.ndarray, "d n"]) -> Float[np.ndarray, " d"]:
    """Measure how far each spectrum lies from the mean of all the others.

    Of spectra that are exchangeable the ranks of these distances are uniform.

    Args:
        spectra: Sorted, one row each.

    Returns:
        Mean distances of the eigenvalues, in units of the deviation of all of them.
    """
    others = (spectra.sum(axis=0) - spectra) / (len(spectra) - 1)
    return np.abs(spectra - others).mean(axis=1) / spectra.std()


def _negative(eigenvalues: Float[np.ndarray, " n"]) -> float:
    floor = _NULL * np.abs(eigenvalues).max(initial=0.0)
    return float((eigenvalues < -floor).mean())


def _estimate(samples: Float[np.ndarray, " d"]) -> Estimate:
    error = float(samples.std(ddof=1)) / np.sqrt(samples.size)
    return Estimate(float(samples.mean()), float(error), samples.size)
