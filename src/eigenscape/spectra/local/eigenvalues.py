"""Eigenvalues of one spectrum or of many: order them, refuse bad ones, cut them off."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

Spectra = (
    Float[np.ndarray, " n"]
    | Float[np.ndarray, "k n"]
    | Sequence[Float[np.ndarray, " _"]]
)
"""One spectrum, a matrix with a spectrum a row, or a sequence of spectra."""


def sorted_spectra(spectra: Spectra, *, least: int) -> tuple[np.ndarray, ...]:
    """Order each of the spectra, as a tuple even where there is one.

    Args:
        spectra: One spectrum or several, in any order.
        least: The fewest eigenvalues that each needs.

    Returns:
        Ascending spectra.

    Raises:
        ValueError: There is no spectrum, one is too short, or an eigenvalue is not
            finite.
    """
    if isinstance(spectra, np.ndarray) and spectra.ndim == 1:
        spectra = (spectra,)
    rows = tuple(np.sort(row) for row in spectra)
    if not rows:
        message = "eigenvalues: expected at least one spectrum, got none"
        raise ValueError(message)
    for index, row in enumerate(rows):
        if not np.isfinite(row).all():
            bad = row[~np.isfinite(row)][0]
            message = (
                f"eigenvalues: expected finite numbers, got {bad} in spectrum {index}"
            )
            raise ValueError(message)
        if row.size < least:
            message = (
                f"eigenvalues: expected at least {least} a spectrum, got {row.size} in "
                f"spectrum {index}"
            )
            raise ValueError(message)
    return rows


def require_distinct(rows: Sequence[Float[np.ndarray, " _"]]) -> None:
    """Refuse spectra with repeated eigenvalues: they have no spacings to speak of.

    Args:
        rows: Ascending spectra.

    Raises:
        ValueError: An eigenvalue equals its neighbour.
    """
    repeated = sum(int((np.diff(row) == 0).sum()) for row in rows)
    if repeated:
        message = (
            f"eigenvalues: expected distinct ones, got {repeated} equal to the next; "
            "drop the degenerate ones, zeros by `above_cutoff`"
        )
        raise ValueError(message)


def above_cutoff(spectra: Spectra, cutoff: float) -> tuple[np.ndarray, ...]:
    """Keep the eigenvalues with |λ| > cutoff, of each spectrum.

    Args:
        spectra: One spectrum or several.
        cutoff: The resolution of the eigenvalues, in their units, such as 10 ε ‖H‖;
            0 drops exact zeros.

    Returns:
        Ascending spectra; some may be empty.

    Raises:
        ValueError: The cut-off is negative or not finite.
    """
    if not 0 <= cutoff < math.inf:
        message = f"cutoff: expected a finite number, at least 0, got {cutoff}"
        raise ValueError(message)
    return tuple(row[np.abs(row) > cutoff] for row in sorted_spectra(spectra, least=0))
