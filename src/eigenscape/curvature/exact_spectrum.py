"""All eigenvalues of a curvature matrix, by the cheapest route its structure allows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float

from eigenscape.curvature.estimators.columns import CHUNK
from eigenscape.curvature.exact import MAX_ENTRIES, exact_matrix, nonzero_rows
from eigenscape.curvature.gauss_newton_root import gauss_newton_root, root_size
from eigenscape.curvature.input_span import input_span
from eigenscape.curvature.operators.gauss_newton import GaussNewton
from eigenscape.curvature.operators.hessian import Hessian
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.operators.risk_operator import RiskOperator
from eigenscape.curvature.softmax_regression import (
    is_gauss_newton,
    is_linear,
    softmax_regression_matrix,
)
from eigenscape.spectra.exact_spectrum import ROUNDINGS, ExactSpectrum


def exact_spectrum(
    operator: LinearOperator,
    *,
    structure: bool = True,
    roundings: float = ROUNDINGS,
    chunk: int = CHUNK,
    max_entries: int = MAX_ENTRIES,
    checkpoint: Path | None = None,
    progress: bool = False,
) -> ExactSpectrum:
    """Compute all eigenvalues of an operator in float64, and say which are resolved.

    In order, where they apply: the weights of a first linear layer are restricted to
    the span of the inputs; a Gauss-Newton matrix of few examples is taken from the
    singular values of a root; that of softmax regression is assembled in blocks of
    classes; any other from its products with the basis vectors, without the rows that
    vanish, and block by block where nothing couples the blocks.

    Eigenvalues are resolved above c ε ‖H‖, or above (c ε)² ‖H‖ from singular values,
    c the root of the number of rows, at least ``roundings``; the computation itself may
    lie off by as much. For 9,699 rows of a network, zeros came out up to 15 ε ‖H‖ and
    all eigenvalues within 58 ε ‖H‖ of those by another route.

    Args:
        operator: The operator; one of a risk is computed on a float64 copy.
        structure: Whether to use structure beyond rows that vanish and blocks.
        roundings: The least c.
        chunk: Columns computed through the same graphs.
        max_entries: Most entries of a matrix to compute, as a guard.
        checkpoint: A file that keeps the columns of an interrupted run.
        progress: Whether to show a bar on standard error.

    Returns:
        The spectrum. More entries than the guard allows raise a ValueError, as do
        examples that feel each other in a Gauss-Newton matrix.
    """
    if isinstance(operator, RiskOperator):
        operator = operator.over(operator.risk.double())
    size, zero_rows = operator.size, operator.size - len(nonzero_rows(operator))
    route, values, squared = "", None, False
    if structure and isinstance(operator, Hessian | GaussNewton):
        span = input_span(operator)
        if span is not None:
            operator = span.operator
            route = f"span of the inputs, {span.basis.shape[1]} of {len(span.basis)}; "
        if is_gauss_newton(operator):
            values, squared, way = _gauss_newton(operator, max_entries)
            route += way
    if values is None:
        matrix = exact_matrix(
            operator,
            chunk=chunk,
            max_entries=max_entries,
            checkpoint=checkpoint,
            progress=progress,
        )
        values = matrix.nonzero_eigenvalues()
        route += f"{len(matrix.support)} columns, {len(matrix.blocks())} blocks"
    relative = max(roundings, len(values) ** 0.5) * float(np.finfo(np.float64).eps)
    resolution = (relative**2 if squared else relative) * np.abs(values).max(
        initial=0.0
    )
    return ExactSpectrum(values, size, zero_rows, float(resolution), route)


def _gauss_newton(
    operator: RiskOperator, max_entries: int
) -> tuple[Float[np.ndarray, " k"] | None, bool, str]:
    """Compute the eigenvalues of a Gauss-Newton matrix with structure, if it has any.

    Args:
        operator: The operator.
        max_entries: Most entries of a matrix.

    Returns:
        The eigenvalues or None, whether they are squared singular values, and how they
        came about.
    """
    rows = root_size(operator.risk)
    if rows <= operator.size and rows * operator.size <= max_entries:
        root = gauss_newton_root(operator.risk)
        squares = np.linalg.svd(root, compute_uv=False)[::-1] ** 2
        return squares, True, f"singular values of {rows} rows"
    if is_linear(operator.risk) and operator.size**2 <= max_entries:
        matrix = softmax_regression_matrix(operator.risk)
        if matrix is not None:
            values = np.linalg.eigvalsh(matrix)
            return values, False, f"{len(matrix)} contrasts of classes"
    return None, False, ""
