import numpy as np
import pytest

from eigenscape.spectra.local.hypotheses import BLOCKS, GOE, GUE, POISSON
from eigenscape.spectra.local.level_tests import MeanRatios
from eigenscape.spectra.local.verdict import judge_levels


def exactly(mean, levels=2000):
    return MeanRatios(np.asarray(mean), np.zeros(3), levels, 20)


@pytest.mark.parametrize("law", [GOE, GUE, POISSON, *BLOCKS[:2]], ids=lambda x: x.name)
def test_a_law_is_recognised_by_its_means(law):
    found = judge_levels(exactly(law.mean), None, eigenvalues=2024)
    assert found.decision == law.family
    assert found.tests[0].name == law.name
    assert found.tests[0].p_value == pytest.approx(1)
    assert found.long_range_agrees is None
    assert "2024 resolved eigenvalues" in found.sentence
    assert "long windows could not be tested" in found.sentence


def test_two_laws_at_once_are_undecided():
    between = (GOE.mean + GUE.mean) / 2
    found = judge_levels(exactly(between, 150), None, eigenvalues=170)
    assert found.decision == "undecided"
    assert found.sentence.startswith("Undecided: 170 resolved")
    left = {test.name for test in found.tests if not test.excluded}
    assert left == {"GOE", "GUE"}
    assert all(0 <= test.power < 1 for test in found.tests)


def test_none_of_the_laws():
    found = judge_levels(exactly([0.5, 0.5, 0.9]), None, eigenvalues=2024)
    assert found.decision == "none"
    assert found.sentence.startswith("None of the laws")


def test_neighbours_decide_where_wider_ratios_fit_nothing():
    verdict = judge_levels(
        exactly(GOE.mean - [0.0, 0.01, 0.03], 10_000), None, eigenvalues=10_000
    )
    assert verdict.decision == "GOE"
    assert verdict.sentence.startswith("GOE by neighbouring levels alone")
    between = judge_levels(
        exactly(GOE.mean - [0.05, 0.01, 0.03], 10_000), None, eigenvalues=10_000
    )
    assert between.decision == "none"


def test_blocks_are_many_only_where_they_can_be_told_from_poisson():
    few = judge_levels(exactly(POISSON.mean, 200), None, eigenvalues=212)
    many = judge_levels(exactly(POISSON.mean, 5000), None, eigenvalues=5012)
    assert [t.name for t in few.tests if t.family == "blocks"] == ["two blocks"]
    assert sum(t.family == "blocks" for t in many.tests) == 4
    assert few.decision == many.decision == "Poisson"


def test_an_obstacle_or_no_levels_forbid_a_verdict():
    found = judge_levels(exactly(GOE.mean), None, eigenvalues=9, obstacle="a lattice")
    assert (found.decision, found.sentence) == ("undecided", "Undecided: a lattice.")
    none = judge_levels(None, None, eigenvalues=5)
    assert none.sentence == "Undecided: 5 resolved eigenvalues are too few."
    assert none.tests == ()
