"""Why levels may not be those of the Gaussian orthogonal ensemble: four causes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from eigenscape.core.records import ConfidenceInterval
from eigenscape.spectra.local.block_count import blocks_from_counts, blocks_from_ratios
from eigenscape.spectra.local.discretisation import Lattice
from eigenscape.spectra.local.hypotheses import GOE, POISSON
from eigenscape.spectra.local.long_range import LongRange
from eigenscape.spectra.local.resolution import (
    CROWDED,
    REPEATED,
    ROUNDING,
    ZERO,
    Resolution,
)
from eigenscape.spectra.local.verdict import Verdict

Cause = Literal["superposed blocks", "rank deficiency", "outliers", "discretisation"]

_NOTEWORTHY: Final = 0.01
_MOST_COUNTED: Final = 50.0


@dataclass(frozen=True)
class Diagnosis:
    """One cause, looked for.

    Attributes:
        cause: What it is.
        found: Whether it is there.
        sentence: What was seen.
        estimates: Numbers with their intervals, such as those of blocks.
    """

    cause: str
    found: bool
    sentence: str
    estimates: tuple[ConfidenceInterval, ...] = ()


def diagnose(
    verdict: Verdict,
    resolutions: Sequence[Resolution],
    far: LongRange | None,
    *,
    outlying: int,
    lattice: Lattice | None,
) -> tuple[Diagnosis, ...]:
    """Look for each cause.

    Args:
        verdict: The verdict on the levels.
        resolutions: What was resolved of each spectrum.
        far: Counts in long windows.
        outlying: How many eigenvalues stand apart from the bulk.
        lattice: The lattice of the eigenvalues, if any.

    Returns:
        A diagnosis a cause.
    """
    return (
        _blocks(verdict, far),
        _rank(resolutions),
        _outliers(outlying),
        _discretisation(lattice),
    )


def _blocks(verdict: Verdict, far: LongRange | None) -> Diagnosis:
    cause: Cause = "superposed blocks"
    if not verdict.ratios or verdict.decision == "undecided":
        return Diagnosis(cause, False, "cannot be told without a verdict")
    counts = [blocks_from_ratios(verdict.ratios[0])]
    if far is not None:
        statistic = far.number_variance
        at = int(statistic.lengths.searchsorted(min(5.0, far.reach)))
        lower, upper = (float(end[at]) for end in statistic.interval())
        variance = (float(statistic.value[at]), lower, upper)
        counts.append(blocks_from_counts(float(statistic.lengths[at]), variance))
    seen = "; ".join(f"{count.name}: {count}" for count in counts)
    ratio = verdict.ratios[0].value
    between = POISSON.means[0] < ratio < GOE.means[0]
    found = verdict.decision == "blocks" or (verdict.decision == "none" and between)
    found &= counts[0].lower > 1 and counts[0].value < _MOST_COUNTED
    if found and counts[0].upper < 2:
        seen += " (below two: blocks of unequal density)"
    return Diagnosis(cause, found, seen, tuple(counts))


def _rank(resolutions: Sequence[Resolution]) -> Diagnosis:
    total = sum(each.eigenvalues.size for each in resolutions)
    status = {
        name: sum(each.counted(kind) for each in resolutions)
        for name, kind in (
            ("exact zeros", ZERO),
            ("rounding about zero", ROUNDING),
            ("rounding about one value", CROWDED),
            ("repeated", REPEATED),
        )
    }
    lost = sum(status.values())
    names = ", ".join(f"{n} {name}" for name, n in status.items() if n)
    found = lost >= max(2, _NOTEWORTHY * total)
    sentence = f"{lost} of {total} eigenvalues hold no level of their own"
    return Diagnosis(
        "rank deficiency", found, f"{sentence}: {names}" if names else sentence
    )


def _outliers(count: int) -> Diagnosis:
    sentence = f"{count} eigenvalues stand apart from the bulk and were left out"
    if not count:
        sentence = "no eigenvalue stands apart from the bulk"
    return Diagnosis("outliers", count > 0, sentence)


def _discretisation(lattice: Lattice | None) -> Diagnosis:
    cause: Cause = "discretisation"
    if lattice is None or not lattice.harmful:
        return Diagnosis(cause, False, "no lattice coarse enough to matter")
    return Diagnosis(
        cause,
        True,
        f"all eigenvalues lie on a lattice of step {lattice.step:.4g}, "
        f"{lattice.share:.2g} of their median spacing",
    )
