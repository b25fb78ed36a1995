"""The verdict: which law the resolved levels follow, on how many, and how surely."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from eigenscape.core.records import Estimate
from eigenscape.spectra.local.hypotheses import (
    BLOCKS,
    GOE,
    GUE,
    LAWS,
    POISSON,
    Hypothesis,
)
from eigenscape.spectra.local.level_tests import (
    EXCLUDED,
    MeanRatios,
    directed_p_value,
    fit_p_value,
    log_likelihood,
    neighbour_p_value,
    power,
)
from eigenscape.spectra.local.long_range import LongRange
from eigenscape.spectra.local.unequal_blocks import UnequalBlocks, find_unequal_blocks

_UNFIT: Final = 0.005
_DISAGREES: Final = 0.01
_LEAST_POWER: Final = 0.8
"""The customary power; below it a law may be excluded by luck, and wrongly."""

_TOLD_APART: Final = 0.99
_SMALLEST_P = 1e-300
_SMALLEST_SHOWN = 1e-6


@dataclass(frozen=True)
class HypothesisTest:
    """One law of levels, tested.

    Attributes:
        name: The law.
        family: Its kind.
        mean_ratio: Its mean of balanced ratios of order one.
        p_value: How well mean ratios of orders 1, 2 and 4 fit it, in all directions.
        p_against_best: Its p-value in the direction of the likeliest law, twice the
            smaller of that of the ratios and that of the long windows; 1 for that law.
        power: How often the ratios would exclude it at this number of levels if the
            likeliest law were true; 0 for that law.
        p_long_range: Its p-value from Σ² and Δ₃; None where they were not measured.
    """

    name: str
    family: str
    mean_ratio: float
    p_value: float
    p_against_best: float
    power: float
    p_long_range: float | None

    @property
    def excluded(self) -> bool:
        """Whether the likeliest law rules it out."""
        return self.p_against_best < EXCLUDED


@dataclass(frozen=True)
class Verdict:
    """What the levels are, in a word and in a sentence.

    Attributes:
        decision: The only kind of law that is not excluded: "GOE", "GUE", "Poisson" or
            "blocks"; "none" where the likeliest does not fit, "undecided" where several
            are left, where one falls that these levels would exclude with a power
            below 0.8, or where nothing can be tested.
        sentence: The same with its numbers.
        eigenvalues: How many resolved eigenvalues the tests rest on.
        units: How many independent units give the errors: spectra, or blocks of few.
        ratios: Mean balanced ratios of orders 1, 2, 4.
        tests: The laws, the likeliest first.
        long_range: The longest window of Σ² and Δ₃; None where they were not measured.
    """

    decision: str
    sentence: str
    eigenvalues: int
    units: int
    ratios: tuple[Estimate, ...]
    tests: tuple[HypothesisTest, ...]
    long_range: float | None

    @property
    def fits(self) -> bool:
        """Whether the likeliest law fits ratios of all orders."""
        return bool(self.tests) and self.tests[0].p_value >= _UNFIT

    @property
    def long_range_agrees(self) -> bool | None:
        """Whether Σ² and Δ₃ agree with the likeliest law; None where not measured."""
        if not self.tests or self.tests[0].p_long_range is None:
            return None
        return self.tests[0].p_long_range >= _DISAGREES


def judge_levels(
    found: MeanRatios | None,
    far: LongRange | None,
    *,
    eigenvalues: int,
    obstacle: str = "",
) -> Verdict:
    """Test Poisson, GOE, GUE and superposed GOE blocks against each other.

    Two blocks are always among the laws, more of them where this many levels tell them
    from Poisson with a power of 0.99; where no law fits, two blocks of unequal density
    are tried. A law falls when its p-value in the direction of
    the likeliest one is below 0.03.

    Args:
        found: Mean balanced ratios; None where there are too few levels.
        far: Counts in long windows.
        eigenvalues: How many resolved eigenvalues stand behind the ratios.
        obstacle: Why no verdict can be given, where the values themselves forbid one.

    Returns:
        The verdict.
    """
    if found is None:
        reason = obstacle or f"{eigenvalues} resolved eigenvalues are too few"
        sentence = f"Undecided: {reason}."
        return Verdict("undecided", sentence, eigenvalues, 0, (), (), None)
    tests = _tests(found, far)
    unequal = find_unequal_blocks(found) if tests[0].p_value < _UNFIT else None
    decision = "undecided" if obstacle else _decide(tests, found, unequal)
    verdict = Verdict(
        decision,
        "",
        eigenvalues,
        found.units,
        found.estimates(),
        tests,
        None if far is None else far.reach,
    )
    return replace(verdict, sentence=_sentence(verdict, obstacle, unequal))


def _tests(found: MeanRatios, far: LongRange | None) -> tuple[HypothesisTest, ...]:
    laws = [GOE, GUE, POISSON, BLOCKS[0]]
    laws += [law for law in BLOCKS[1:] if _told_from_poisson(found, law)]
    distant = {law: None if far is None else far.p_value(law) for law in laws}
    likelihood = {law: _evidence(found, law, distant[law]) for law in laws}
    laws.sort(key=lambda law: -likelihood[law])
    best = laws[0]
    far_fits = (distant[best] or 0.0) >= _DISAGREES
    tests: list[HypothesisTest] = []
    for law in laws:
        against = 1.0
        if law is not best:
            near = directed_p_value(found, law, best)
            long = distant[law] if far_fits else None
            against = min(1.0, 2 * min(near, 1.0 if long is None else long))
        tests.append(
            HypothesisTest(
                law.name,
                law.family,
                law.means[0],
                fit_p_value(found, law),
                against,
                0.0 if law is best else power(found, law, best),
                distant[law],
            )
        )
    return tuple(tests)


def _told_from_poisson(found: MeanRatios, law: Hypothesis) -> bool:
    return power(found, POISSON, law) >= _TOLD_APART


def _evidence(found: MeanRatios, law: Hypothesis, p_value: float | None) -> float:
    far = 0.0 if p_value is None else math.log(max(p_value, _SMALLEST_P))
    return log_likelihood(found, law) + far


def _decide(
    tests: tuple[HypothesisTest, ...],
    found: MeanRatios,
    unequal: UnequalBlocks | None,
) -> str:
    if unequal is not None:
        return "blocks"
    if tests[0].p_value < _UNFIT:
        return _by_neighbours(found)
    return "undecided" if _left(tests) else tests[0].family


def _left(tests: tuple[HypothesisTest, ...]) -> list[HypothesisTest]:
    # laws of another kind that are not excluded, or that this many levels seldom would
    rivals = (test for test in tests if test.family != tests[0].family)
    return [t for t in rivals if not t.excluded or t.power < _LEAST_POWER]


def _by_neighbours(found: MeanRatios) -> str:
    # Where wider ratios fit no law, neighbours may still follow one kind alone.
    kinds = {law.family for law in LAWS if neighbour_p_value(found, law) >= EXCLUDED}
    return kinds.pop() if len(kinds) == 1 else "none"


def _sentence(verdict: Verdict, obstacle: str, unequal: UnequalBlocks | None) -> str:
    best, ratio = verdict.tests[0], verdict.ratios[0]
    basis = (
        f"{verdict.eigenvalues} resolved eigenvalues ({verdict.units} independent "
        f"units) have mean spacing ratio {ratio}"
    )
    if obstacle:
        return f"Undecided: {obstacle}."
    if unequal is not None:
        return (
            "Superposed GOE blocks of unequal density, or parts that hardly mix: "
            f"{basis}; two blocks with "
            f"{100 * unequal.share:.0f} % of the levels in the smaller fit with p = "
            f"{unequal.p_value:.2g}, {best.name} with p = {best.p_value:.1g}."
        )
    if verdict.decision == "none":
        return (
            f"None of the laws: {basis}; the likeliest, {best.name} at "
            f"{best.mean_ratio:.4f}, fits with p = {best.p_value:.1g}."
        )
    rivals = [test for test in verdict.tests if test.family != best.family]
    if verdict.decision == "undecided":
        names = ", ".join(
            f"{test.name} (excluded with power {test.power:.2g})"
            for test in _left(verdict.tests)
        )
        return f"Undecided: {basis}; {best.name} is likeliest, left besides: {names}."
    if best.p_value < _UNFIT:
        return (
            f"{verdict.decision} by neighbouring levels alone: {basis}; wider ratios "
            f"fit no law, {best.name} best with p = {best.p_value:.1g}: levels are "
            "less rigid, or their density is rougher than the pooled one."
        )
    names = ", ".join(test.name for test in rivals)
    highest = max(test.p_against_best for test in rivals)
    title = f"Superposed GOE blocks ({best.name} likeliest)"
    return (
        f"{title if best.family == 'blocks' else best.name}: {basis}; excluded: {names}"
        f" (p ≤ {max(highest, _SMALLEST_SHOWN):.1g}){_far(verdict)}."
    )


def _far(verdict: Verdict) -> str:
    if verdict.long_range_agrees is None:
        return "; long windows could not be tested"
    verb = "agree" if verdict.long_range_agrees else "disagree"
    p = verdict.tests[0].p_long_range
    return f"; Σ² and Δ₃ {verb} up to L = {verdict.long_range:.2g} (p = {p:.2g})"
