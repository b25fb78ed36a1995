"""Local statistics as they were first published for Hessians of networks.

Kept to the letter, for comparison: eigenvalues in float32, cut off at fixed numbers
far below their resolution, unfolded by counting the pooled eigenvalues of other
spectra, histograms read at the middle of their bins.

References:
    Baskerville, Granziol and Keating (2022), Appearance of random matrix theory in
    deep learning, Physica A; the numbers are those of its public code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from eigenscape.spectra.local.eigenvalues import Spectra, sorted_spectra
from eigenscape.theory.local_laws import ratio_surmise_cdf, wigner_surmise_cdf

RATIO_CUTOFF: Final = 1e-10
SPACING_CUTOFFS: Final = (0.0, 1e-20)
THRESHOLDS: Final = (1e-100, 1e-40, 1e-30, 1e-20, 1e-10, 1e-8, 1e-6, 1e-4)

_RATIO_EDGES = np.linspace(0.0, 10.0, 41)
_SPACING_BINS = 50
_POOLED = 3  # a third of the spectra is unfolded by the rest


@dataclass(frozen=True, eq=False)
class Histogram:
    """Shares of a sample in bins.

    Attributes:
        edges: Ends of the bins, ascending.
        shares: The part of the binned numbers in each bin.
        count: How many numbers were binned.
    """

    edges: Float[np.ndarray, " m"]
    shares: Float[np.ndarray, " n"]
    count: int

    @property
    def middles(self) -> Float[np.ndarray, " n"]:
        """Middle of each bin."""
        return (self.edges[1:] + self.edges[:-1]) / 2

    @property
    def density(self) -> Float[np.ndarray, " n"]:
        """Shares divided by the widths of their bins."""
        return self.shares / np.diff(self.edges)


def histogram(
    numbers: Float[np.ndarray, " n"], edges: Float[np.ndarray, " m"]
) -> Histogram:
    """Bin numbers; those outside the bins do not count.

    Args:
        numbers: The sample.
        edges: Ends of the bins, ascending.

    Returns:
        The shares; zeros where nothing was binned.
    """
    counts = np.histogram(numbers, edges)[0]
    total = int(counts.sum())
    return Histogram(edges, counts / max(total, 1), total)


@dataclass(frozen=True, eq=False)
class PublishedSpacings:
    """Unfolded spacings at one cut-off.

    Attributes:
        cutoff: Eigenvalues up to this were left out.
        histogram: The spacings in 50 bins up to the largest.
        mean: Their mean.
        total_variation: Distance of the histogram from Wigner's surmise in the same
            bins, ½ ∑ |difference|.
        largest: The largest spacing.
    """

    cutoff: float
    histogram: Histogram
    mean: float
    total_variation: float
    largest: float


@dataclass(frozen=True, eq=False)
class PublishedStatistics:
    """What the published processing makes of spectra.

    Attributes:
        thresholds: Some small numbers.
        proportions: The part of all |λ| below each.
        ratios: Ratios s₊/s of neighbouring spacings below ten, in 40 bins.
        ratio_mean: The mean of min(r, 1/r), taken at the middle of the bins; the
            surmise gives 0.5393 in this way.
        ratio_total_variation: Distance of the histogram from the surmise.
        spacings: The spacings at each cut-off; empty for fewer than three spectra.
    """

    thresholds: Float[np.ndarray, " t"]
    proportions: Float[np.ndarray, " t"]
    ratios: Histogram
    ratio_mean: float
    ratio_total_variation: float
    spacings: tuple[PublishedSpacings, ...]


def as_published(spectra: Spectra) -> PublishedStatistics:
    """Process spectra as the publication did.

    Args:
        spectra: One spectrum or several; rounded to float32 here.

    Returns:
        The statistics, without errors, for none were given.
    """
    with np.errstate(over="ignore", under="ignore"):
        rows = tuple(
            row.astype(np.float32).astype(float)
            for row in sorted_spectra(spectra, least=1)
        )
    return process_alike(rows)


def process_alike(spectra: Spectra) -> PublishedStatistics:
    """Process spectra as the publication did, but in the precision that they have.

    Args:
        spectra: One spectrum or several.

    Returns:
        The statistics.
    """
    rows = sorted_spectra(spectra, least=0)
    places = np.abs(np.concatenate(rows))
    thresholds = np.array(THRESHOLDS)
    proportions = (places < thresholds[:, None]).sum(1) / max(places.size, 1)
    ratios = histogram(
        np.concatenate([_ratios(row[np.abs(row) > RATIO_CUTOFF]) for row in rows]),
        _RATIO_EDGES,
    )
    folded = np.minimum(ratios.middles, 1 / ratios.middles)
    expected = np.diff(_ratio_cdf(_RATIO_EDGES))
    spacings = (_spacings(rows, cutoff) for cutoff in SPACING_CUTOFFS)
    return PublishedStatistics(
        thresholds,
        proportions,
        ratios,
        float(folded @ ratios.shares),
        total_variation(ratios.shares, expected / expected.sum()),
        tuple(found for found in spacings if found is not None),
    )


def unfold_by_counting(
    spectra: Spectra, cutoff: float
) -> tuple[Float[np.ndarray, " _"], ...]:
    """Count between neighbours: sⱼ = (#pool < λⱼ₊₁ − #pool < λⱼ)/p.

    The first third of the spectra is unfolded, the other p are the pool.

    Args:
        spectra: Three spectra or more.
        cutoff: Eigenvalues up to this are left out of both.

    Returns:
        The spacings of the first third.
    """
    rows = [row[np.abs(row) > cutoff] for row in sorted_spectra(spectra, least=0)]
    first = len(rows) // _POOLED
    pool = np.sort(np.concatenate([np.empty(0), *rows[first:]]))
    size = len(rows) - first
    return tuple(np.diff(np.searchsorted(pool, row)) / size for row in rows[:first])


def total_variation(
    first: Float[np.ndarray, " n"], second: Float[np.ndarray, " n"]
) -> float:
    """Compute ½ ∑ |pᵢ − qᵢ|.

    Args:
        first: Shares pᵢ.
        second: Shares qᵢ.

    Returns:
        The distance, between 0 and 1.
    """
    return float(np.abs(first - second).sum() / 2)


def _spacings(
    rows: tuple[Float[np.ndarray, " _"], ...], cutoff: float
) -> PublishedSpacings | None:
    found = np.concatenate([np.empty(0), *unfold_by_counting(rows, cutoff)])
    largest = float(found.max(initial=0.0))
    if not largest:
        return None
    binned = histogram(found, np.linspace(0.0, largest, _SPACING_BINS + 1))
    expected = np.diff(wigner_surmise_cdf(binned.edges, 1))
    return PublishedSpacings(
        cutoff,
        binned,
        float(found.mean()),
        total_variation(binned.shares, expected),
        largest,
    )


def _ratios(row: Float[np.ndarray, " n"]) -> Float[np.ndarray, " m"]:
    steps = np.diff(row)
    with np.errstate(divide="ignore", invalid="ignore"):
        return steps[1:] / steps[:-1]


def _ratio_cdf(r: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    # P(R < r) = P(R̃ < r)/2 below one, and 1 − P(R̃ < 1/r)/2 above
    below = ratio_surmise_cdf(np.minimum(r, 1.0), 1) / 2
    above = 1 - ratio_surmise_cdf(1 / np.maximum(r, 1.0), 1) / 2
    return np.where(r <= 1, below, above)
