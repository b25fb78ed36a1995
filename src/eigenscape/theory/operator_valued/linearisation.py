"""From an expression to a pencil: the linearisation of free polynomials and fractions.

An affine matrix M = [[a, u], [v, Q]] stands for its Schur complement a − u Q⁻¹ v. If M
is Hermitian, the corner of (Λ(z) − M)⁻¹ with Λ(z) = diag(z, 0, …, 0) is the resolvent
of what M stands for.

References:
    Belinschi, Mai and Speicher (2017), Analytic subordination theory of operator-valued
    free additive convolution and the solution of a general random matrix problem,
    Journal für die reine und angewandte Mathematik 732; Helton, Mai and Speicher
    (2018), Applications of realizations (aka linearizations) to free probability,
    Journal of Functional Analysis 274.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from eigenscape.theory.operator_valued.expression import (
    Expression,
    Factors,
    Inverse,
    Symbol,
    adjoint_factors,
)
from eigenscape.theory.operator_valued.pencil import Pencil, pencil_spectrum
from eigenscape.theory.operator_valued.spectrum import PencilSpectrum

_ROUNDING = 1e-14

_Affine = dict[Symbol | None, np.ndarray]
"""The coefficient of every variable, and the constant one under None."""


def linearise(expression: Expression) -> Pencil:
    """Write a self-adjoint expression as the corner of a pencil.

    Args:
        expression: An expression that is self-adjoint term by term; ValueError if not.

    Returns:
        A Hermitian pencil whose Schur complement on the first coordinate it is.
    """
    matrix = _hermitian(expression)
    size = _size(matrix)
    constant = matrix.pop(None, np.zeros((size, size), complex))
    terms = tuple((block, symbol.law) for symbol, block in matrix.items() if symbol)
    return Pencil(constant, terms, corner=1)


def expression_spectrum(expression: Expression) -> PencilSpectrum:
    """Find the spectral distribution of a self-adjoint expression in free variables.

    Args:
        expression: The expression, such as X * Y + Y * X.

    Returns:
        Its law, as the transform and the density.
    """
    return pencil_spectrum(linearise(expression))


def _hermitian(expression: Expression) -> _Affine:
    pending = dict(expression.terms)
    summands: list[_Affine] = []
    while pending:
        factors, coefficient = pending.popitem()
        mirror = adjoint_factors(factors)
        if mirror == factors and abs(coefficient.imag) <= _ROUNDING * abs(coefficient):
            summands.append(_palindrome(factors, coefficient.real))
            continue
        partner = pending.pop(mirror, 0j)
        if abs(partner - coefficient.conjugate()) > _ROUNDING * abs(coefficient):
            message = (
                f"expression: expected a self-adjoint one, got the term {coefficient} "
                f"{factors} without its adjoint; add the adjoint"
            )
            raise ValueError(message)
        summands.append(_with_adjoint(_scaled(_word(factors), coefficient)))
    return _sum(summands)


def _palindrome(factors: Factors, coefficient: float) -> _Affine:
    # c q* h q, with h the factor in the middle, or none.
    half = len(factors) // 2
    root, sign = math.sqrt(abs(coefficient)), math.copysign(1.0, coefficient)
    if half == 0:
        return _scaled_hermitian(_centre(factors), coefficient)
    right = _scaled(_word(factors[-half:]), complex(root))
    centre: _Affine = {None: np.array([[-sign + 0j]])}
    middle = factors[half:-half]
    if middle:
        centre = _scaled_hermitian(_hermitian_factor(middle[0]), sign)
    inner, outer = _size(centre), _size(right) - 1
    core = [1, *range(3, 2 + inner)] if middle else [1]
    landing = 2 if middle else 1
    first = 1 + landing + inner - 1
    rows = [landing, *range(first, first + outer)]
    columns = [0, *range(first + outer, first + 2 * outer)]
    size = first + 2 * outer
    minus: _Affine = {None: np.array([[-1 + 0j]])}
    link = [(minus, [i], [3 - i]) for i in (1, 2) if middle]
    return _assembled(
        size,
        [
            (centre, core, core),
            (right, rows, columns),
            (_adjoint(right), columns, rows),
            *link,
        ],
    )


def _centre(factors: Factors) -> _Affine:
    return (
        _hermitian_factor(factors[0]) if factors else {None: np.ones((1, 1), complex)}
    )


def _hermitian_factor(factor: Symbol | Inverse | Expression) -> _Affine:
    match factor:
        case Symbol():
            return {factor: np.ones((1, 1), complex)}
        case Inverse(of):
            return _inverse(_hermitian(of))
        case Expression():
            return _hermitian(factor)


def _general(expression: Expression) -> _Affine:
    return _sum([_scaled(_word(f), c) for f, c in expression.terms.items()])


def _word(factors: Factors) -> _Affine:
    # f₁ f₂ ⋯ as p = f₂ ⋯ · 1, then f₁ · p.
    if not factors:
        return {None: np.ones((1, 1), complex)}
    first = _factor(factors[0])
    if len(factors) == 1:
        return first
    rest = _word(factors[1:])
    n, m = _size(first), _size(rest)
    size = n + m
    inner, outer = [*range(2, n + 1)], [*range(n + 1, size)]
    return _assembled(
        size,
        [
            (first, [0, *inner], [1, *inner]),
            (rest, [1, *outer], [0, *outer]),
            ({None: np.array([[-1 + 0j]])}, [1], [1]),
        ],
    )


def _factor(factor: Symbol | Inverse | Expression) -> _Affine:
    match factor:
        case Symbol():
            return {factor: np.ones((1, 1), complex)}
        case Inverse(of):
            return _inverse(_general(of))
        case Expression():
            return _general(factor)


def _inverse(matrix: _Affine) -> _Affine:
    size = 1 + _size(matrix)
    block = [*range(1, size)]
    unit: _Affine = {None: np.ones((1, 1), complex)}
    negative = {symbol: -part for symbol, part in matrix.items()}
    return _assembled(
        size, [(unit, [0], [1]), (unit, [1], [0]), (negative, block, block)]
    )


def _sum(summands: Sequence[_Affine]) -> _Affine:
    size = 1
    placed: list[tuple[_Affine, list[int], list[int]]] = []
    for summand in summands:
        inner = _size(summand) - 1
        where = [0, *range(size, size + inner)]
        placed.append((summand, where, where))
        size += inner
    return _assembled(size, placed)


def _with_adjoint(matrix: _Affine) -> _Affine:
    inner = _size(matrix) - 1
    rows, columns = [0, *range(1, 1 + inner)], [0, *range(1 + inner, 1 + 2 * inner)]
    return _assembled(
        1 + 2 * inner, [(matrix, rows, columns), (_adjoint(matrix), columns, rows)]
    )


def _scaled(matrix: _Affine, scale: complex) -> _Affine:
    # The row and the column by the root of its size, the phase on the row.
    root, phase = math.sqrt(abs(scale)), scale / abs(scale)
    size = _size(matrix)
    row, column = np.ones((size, 1), complex), np.ones((1, size), complex)
    row[0], column[0, 0] = phase * root, root
    return {symbol: row * part * column for symbol, part in matrix.items()}


def _scaled_hermitian(matrix: _Affine, scale: float) -> _Affine:
    positive = _scaled(matrix, complex(abs(scale)))
    return (
        positive if scale > 0 else {symbol: -part for symbol, part in positive.items()}
    )


def _adjoint(matrix: _Affine) -> _Affine:
    return {symbol: part.conj().T for symbol, part in matrix.items()}


def _assembled(
    size: int, blocks: Sequence[tuple[_Affine, list[int], list[int]]]
) -> _Affine:
    total: _Affine = {}
    for matrix, rows, columns in blocks:
        for symbol, part in matrix.items():
            whole = total.setdefault(symbol, np.zeros((size, size), complex))
            whole[np.ix_(rows, columns)] += part
    return total


def _size(matrix: _Affine) -> int:
    return len(next(iter(matrix.values()))) if matrix else 1
