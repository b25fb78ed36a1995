import pytest

from eigenscape.core import (
    ConvergenceError,
    MissingDataError,
    NondeterministicOperatorError,
    StorageError,
)


def test_a_convergence_error_says_how_far_and_what_to_try():
    error = ConvergenceError("x", iterations=7, residual=0.25, remedy="try y")
    assert str(error) == ("x did not converge: residual 0.25 after 7 iterations; try y")
    assert (error.iterations, error.residual) == (7, 0.25)


@pytest.mark.parametrize(
    "kind", [MissingDataError, NondeterministicOperatorError, StorageError]
)
def test_errors_of_input_are_value_errors(kind):
    assert issubclass(kind, ValueError)
