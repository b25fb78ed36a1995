"""Spectra of batch Hessians of a network, with published and resolved statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.core import Estimate
from eigenscape.spectra.exact_spectrum import ROUNDINGS, ExactSpectrum
from eigenscape.spectra.local.analysis import LocalStatistics, local_statistics
from eigenscape.spectra.local.matched_levels import matched_levels
from eigenscape.spectra.local.published import RATIO_CUTOFF, PublishedStatistics
from eigenscape.spectra.local.ratios import spacing_ratios

_SINGLE = float(np.finfo(np.float32).eps)
_DOUBLE = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class BatchSpectra:
    """The spectra of some batches of one network at one stage.

    Attributes:
        stage: The checkpoint.
        part: What the batches are of, "train" or "test".
        batch_size: Examples a batch; the last one may be smaller.
        exact: The spectrum of each batch, in float64.
        single: The same by the published route: the whole matrix in float32, of the
            loss summed over the batch; empty if not asked for.
    """

    stage: str
    part: str
    batch_size: int
    exact: tuple[ExactSpectrum, ...]
    single: tuple[Float[np.ndarray, " _"], ...]

    @property
    def name(self) -> str:
        """What to call it."""
        return f"{self.stage}, {self.part}"

    @property
    def single_resolutions(self) -> Float[np.ndarray, " k"]:
        """The resolution c ε ‖H‖ of each spectrum in float32."""
        return np.array([
            ROUNDINGS * _SINGLE * np.abs(row).max() for row in self.single
        ])


@dataclass(frozen=True, eq=False)
class RatioComparison:
    """The same spectra as published and resolved; errors are those of spectra.

    Each mean of min(r, 1/r) is None where there are too few eigenvalues for an error.

    Attributes:
        spectra: The spectra.
        statistics: The statistics of the float64 eigenvalues above their resolution,
            with a verdict, beside the published processing of the float32 ones.
        single: Mean ratio in float32 above the published cut-off.
        rounding: Of these, below the resolution of float32: what rounding makes of
            eigenvalues that it cannot tell from zero.
        resolved: Mean ratio in float64 above its resolution, outliers included.
        control: The same of Gaussian levels at the density of those resolved.
        rounding_share: The part of the float32 eigenvalues above the published cut-off
            that lies below the resolution.
    """

    spectra: BatchSpectra
    statistics: LocalStatistics
    single: Estimate | None
    rounding: Estimate | None
    resolved: Estimate | None
    control: Estimate | None
    rounding_share: float

    @property
    def published(self) -> PublishedStatistics | None:
        """The published processing; None without float32 spectra."""
        return self.statistics.published if self.spectra.single else None

    @property
    def resolved_counts(self) -> Float[np.ndarray, " k"]:
        """How many eigenvalues of each spectrum are resolved."""
        return np.array([float(len(s.resolved)) for s in self.spectra.exact])


def compare_ratios(
    spectra: BatchSpectra, *, rng: np.random.Generator
) -> RatioComparison:
    """Hold published statistics of spectra against those of resolved eigenvalues.

    Args:
        spectra: The spectra.
        rng: Source of the control.

    Returns:
        Both, what rounding alone gives, and a control.
    """
    limits = spectra.single_resolutions
    passed = below = 0
    noise: list[np.ndarray] = []
    for row, limit in zip(spectra.single, limits, strict=True):
        places = np.abs(row)
        passed += int((places > RATIO_CUTOFF).sum())
        below += int(((places > RATIO_CUTOFF) & (places <= limit)).sum())
        noise.append(row[places <= limit])
    exact = [s.full() for s in spectra.exact]
    relative = [s.resolution / s.norm for s in spectra.exact if s.norm]
    return RatioComparison(
        spectra,
        local_statistics(
            exact,
            name=spectra.name,
            precision="float64",
            factor=max(relative, default=ROUNDINGS * _DOUBLE) / _DOUBLE,
            published=list(spectra.single) or None,
        ),
        mean_ratio(spectra.single, [RATIO_CUTOFF] * len(spectra.single)),
        mean_ratio(noise, [RATIO_CUTOFF] * len(noise)),
        mean_ratio(exact, [s.resolution for s in spectra.exact]),
        _control(spectra, rng=rng),
        below / passed if passed else 0.0,
    )


def mean_ratio(
    rows: Sequence[Float[np.ndarray, " _"]], cutoffs: Sequence[float]
) -> Estimate | None:
    """Average min(r, 1/r) of spectra, each above a cut-off of its own.

    Args:
        rows: Spectra; of eigenvalues that coincide one counts.
        cutoffs: Drop |λ| up to this; no ratio reaches across the hole.

    Returns:
        The mean with its error; None where there are not enough ratios for one.
    """
    # ratios have no scale, so that all spectra can be cut at one
    pairs = [(row, cutoff) for row, cutoff in zip(rows, cutoffs, strict=True) if cutoff]
    scaled = [np.unique(row) / cutoff for row, cutoff in pairs if row.size]
    try:
        return spacing_ratios(scaled, cutoff=1.0).mean() if scaled else None
    except ValueError:
        return None


def _control(spectra: BatchSpectra, *, rng: np.random.Generator) -> Estimate | None:
    rows = [s.resolved for s in spectra.exact]
    if sum(row.size for row in rows) < 2 * len(rows):
        return None
    cutoffs = [s.resolution for s in spectra.exact]
    return mean_ratio(matched_levels(rows, rng=rng), cutoffs)


@dataclass(frozen=True, eq=False)
class HessianStatistics:
    """Local statistics of the Hessians of one network.

    Attributes:
        model: What the network is.
        data: What the data are.
        matrix: "hessian" or "gauss-newton".
        parameters: P.
        losses: Mean training loss of each epoch.
        sets: The spectra by stage and part, with their statistics.
    """

    model: str
    data: str
    matrix: str
    parameters: int
    losses: tuple[float, ...]
    sets: tuple[RatioComparison, ...]
