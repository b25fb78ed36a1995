"""Operators on flat vectors, and the checks by which they prove themselves."""

from eigenscape.curvature.operators.algebra import Scaled, Shifted, Sum
from eigenscape.curvature.operators.checks import check_deterministic, check_symmetric
from eigenscape.curvature.operators.dense import Dense
from eigenscape.curvature.operators.hessian import Hessian
from eigenscape.curvature.operators.operator import LinearOperator

__all__ = [
    "Dense",
    "Hessian",
    "LinearOperator",
    "Scaled",
    "Shifted",
    "Sum",
    "check_deterministic",
    "check_symmetric",
]
