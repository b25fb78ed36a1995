"""Operators on flat vectors, and the checks by which they prove themselves."""

from eigenscape.curvature.operators.algebra import Scaled, Shifted, Sum
from eigenscape.curvature.operators.batch_noise import batch_noise
from eigenscape.curvature.operators.block_diagonal import BlockDiagonal
from eigenscape.curvature.operators.checks import (
    check_derivatives,
    check_deterministic,
    check_symmetric,
)
from eigenscape.curvature.operators.dense import Dense
from eigenscape.curvature.operators.fisher import Fisher
from eigenscape.curvature.operators.gauss_newton import GaussNewton
from eigenscape.curvature.operators.gradient_covariance import GradientCovariance
from eigenscape.curvature.operators.hessian import Hessian
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.operators.residual import Residual
from eigenscape.curvature.operators.restricted import Deflated, Restricted
from eigenscape.curvature.operators.risk_operator import RiskOperator

__all__ = [
    "BlockDiagonal",
    "Deflated",
    "Dense",
    "Fisher",
    "GaussNewton",
    "GradientCovariance",
    "Hessian",
    "LinearOperator",
    "Residual",
    "Restricted",
    "RiskOperator",
    "Scaled",
    "Shifted",
    "Sum",
    "batch_noise",
    "check_derivatives",
    "check_deterministic",
    "check_symmetric",
]
