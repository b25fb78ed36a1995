import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import level_samples as samples
from eigenscape.spectra.local.resolution import (
    CROWDED,
    REPEATED,
    RESOLVED,
    ROUNDING,
    ZERO,
    precision_of,
    resolve,
)

EPSILON = {"float32": np.finfo(np.float32).eps, "float64": np.finfo(float).eps}


def gram(rank, size, rng):
    factor = rng.standard_normal((rank, size)).astype(np.float32)
    return factor.T @ factor / rank


def test_threshold_is_the_stated_multiple():
    row = np.array([-3.0, 1.0, 2.5])
    for precision, epsilon in EPSILON.items():
        found = resolve(row, precision=precision, factor=7.0)
        assert found.threshold == pytest.approx(21 * epsilon, rel=1e-12)
        assert found.basis == "as stated"
    found = resolve(row, precision="float32", norm=100.0)
    assert found.threshold == pytest.approx(1000 * EPSILON["float32"])


def test_the_null_space_of_a_float_matrix_is_rounding(rng):
    matrix = gram(40, 400, rng)
    for values, basis in (
        (np.linalg.eigvalsh(matrix), "the type of the array"),
        (np.linalg.eigvalsh(matrix).astype(float), "which holds every number"),
        (np.linalg.eigvalsh(matrix.astype(float)), "360 values at its resolution"),
    ):
        found = resolve(values)
        assert found.precision == "float32"
        assert basis in found.basis
        assert found.count == 40
        assert found.counted(ROUNDING) + found.counted(ZERO) == 360
        assert str(found).startswith("40 of 400 eigenvalues resolved")
    # a statement goes before what the numbers look like
    stated = resolve(np.linalg.eigvalsh(matrix.astype(float)), precision="float64")
    assert stated.count > 350


def test_a_cluster_away_from_zero_holds_one_level(rng):
    shifted = np.eye(400, dtype=np.float32) + gram(40, 400, rng)
    found = resolve(np.linalg.eigvalsh(shifted))
    assert found.count == 41
    assert found.counted(CROWDED) + found.counted(REPEATED) == 359


def test_doublets_are_kept_once_and_do_not_break_the_run():
    row = samples.spectra(1, 4)[0][:300]
    found = resolve(np.concatenate([row, row]))
    assert found.count == 300
    assert found.counted(REPEATED) == 300
    assert len(found.runs) == 1
    np.testing.assert_array_equal(found.runs[0], np.sort(row))


def test_runs_end_at_what_is_unresolved():
    row = np.array([-3.0, -2.0, -1e-18, 0.0, 2e-17, 1.0, 2.0])
    found = resolve(row)
    expected = [RESOLVED] * 2 + [ROUNDING, ZERO, ROUNDING] + [RESOLVED] * 2
    assert found.status.tolist() == expected
    assert [run.tolist() for run in found.runs] == [[-3.0, -2.0], [1.0, 2.0]]


def test_what_numbers_tell_of_their_type(rng):
    noise = rng.standard_normal(50)
    assert precision_of(noise) is None
    assert precision_of(noise.astype(np.float32))[0] == "float32"
    assert precision_of(noise.astype(np.float32).astype(float))[0] == "float32"
    assert precision_of(noise.astype(np.complex64))[0] == "float32"
    # small integers are exact in any type
    assert precision_of(np.arange(50.0)) is None
    assert precision_of(1e300 * noise) is None


@given(
    st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=40),
    st.floats(1e-6, 1e6),
)
def test_scaling_by_a_power_of_two_changes_nothing(values, scale):
    scale = 2.0 ** round(np.log2(scale))
    row = np.array(values)
    first = resolve(row, precision="float64")
    second = resolve(scale * row, precision="float64")
    if np.abs(row[row != 0]).min(initial=1) > 1e-200:
        np.testing.assert_array_equal(first.status, second.status)
    # every number is accounted for, and what is resolved is distinct
    assert sum(first.counted(s) for s in range(5)) == row.size
    resolved = np.concatenate([np.empty(0), *first.runs])
    assert resolved.size == first.count
    assert (np.diff(resolved) > first.threshold).all()


def test_bad_factors_are_refused():
    with pytest.raises(ValueError, match="factor: expected a positive"):
        resolve(np.array([1.0]), factor=0.0)
