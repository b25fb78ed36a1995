import dataclasses

import numpy as np
import pytest

import level_samples as samples
from eigenscape.core import load, save
from eigenscape.spectra.local.analysis import LocalStatistics, local_statistics
from eigenscape.theory.ensembles import GOE, GUE
from results import differences


def two_blocks(size, rng):
    halves = [samples.gaussian_spectrum(size // 2, 1, rng) for _ in range(2)]
    return np.concatenate(halves)


def rank_deficient(rank, size, rng):
    factor = rng.standard_normal((rank, size)).astype(np.float32)
    return factor.T @ factor / rank


def with_rounding_zeros(rng):
    noise = 1e-18 * rng.standard_normal(300)
    return np.concatenate([samples.gaussian_spectrum(300, 1, rng), noise])


CASES = {
    "GOE": ("GOE", 300, lambda rng: samples.gaussian_spectrum(300, 1, rng)),
    "GUE": ("GUE", 300, lambda rng: samples.gaussian_spectrum(300, 2, rng)),
    "Poisson": ("Poisson", 300, lambda rng: rng.uniform(-1, 1, 300)),
    "two blocks": ("blocks", 400, lambda rng: two_blocks(400, rng)),
    "rounding zeros": ("GOE", 300, with_rounding_zeros),
    "rank": ("GOE", 250, lambda rng: rank_deficient(250, 350, rng)),
}


@pytest.mark.parametrize("case", CASES)
def test_verdicts_are_right(case, rng):
    decision, levels, sample = CASES[case]
    for _ in range(6):
        found = local_statistics(sample(rng))
        assert found.verdict.decision == decision, found.verdict.sentence
        # outliers and edges apart, all resolved eigenvalues count
        assert levels - 5 <= found.verdict.eigenvalues <= levels
        assert int(found.resolved.sum()) == levels


def test_rounding_is_said_and_counted_first(rng):
    found = local_statistics(with_rounding_zeros(rng))
    assert found.statuses.tolist() == [300, 0, 300, 0, 0]
    assert found.summary().startswith("300 of 600 eigenvalues resolved")
    assert "300 rounding about zero" in found.summary()
    # the published cut-off of 1e-10 drops them too, that of spacings does not
    assert found.published.proportions[4] == 0.5


def test_few_levels_are_undecided(rng):
    for size in (1, 2, 20, 40):
        found = local_statistics(samples.gaussian_spectrum(max(size, 2), 1, rng)[:size])
        assert found.verdict.decision == "undecided"
    assert "too few" in found.verdict.sentence


def test_a_power_that_is_too_low_leaves_it_undecided(rng):
    # 80 levels tell GOE from GUE now and then: no verdict, not even by luck
    rows = [samples.gaussian_spectrum(80, 1, rng) for _ in range(8)]
    found = [local_statistics(row) for row in rows]
    for each in found:
        assert each.verdict.decision == "undecided"
        power = min(test.power for test in each.verdict.tests[1:])
        assert power < 0.8
        assert f"power {power:.2g}" in each.verdict.sentence


def test_matrices_rows_and_lists_give_the_same(rng):
    matrix = GOE().sample(80, rng=rng)
    values = np.linalg.eigvalsh(matrix)
    whole = local_statistics(matrix, precision="float64")
    np.testing.assert_allclose(whole.example.eigenvalues, values, atol=1e-13)
    rows = np.stack([values, values + 1, values + 2])
    first = local_statistics(rows)
    assert not differences(first, local_statistics(list(rows)))
    assert first.sizes.tolist() == [80, 80, 80]
    unitary = local_statistics([GUE().sample(80, rng=rng) for _ in range(12)])
    assert unitary.verdict.decision == "GUE"
    assert unitary.verdict.units == 12


def test_spectra_are_units_not_eigenvalues(rng):
    # one spectrum ten times is ten units without spread, but no more than that
    rows = [samples.gaussian_spectrum(150, 1, rng) for _ in range(20)]
    found = local_statistics(rows)
    assert found.verdict.units == 20
    assert found.ratio is not None
    assert found.ratio.samples == 20


def test_it_is_saved_and_loaded(rng, tmp_path):
    found = local_statistics(two_blocks(400, rng), name="two")
    save(found, tmp_path / "a")
    assert not differences(found, load(LocalStatistics, tmp_path / "a"))
    short = local_statistics(np.array([1.0, 2.0]))
    save(short, tmp_path / "b")
    again = load(LocalStatistics, tmp_path / "b")
    assert not differences(short, again)
    assert again.number_variance is None
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.name = "other"


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        ([], "expected numbers"),
        (np.array([1.0, np.nan]), "expected finite"),
        (np.array([1.0, np.inf]), "expected finite"),
        (np.array([[1.0, 2, 0], [5, 1, 9], [1, 2, 3]]), "symmetric"),
        (np.array(["a", "b"]), "expected numbers"),
        (np.array([1.0 + 1j, 2.0]), "real"),
    ],
)
def test_bad_spectra_are_refused_in_one_line(bad, what):
    with pytest.raises(ValueError, match=what) as raised:
        local_statistics(bad)
    assert "\n" not in str(raised.value)
