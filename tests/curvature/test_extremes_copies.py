"""Multiple eigenvalues: every copy is found, at little cost."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dense_operators import (
    BULK,
    SPECTRA,
    assert_pairs,
    generator,
    operator_of,
    wanted,
)
from eigenscape.curvature import Dense, extreme_eigenpairs


@pytest.mark.parametrize("multiplicity", [2, 3, 4, 5])
@pytest.mark.parametrize("block", [1, 2, 3])
def test_multiple_eigenvalues(multiplicity: int, block: int) -> None:
    values = np.concatenate([BULK, np.repeat([4.0, 2.0], multiplicity)])
    operator = operator_of(values)
    count = multiplicity + 2
    found = extreme_eigenpairs(
        operator, count, tolerance=1e-8, block=block, generator=generator()
    )
    assert_pairs(found, operator, 1e-8)
    expected = wanted(values, count, "largest")
    np.testing.assert_allclose(found.values, expected, atol=4e-8)


@pytest.mark.parametrize("block", [2, 3])
def test_a_block_sees_as_many_copies_without_verification(block: int) -> None:
    values = np.concatenate([BULK, np.full(block, 5.0)])
    found = extreme_eigenpairs(
        operator_of(values),
        block,
        tolerance=1e-6,
        block=block,
        generator=generator(),
        verify=False,
    )
    np.testing.assert_allclose(found.values, 5, atol=5e-6)


def test_copies_in_the_blocks_of_a_direct_sum() -> None:
    matrix = np.random.default_rng(3).standard_normal((60, 60))
    matrix += matrix.T
    both = Dense(torch.from_numpy(np.kron(np.eye(2), matrix)))
    found = extreme_eigenpairs(
        both, 3, which="both", tolerance=1e-9, generator=generator()
    )
    values = np.repeat(np.linalg.eigvalsh(matrix), 2)
    np.testing.assert_allclose(
        found.values, wanted(values, 3, "both"), atol=1e-9 * np.abs(values).max()
    )


@given(
    kinds=st.lists(
        st.tuples(
            st.sampled_from([-2.0, -1.0, 0.0, 1e-3, 0.5, 1.0, 3.0]), st.integers(1, 9)
        ),
        min_size=1,
        max_size=5,
    ),
    count=st.integers(1, 5),
    which=st.sampled_from(["largest", "smallest", "both"]),
    block=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_repeated_eigenvalues(kinds, count, which, block, seed) -> None:
    values = np.concatenate([np.full(times, value) for value, times in kinds])
    found = extreme_eigenpairs(
        operator_of(values),
        count,
        which=which,
        block=block,
        tolerance=1e-9,
        generator=generator(seed),
    )
    norm = np.abs(values).max()
    np.testing.assert_allclose(
        found.values, wanted(values, count, which), atol=1e-9 * norm + 1e-15
    )


def test_without_verification_a_copy_is_missed() -> None:
    operator = operator_of(SPECTRA["double at the top"])
    arguments = {"count": 2, "tolerance": 1e-3}
    quick = extreme_eigenpairs(
        operator, **arguments, generator=generator(), verify=False
    )
    sure = extreme_eigenpairs(operator, **arguments, generator=generator())
    assert quick.values == pytest.approx([5, 4], abs=1e-3)
    assert sure.values == pytest.approx([5, 5], abs=1e-3)
    assert quick.products < sure.products


def test_without_verification_an_invariant_space_is_a_sign_of_copies() -> None:
    found = extreme_eigenpairs(
        operator_of(SPECTRA["few values"]), 2, generator=generator(), verify=False
    )
    assert found.values == pytest.approx([5, 5], abs=1e-9)


def test_copies_are_not_looked_for_again_and_again() -> None:
    found = extreme_eigenpairs(
        operator_of(SPECTRA["few values"]), 6, tolerance=1e-8, generator=generator()
    )
    # at most one run a pair and one that adds nothing, each ended by its invariant
    # space after 3 distinct values (or 4, by rounding); then 6 products to check
    assert found.products <= (6 + 1) * 4 + 6
