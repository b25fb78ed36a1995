"""The checks of types and shapes that the other tests rest on."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from beartype import beartype
from jaxtyping import Float, TypeCheckError

import shape_checks
from eigenscape.core import Estimate

RIGHT, WRONG = np.ones(2), np.ones((2, 2))

checked = shape_checks._sampling(typechecker=beartype)


def refused(function, *arguments):
    try:
        function(*arguments)
    except TypeCheckError:
        return True
    return False


def make():
    @checked
    def total(row: Float[np.ndarray, " n"]) -> float:
        return float(row.sum()) if row.any() else row

    return total


def test_the_package_is_checked():
    with pytest.raises(TypeCheckError):
        Estimate("1", 0.1, 3)


def test_first_calls_and_powers_of_two_are_checked_in_every_test():
    total = make()
    assert [n for n in range(1, 130) if refused(total, WRONG)] == [
        *range(1, shape_checks.FIRST + 1),
        64,
        128,
    ]
    shape_checks.begin_test()
    assert refused(total, WRONG)


def test_closures_of_one_definition_count_as_one():
    for _ in range(shape_checks.FIRST):
        assert refused(make(), WRONG)
    assert not refused(make(), WRONG)


def test_what_comes_back_is_checked():
    assert not refused(make(), RIGHT)
    assert refused(make(), np.zeros(2))


def test_fields_of_data_types_are_checked_and_inherited_ones_once():
    @checked
    @dataclasses.dataclass(frozen=True)
    class Row:
        values: Float[np.ndarray, " n"]

    @checked
    class Named(Row):
        name = "row"

    assert refused(Row, WRONG)
    assert refused(Named, WRONG)
    assert Named.__init__ is Row.__init__
    assert not refused(Named, RIGHT)
