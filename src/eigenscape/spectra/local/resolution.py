"""Resolution: which eigenvalues a computation can tell from rounding, and which not.

An eigenvalue of a symmetric matrix H is computed to a few ε‖H‖, ε the spacing of the
numbers next to 1. Nearer to zero than that it is rounding; nearer to its neighbour, the
two are one. Rounding errors fill the null space with a random matrix of their own,
whose levels repel each other as those of the Gaussian ensemble do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from jaxtyping import Float, Int

from eigenscape.spectra.local.eigenvalues import sorted_spectra

Precision = Literal["float32", "float64"]

FACTOR: Final = 10.0
"""c of c ε‖H‖; null spaces of float32 Gram matrices, 40 of 400 × 400, stay within 0.4
ε‖H‖ and those of LAPACK's symmetric solvers within a few."""

RESOLVED, ZERO, ROUNDING, CROWDED, REPEATED = range(5)

_EPSILON: Final = {"float32": 2.0**-23, "float64": 2.0**-52}
_SIDE = 4  # levels on either side whose mean spacing is the local one
_SINGLE: Final = {"float16", "float32", "complex64"}
_APART = 100.0
_FEWEST_APART = 2


@dataclass(frozen=True, eq=False)
class Resolution:
    """Eigenvalues of one spectrum, and what each of them is worth.

    Attributes:
        eigenvalues: All of them, ascending.
        status: 0 for resolved; 1 for an exact zero; 2 for a number within the
            threshold of zero; 3 for one among others whose mean spacing is within the
            threshold; 4 for one within the threshold of the one before.
        threshold: c ε‖H‖, in the units of the eigenvalues.
        precision: The floating-point type of the computation.
        basis: How that type is known.
    """

    eigenvalues: Float[np.ndarray, " n"]
    status: Int[np.ndarray, " n"]
    threshold: float
    precision: str
    basis: str

    @property
    def count(self) -> int:
        """How many eigenvalues are resolved."""
        return self.counted(RESOLVED)

    def counted(self, status: int) -> int:
        """Count the eigenvalues of a status.

        Args:
            status: The status.

        Returns:
            Their number.
        """
        return int((self.status == status).sum())

    @property
    def runs(self) -> tuple[Float[np.ndarray, " _"], ...]:
        """Stretches of resolved eigenvalues without unresolved ones between them.

        Of eigenvalues that coincide one is kept, and no stretch ends there.
        """
        kept = self.status != REPEATED
        status, values = self.status[kept], self.eigenvalues[kept]
        cuts = np.flatnonzero(np.diff(status == RESOLVED)) + 1
        pieces = zip(np.split(values, cuts), np.split(status, cuts), strict=True)
        return tuple(v for v, s in pieces if s.size and s[0] == RESOLVED)

    def __str__(self) -> str:
        """Report the counts, that of the resolved eigenvalues first.

        Returns:
            A line such as ``40 of 400 eigenvalues resolved (360 rounding …)``.
        """
        names = {
            ZERO: "exact zeros",
            ROUNDING: "rounding",
            CROWDED: "closer together than that",
            REPEATED: "repeated",
        }
        parts = [f"{n} {names[s]}" for s in names if (n := self.counted(s))]
        rest = f"; {', '.join(parts)}" if parts else ""
        return (
            f"{self.count} of {self.eigenvalues.size} eigenvalues resolved, at "
            f"{self.threshold:.2g} ({self.precision}, {self.basis}){rest}"
        )


def resolve(
    eigenvalues: Float[np.ndarray, " n"],
    *,
    precision: Precision | None = None,
    factor: float = FACTOR,
    norm: float | None = None,
) -> Resolution:
    """Find which eigenvalues lie above the resolution c ε‖H‖ of their computation.

    Args:
        eigenvalues: The spectrum, in any order, and whole: ‖H‖ is its largest |λ|.
        precision: The floating-point type that H was computed in. By default that of
            the array; float32 also where float64 holds only float32 numbers, or where
            eigenvalues within the resolution of float32 stand apart from all others by
            a factor of 100.
        factor: c.
        norm: ‖H‖, where the spectrum is only a part of it.

    Returns:
        The eigenvalues with their status.

    Raises:
        ValueError: The factor is not positive, or eigenvalues are none or not finite.
    """
    if not 0 < factor < math.inf:
        message = f"factor: expected a positive number, got {factor}; take 10"
        raise ValueError(message)
    values = sorted_spectra(eigenvalues.astype(float), least=1)[0]
    size = float(np.abs(values).max()) if norm is None else norm
    basis = "as stated"
    if precision is None:
        precision, basis = _infer(eigenvalues, factor * size)
    threshold = factor * _EPSILON[precision] * size
    status = _classify(values, threshold)
    return Resolution(values, status, threshold, precision, basis)


def precision_of(values: np.ndarray) -> tuple[Precision, str] | None:
    """Recognise numbers that were computed in float32.

    Numbers that even float16 holds, such as small integers, prove nothing.

    Args:
        values: The numbers.

    Returns:
        The type and how it is known; None where the numbers leave it open.
    """
    if values.dtype.name in _SINGLE:
        return "float32", "the type of the array"
    parts = np.stack([np.real(values), np.imag(values)])
    with np.errstate(over="ignore", under="ignore"):
        single = np.array_equal(parts, parts.astype(np.float32))
        half = np.array_equal(parts, parts.astype(np.float16))
    if single and not half:
        return "float32", "which holds every number"
    return None


def _infer(
    values: Float[np.ndarray, " n"], scaled_norm: float
) -> tuple[Precision, str]:
    known = precision_of(values)
    if known is not None:
        return known
    places = np.abs(values)
    single = scaled_norm * _EPSILON["float32"]
    below, above = places[places <= single], places[places > single]
    if below.size >= _FEWEST_APART and above.size:
        highest = float(below.max())
        stands_apart = above.min() > _APART * highest
        if stands_apart and highest > scaled_norm * _EPSILON["float64"]:
            return "float32", f"{below.size} values at its resolution stand apart"
    return "float64", "the type of the array"


def _classify(
    values: Float[np.ndarray, " n"], threshold: float
) -> Int[np.ndarray, " n"]:
    status = np.full(values.size, RESOLVED)
    status[np.abs(values) <= threshold] = ROUNDING
    status[values == 0] = ZERO
    place = np.flatnonzero(status == RESOLVED)
    if place.size < 2:
        return status
    rank = np.arange(place.size)
    last = np.minimum(rank + _SIDE, place.size - 1)
    first = np.maximum(rank - _SIDE, 0)
    beyond = values[place]
    mean = (beyond[last] - beyond[first]) / (last - first)
    status[place[mean <= threshold]] = CROWDED
    place = place[mean > threshold]
    close = np.diff(values[place]) <= threshold
    status[place[1:][close]] = REPEATED
    return status
