"""Critical points of an isotropic Gaussian field in a harmonic well."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.landscape.batch_landscape import BatchLandscape
from eigenscape.theory import Discrete, Semicircle
from eigenscape.theory.ensembles import GOE

_SHIFTS = 400


@dataclass(frozen=True)
class ConfinedField:
    """Critical points of (m/2)|w|² + V(w), V an isotropic Gaussian field.

    Attributes:
        dimension: N of the sampled matrices.
        strengths: m, in units of the deviation of the second derivatives of V.
        complexity: (1/N) log of the mean number of critical points, in the limit.
        minima_complexity: The same of the minima.
        sampled: The same at this N, by the formula of Kac and Rice.
        sampled_minima: The same of the minima; −∞ where no sample has one.
    """

    dimension: int
    strengths: Float[np.ndarray, " k"]
    complexity: Float[np.ndarray, " k"]
    minima_complexity: Float[np.ndarray, " k"]
    sampled: Float[np.ndarray, " k"]
    sampled_minima: Float[np.ndarray, " k"]


def sample_confined_field(
    strengths: Float[np.ndarray, " k"],
    size: int,
    samples: int,
    *,
    rng: np.random.Generator,
) -> ConfinedField:
    """Count the critical points of a confined isotropic field, by Kac and Rice.

    The mean number is E|det(m + GOE + t/√N)| / mᴺ; t is integrated on 400 points and
    the spectrum of the GOE sampled, which keeps rare t from deciding.

    Args:
        strengths: m.
        size: N.
        samples: How many spectra, the same for every m.
        rng: Source of randomness.

    Returns:
        Counts at this N beside the limits.

    References:
        Fyodorov (2004), Physical Review Letters 92, eqs. for the total number;
        Fyodorov and Williams (2007), Replica symmetry breaking condition exposed by
        random matrix calculation of landscape complexity, Journal of Statistical
        Physics 129, for the minima.
    """
    spectra = np.array([
        GOE().sample_eigenvalues(size, rng=rng) for _ in range(samples)
    ])
    shifts = np.linspace(-4, 4, _SHIFTS)
    weights = -size * shifts**2 / 2 + math.log(shifts[1] - shifts[0])
    weights += math.log(size / (2 * math.pi)) / 2
    found = np.empty((4, strengths.size))
    for i, m in enumerate(strengths.tolist()):
        landscape = BatchLandscape(
            size, Discrete.point_mass(m), Semicircle(1.0), -math.log(m), 1.0
        )
        logs = np.array([
            np.log(np.abs(m + shift + spectra)).sum(axis=1) for shift in shifts
        ])
        positive = (m + shifts[:, None] + spectra[:, 0]) > 0
        minima = np.where(positive, logs, -math.inf)
        counts = [
            scipy.special.logsumexp(weights[:, None] + terms) - math.log(samples)
            for terms in (logs, minima)
        ]
        found[:, i] = (
            landscape.complexity,
            landscape.minima_complexity,
            *(np.array(counts) / size - math.log(m)),
        )
    return ConfinedField(size, strengths, *found)
