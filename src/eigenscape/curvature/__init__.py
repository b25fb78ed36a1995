"""Floor 4: measure curvature; torch begins here, and NumPy float64 leaves."""

from eigenscape.curvature.extremes import Eigenpairs, extreme_eigenpairs
from eigenscape.curvature.lanczos import Krylov, Ritz, lanczos, ritz
from eigenscape.curvature.operators import (
    Dense,
    Hessian,
    LinearOperator,
    Scaled,
    Shifted,
    Sum,
    check_deterministic,
    check_symmetric,
)
from eigenscape.curvature.quadrature import spectral_measure
from eigenscape.curvature.risk import EmpiricalRisk
from eigenscape.curvature.trace import trace

__all__ = [
    "Dense",
    "Eigenpairs",
    "EmpiricalRisk",
    "Hessian",
    "Krylov",
    "LinearOperator",
    "Ritz",
    "Scaled",
    "Shifted",
    "Sum",
    "check_deterministic",
    "check_symmetric",
    "extreme_eigenpairs",
    "lanczos",
    "ritz",
    "spectral_measure",
    "trace",
]
