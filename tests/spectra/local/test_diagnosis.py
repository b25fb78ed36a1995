"""Each cause on a planted case, and none of them on what is in order."""

import numpy as np
import pytest

import level_samples as samples
from eigenscape.spectra.local.analysis import local_statistics


def found(statistics):
    return {each.cause for each in statistics.diagnoses if each.found}


def diagnosis(statistics, cause):
    return next(each for each in statistics.diagnoses if each.cause == cause)


def blocks(count, size, rng):
    return np.concatenate([
        samples.gaussian_spectrum(size, 1, rng) for _ in range(count)
    ])


def test_the_ensemble_itself_has_none(rng):
    statistics = local_statistics(samples.gaussian_spectrum(500, 1, rng))
    assert found(statistics) == set()


@pytest.mark.parametrize("count", [2, 3])
def test_superposed_blocks_are_counted(count, rng):
    rows = [blocks(count, 300 // count, rng) for _ in range(6)]
    statistics = local_statistics(rows)
    assert found(statistics) == {"superposed blocks"}
    for estimate in diagnosis(statistics, "superposed blocks").estimates:
        # both intervals at 95 %
        assert estimate.lower - 0.3 < count < estimate.upper + 0.3


def test_unequal_blocks_count_less_than_two(rng):
    rows = [
        np.concatenate([
            samples.gaussian_spectrum(270, 1, rng),
            samples.gaussian_spectrum(60, 1, rng),
        ])
        for _ in range(12)
    ]
    statistics = local_statistics(rows)
    assert statistics.verdict.decision in {"none", "blocks"}
    assert found(statistics) == {"superposed blocks"}
    by_ratios = diagnosis(statistics, "superposed blocks").estimates[0]
    assert 1 < by_ratios.lower < by_ratios.upper < 2


def test_rank_deficiency_of_a_float_matrix(rng):
    factor = rng.standard_normal((150, 400)).astype(np.float32)
    statistics = local_statistics(factor.T @ factor / 150)
    assert found(statistics) == {"rank deficiency"}
    sentence = diagnosis(statistics, "rank deficiency").sentence
    assert sentence.startswith("250 of 400 eigenvalues hold no level")
    assert statistics.verdict.eigenvalues <= 150


def test_outliers_are_named_and_left_out(rng):
    row = samples.gaussian_spectrum(400, 1, rng)
    statistics = local_statistics(np.concatenate([row, [4.0, 5.0, 9.0]]))
    assert found(statistics) == {"outliers"}
    assert diagnosis(statistics, "outliers").sentence.startswith("3 eigenvalues")
    assert statistics.verdict.decision == "GOE"
    assert statistics.verdict.eigenvalues == 400


def test_a_lattice_forbids_a_verdict(rng):
    row = samples.gaussian_spectrum(300, 1, rng)
    statistics = local_statistics(np.round(row, 2))
    assert "discretisation" in found(statistics)
    assert "step 0.01" in diagnosis(statistics, "discretisation").sentence
    assert statistics.verdict.decision == "undecided"
    assert "lattice" in statistics.verdict.sentence
    assert not {"outliers", "superposed blocks"} & found(statistics)
