"""The exceptions a caller may want to catch; bad arguments raise ValueError."""


class ConvergenceError(RuntimeError):
    """Report that an iterative verb did not meet its tolerance.

    Attributes:
        iterations: Iterations done.
        residual: The residual reached, in the units of the tolerance.
    """

    def __init__(self, what: str, *, iterations: int, residual: float, remedy: str):
        super().__init__(
            f"{what} did not converge: residual {residual:.3g} after "
            f"{iterations} iterations; {remedy}"
        )
        self.iterations = iterations
        self.residual = residual


class NondeterministicOperatorError(ValueError):
    """Report that the same product, evaluated twice, gave two answers."""


class StorageError(ValueError):
    """Report a result directory that exists already, is damaged or is foreign."""


class MissingDataError(ValueError):
    """Report that a data set is not installed, and say which package ships it."""
