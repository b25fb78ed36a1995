"""Ratios of consecutive spacings: local statistics that need no unfolding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.core.records import Estimate
from eigenscape.spectra.local.eigenvalues import (
    Spectra,
    above_cutoff,
    require_distinct,
    sorted_spectra,
)
from eigenscape.spectra.local.units import mean_of_units, split_runs

_BLOCK_PER_ORDER = 16


@dataclass(frozen=True, eq=False)
class SpacingRatios:
    """Ratios of spacings, spectrum by spectrum.

    Attributes:
        spectra: r of each spectrum, in the order of its eigenvalues.
        order: Over how many levels each of the two spacings reaches.
        dropped: How many eigenvalues lay within the cut-off.
    """

    spectra: tuple[Float[np.ndarray, " _"], ...]
    order: int
    dropped: int

    @property
    def folded(self) -> tuple[Float[np.ndarray, " _"], ...]:
        """min(r, 1/r) of each spectrum, between 0 and 1."""
        return tuple(np.minimum(row, 1 / row) for row in self.spectra)

    def mean(self) -> Estimate:
        """Average min(r, 1/r).

        Neighbouring ratios share spacings, so the standard error is that of whole
        spectra from ten on, else of blocks of 16 ratios or more.

        Returns:
            The mean; `samples` counts the independent units.

        Raises:
            ValueError: There are fewer than two units.

        References:
            Atas, Bogomolny, Giraud and Roux (2013), Distribution of the ratio of
            consecutive level spacings, Physical Review Letters 110.
        """
        units = split_runs(
            self.folded,
            shortest=_BLOCK_PER_ORDER * self.order,
        )
        if len(units) < 2:
            message = (
                "ratios: expected two blocks or more for a standard error, got "
                f"{len(units)}; give longer or more spectra"
            )
            raise ValueError(message)
        sums = np.array([[unit.sum()] for unit in units])
        value, error = mean_of_units(sums, np.array([float(u.size) for u in units]))
        return Estimate(float(value[0]), float(error[0]), len(units))


def spacing_ratios(
    spectra: Spectra, order: int = 1, *, cutoff: float = 0.0
) -> SpacingRatios:
    """Compute r = (λⱼ₊₂ₖ − λⱼ₊ₖ)/(λⱼ₊ₖ − λⱼ), for all j.

    Eigenvalues within the cut-off, by default exact zeros, are dropped, and no ratio
    reaches across the hole that they leave.

    Args:
        spectra: One spectrum or several.
        order: k, at least 1.
        cutoff: Drop |λ| up to this, in the units of the eigenvalues: their
            resolution. Below it, ratios are those of rounding noise, which looks like
            a Gaussian ensemble.

    Returns:
        The ratios.

    Raises:
        ValueError: The order is below 1, no eigenvalues are left, or those left
            repeat.

    References:
        Tekur, Bhosale and Santhanam (2018), Higher-order spacing ratios in random
        matrix theory and complex quantum systems, Physical Review B 98.
    """
    if order < 1:
        message = f"order: expected at least 1, got {order}"
        raise ValueError(message)
    rows = sorted_spectra(spectra, least=1)
    kept = above_cutoff(rows, cutoff)
    require_distinct(kept)
    sides = [
        (row[row < 0], row[row > 0]) if row.size < whole.size else (row,)
        for row, whole in zip(kept, rows, strict=True)
    ]
    ratios = tuple(
        np.concatenate([_ratios(side, order) for side in parts]) for parts in sides
    )
    if not any(row.size for row in ratios):
        message = (
            f"eigenvalues: expected more than {2 * order} beyond the cut-off, got "
            f"{max(row.size for row in kept)}"
        )
        raise ValueError(message)
    dropped = sum(row.size for row in rows) - sum(row.size for row in kept)
    return SpacingRatios(ratios, order, dropped)


def _ratios(row: Float[np.ndarray, " n"], order: int) -> Float[np.ndarray, " m"]:
    steps = row[order:] - row[:-order]
    return steps[order:] / steps[:-order]
