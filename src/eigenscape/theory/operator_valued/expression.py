"""Expressions in free variables: sums, products, powers, adjoints and inverses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eigenscape.theory.laws.law import Law


@dataclass(frozen=True, eq=False)
class Symbol:
    """A free self-adjoint variable; two of the same law are two variables.

    Attributes:
        law: Its law.
        name: How it is written.
    """

    law: Law
    name: str


@dataclass(frozen=True)
class Inverse:
    """The inverse of an expression, as a factor of a product.

    Attributes:
        of: What is inverted.
    """

    of: Expression


Scalar = int | float | complex
Factors = tuple["Symbol | Inverse | Expression", ...]


@dataclass(frozen=True, eq=False)
class Expression:
    """The sum of cᵢ fᵢ₁ fᵢ₂ ⋯, with symbols, inverses and brackets as factors.

    Made by `free_variable` and arithmetic; a product of sums stays a product of
    brackets, since its linearisation is smaller than that of what it expands to.

    Attributes:
        terms: cᵢ by its factors; the constant has none.
    """

    terms: Mapping[Factors, complex]

    def __add__(self, other: Expression | Scalar) -> Expression:
        terms = dict(self.terms)
        for factors, coefficient in _expression(other).terms.items():
            terms[factors] = terms.get(factors, 0) + coefficient
        return Expression({f: c for f, c in terms.items() if c != 0})

    __radd__ = __add__

    def __neg__(self) -> Expression:
        return self * (-1.0)

    def __sub__(self, other: Expression | Scalar) -> Expression:
        return self + -_expression(other)

    def __rsub__(self, other: Scalar) -> Expression:
        return _expression(other) - self

    def __mul__(self, other: Expression | Scalar) -> Expression:
        return _product(self, _expression(other))

    def __rmul__(self, other: Scalar) -> Expression:
        return _product(_expression(other), self)

    def __truediv__(self, other: Scalar) -> Expression:
        return self * (1 / complex(other))

    def __pow__(self, exponent: int) -> Expression:
        if exponent < 0:
            return self.inverse() ** -exponent
        power = _expression(1)
        for _ in range(exponent):
            power *= self
        return power

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and dict(self.terms) == dict(other.terms)

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def inverse(self) -> Expression:
        """Invert.

        Returns:
            The inverse, which has to be bounded for a law to be found.
        """
        return Expression({(Inverse(self),): 1 + 0j})

    def adjoint(self) -> Expression:
        """Take the adjoint.

        Returns:
            The expression with factors reversed and coefficients conjugated.
        """
        return Expression({
            adjoint_factors(f): complex(c).conjugate() for f, c in self.terms.items()
        })


def free_variable(law: Law, name: str = "X") -> Expression:
    """Introduce a self-adjoint variable, free from all others.

    Args:
        law: Its law.
        name: How it is written in messages.

    Returns:
        The variable as an expression.
    """
    return Expression({(Symbol(law, name),): 1 + 0j})


def adjoint_factors(factors: Factors) -> Factors:
    """Reverse the factors of a product and take the adjoint of each.

    Args:
        factors: The factors.

    Returns:
        The factors of the adjoint.
    """
    return tuple(_adjoint_factor(factor) for factor in reversed(factors))


def _adjoint_factor(
    factor: Symbol | Inverse | Expression,
) -> Symbol | Inverse | Expression:
    match factor:
        case Symbol():
            return factor
        case Inverse(of):
            return Inverse(of.adjoint())
        case Expression():
            return factor.adjoint()


def _expression(value: Expression | Scalar) -> Expression:
    if isinstance(value, Expression):
        return value
    return Expression({(): complex(value)} if value != 0 else {})


def _product(first: Expression, second: Expression) -> Expression:
    for scalar, other in ((first, second), (second, first)):
        if not any(scalar.terms):
            scale = scalar.terms.get((), 0)
            return Expression({f: scale * c for f, c in other.terms.items() if scale})
    left, coefficient = _bracketed(first)
    right, other_coefficient = _bracketed(second)
    return Expression({left + right: coefficient * other_coefficient})


def _bracketed(expression: Expression) -> tuple[Factors, complex]:
    if len(expression.terms) == 1:
        return next(iter(expression.terms.items()))
    return (expression,), 1 + 0j
