"""Local statistics of any spectra, as published and resolved, with a verdict."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from eigenscape.core.records import Estimate
from eigenscape.spectra.local.balanced_ratios import WIDE, balanced_rows
from eigenscape.spectra.local.density_bias import density_bias
from eigenscape.spectra.local.diagnosis import Diagnosis, diagnose
from eigenscape.spectra.local.discretisation import find_lattice
from eigenscape.spectra.local.hypotheses import LAWS
from eigenscape.spectra.local.level_tests import mean_ratios
from eigenscape.spectra.local.long_range import LongRange, measure_long_range
from eigenscape.spectra.local.outlying import strip_outlying
from eigenscape.spectra.local.published import (
    Histogram,
    PublishedStatistics,
    as_published,
    histogram,
    process_alike,
)
from eigenscape.spectra.local.ratios import SpacingRatios
from eigenscape.spectra.local.resolution import (
    FACTOR,
    Precision,
    Resolution,
    resolve,
)
from eigenscape.spectra.local.sources import Source, spectra_of
from eigenscape.spectra.local.spacings import spacings
from eigenscape.spectra.local.statistic import LevelStatistic
from eigenscape.spectra.local.stretches import split_stretches
from eigenscape.spectra.local.verdict import Verdict, judge_levels

_STATUSES: Final = 5
_RATIO_BINS: Final = 20
_SPACING_EDGES = np.linspace(0.0, 4.0, 33)
_FEWEST_RATIOS = 32
_NOTHING = np.empty(0)


@dataclass(frozen=True, eq=False)
class LocalStatistics:
    """Local statistics of spectra: what is resolved, what it follows, and why.

    Attributes:
        name: What the spectra are of.
        sizes: Eigenvalues of each spectrum.
        resolved: How many of each are resolved.
        statuses: How many eigenvalues of all are resolved, exact zeros, rounding
            about zero, rounding about another value, repeated.
        example: The first spectrum with its resolution.
        published: The statistics as published.
        alike: The same processing of the resolved eigenvalues alone, in float64.
        ratio: Mean min(r, 1/r) of neighbouring resolved levels; None where too few.
        ratios: min(r, 1/r) in 20 bins.
        spacings: Unfolded spacings up to four in 32 bins; None where not unfolded.
        number_variance: Σ²(L); None where long windows could not be measured.
        rigidity: Δ₃(L).
        long_range_note: What stood in the way of long windows, or limits them.
        verdict: Which law the resolved levels follow.
        diagnoses: What may keep them from the Gaussian orthogonal ensemble.
    """

    name: str
    sizes: Int[np.ndarray, " k"]
    resolved: Int[np.ndarray, " k"]
    statuses: Int[np.ndarray, " 5"]
    example: Resolution
    published: PublishedStatistics
    alike: PublishedStatistics
    ratio: Estimate | None
    ratios: Histogram
    spacings: Histogram | None
    number_variance: LevelStatistic | None
    rigidity: LevelStatistic | None
    long_range_note: str
    verdict: Verdict
    diagnoses: tuple[Diagnosis, ...]

    def summary(self) -> str:
        """Report in a few lines: what is resolved, the verdict, what was diagnosed.

        Returns:
            Plain text.
        """
        total, whole = int(self.resolved.sum()), int(self.sizes.sum())
        count = self.sizes.size
        lines = [
            f"{total} of {whole} eigenvalues resolved, in {count} "
            f"spectr{'um' if count == 1 else 'a'} (first: {self.example})",
            self.verdict.sentence,
        ]
        lines += [f"{d.cause}: {d.sentence}" for d in self.diagnoses if d.found]
        return "\n".join(lines)


def local_statistics(
    spectra: Source,
    *,
    name: str = "spectra",
    precision: Precision | None = None,
    factor: float = FACTOR,
    published: Source | None = None,
) -> LocalStatistics:
    """Measure the local statistics of eigenvalues or matrices and judge them.

    Eigenvalues within c ε‖H‖ of zero, or of each other, hold no level and are left out
    first; so are outliers. What is left is tested: GOE, GUE, Poisson and superposed
    GOE blocks, by ratios of spacings on three scales and by counts in long windows.

    Args:
        spectra: Eigenvalues, a spectrum a row, a symmetric or Hermitian matrix, or a
            sequence of these. Spectra are independent of each other, and whole: the
            largest |λ| of each is taken for its norm.
        name: What they are of.
        precision: The floating-point type of the computation; by default as
            `resolve` finds it.
        factor: c, the resolution in units of ε‖H‖.
        published: The same spectra as the published computation gave them, in
            float32; by default these spectra rounded.

    Returns:
        The statistics, the verdict and the diagnoses. No spectra, or numbers that are
        not finite, raise a ValueError.

    References:
        Baskerville, Granziol and Keating (2022), Appearance of random matrix theory
        in deep learning, Physica A, which looked at neighbours in float32.
    """
    rows = spectra_of(spectra)
    resolutions = [resolve(row, precision=precision, factor=factor) for row in rows]
    stripped = [[strip_outlying(run) for run in each.runs] for each in resolutions]
    runs = [[run for run, _ in parts] for parts in stripped]
    outlying = sum(cut for parts in stripped for _, cut in parts)
    every = [part for parts in runs for run in parts for part in split_stretches(run)]
    lattice = find_lattice(every)
    harmful = lattice is not None and lattice.harmful
    far, note = measure_long_range(every)
    found = mean_ratios([balanced_rows(parts) for parts in runs])
    judge = functools.partial(
        judge_levels,
        far=far,
        eigenvalues=sum(run.size for run in every if run.size > 2 * WIDE),
        obstacle="the eigenvalues lie on a coarse lattice" if harmful else "",
    )
    verdict = judge(found)
    if found is not None and not verdict.fits:
        verdict = judge(replace(found, biases=density_bias(runs, LAWS)))
    neighbours = _neighbours(runs)
    whole = rows if published is None else spectra_of(published)
    counts = [np.bincount(each.status, minlength=_STATUSES) for each in resolutions]
    return LocalStatistics(
        name,
        np.array([row.size for row in rows]),
        np.array([each.count for each in resolutions]),
        np.sum(counts, axis=0),
        resolutions[0],
        as_published([row.astype(float) for row in whole]),
        process_alike([np.concatenate([_NOTHING, *each.runs]) for each in resolutions]),
        _mean(neighbours),
        histogram(
            np.concatenate([_NOTHING, *neighbours.folded]),
            np.linspace(0.0, 1.0, _RATIO_BINS + 1),
        ),
        _spacing_histogram(far),
        None if far is None else far.number_variance,
        None if far is None else far.rigidity,
        note,
        verdict,
        diagnose(verdict, resolutions, far, outlying=outlying, lattice=lattice),
    )


def _neighbours(runs: Sequence[Sequence[Float[np.ndarray, " _"]]]) -> SpacingRatios:
    # no ratio reaches from one run into the next
    ratios = [np.concatenate([_NOTHING, *map(_ratios, parts)]) for parts in runs]
    return SpacingRatios(tuple(ratios), 1, 0)


def _ratios(run: Float[np.ndarray, " n"]) -> Float[np.ndarray, " m"]:
    steps = np.diff(run)
    return steps[1:] / steps[:-1]


def _mean(ratios: SpacingRatios) -> Estimate | None:
    if sum(row.size for row in ratios.spectra) < _FEWEST_RATIOS:
        return None
    return ratios.mean()


def _spacing_histogram(far: LongRange | None) -> Histogram | None:
    if far is None:
        return None
    return histogram(np.concatenate(spacings(far.levels)), _SPACING_EDGES)
