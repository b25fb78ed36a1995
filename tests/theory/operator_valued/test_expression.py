from __future__ import annotations

import pytest

from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.operator_valued.expression import (
    Expression,
    adjoint_factors,
    free_variable,
)

X = free_variable(Semicircle(1.0))
Y = free_variable(Semicircle(1.0), "Y")


def test_variables_of_one_law_are_not_one_variable():
    assert X != Y
    assert X == X + 0
    assert hash(X) == hash(1 * X)


def test_arithmetic_of_a_ring():
    assert X + Y == Y + X
    assert X * Y != Y * X
    assert Expression({}) == X - X
    assert 2 - X == -(X - 2)
    assert (X * 2 * Y) / 2 == X * Y
    assert Expression({}) == X * 0
    assert X**0 == X**1 - X + 1
    assert X**3 == X * X * X
    assert X.inverse() * X.inverse() == X**-2


def test_products_of_sums_stay_brackets():
    square = (X + Y) ** 2
    assert len(square.terms) == 1
    (factors,) = square.terms
    assert factors == (X + Y, Y + X)


def test_adjoint():
    word = 1j * X * Y
    assert word.adjoint() == -1j * Y * X
    assert (word + word.adjoint()).adjoint() == word + word.adjoint()
    inverse = (2 + word).inverse()
    assert inverse.adjoint() == (2 + word.adjoint()).inverse()
    assert inverse.adjoint().adjoint() == inverse
    (factors,) = ((X + word) * Y).terms
    assert adjoint_factors(adjoint_factors(factors)) == factors


def test_only_numbers_divide():
    with pytest.raises(TypeError):
        _ = X / Y
