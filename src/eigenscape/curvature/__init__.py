"""Floor 4: measure curvature; torch begins here, and NumPy float64 leaves."""

from eigenscape.curvature.block_spectra import block_spectral_measures
from eigenscape.curvature.curvature_variance import (
    CurvatureVariance,
    NonFiniteCurvatureError,
    block_curvature_variance,
    curvature_variance,
)
from eigenscape.curvature.diagonal import DiagonalEstimate, diagonal
from eigenscape.curvature.exact import ExactMatrix, exact_matrix
from eigenscape.curvature.exact_spectrum import (
    exact_spectrum,
)
from eigenscape.curvature.example_curvature import (
    ExampleCurvature,
    example_curvature,
    example_gram,
)
from eigenscape.curvature.extremes import Eigenpairs, extreme_eigenpairs
from eigenscape.curvature.frobenius import frobenius_norm
from eigenscape.curvature.krylov.lanczos import Krylov, Ritz, lanczos, ritz
from eigenscape.curvature.log_determinant import log_determinant
from eigenscape.curvature.operators import (
    BlockDiagonal,
    Deflated,
    Dense,
    Fisher,
    GaussNewton,
    GradientCovariance,
    Hessian,
    LinearOperator,
    Residual,
    Restricted,
    RiskOperator,
    Scaled,
    Shifted,
    Sum,
    batch_noise,
    check_derivatives,
    check_deterministic,
    check_symmetric,
)
from eigenscape.curvature.plan import Forecast, plan
from eigenscape.curvature.population_curvature import (
    population_curvature,
)
from eigenscape.curvature.quadrature import spectral_measure
from eigenscape.curvature.residual_noise import (
    residual_noise,
)
from eigenscape.curvature.risk import EmpiricalRisk
from eigenscape.curvature.single_precision import (
    single_precision_eigenvalues,
)
from eigenscape.curvature.trace import trace

__all__ = [
    "BlockDiagonal",
    "CurvatureVariance",
    "Deflated",
    "Dense",
    "DiagonalEstimate",
    "Eigenpairs",
    "EmpiricalRisk",
    "ExactMatrix",
    "ExampleCurvature",
    "Fisher",
    "Forecast",
    "GaussNewton",
    "GradientCovariance",
    "Hessian",
    "Krylov",
    "LinearOperator",
    "NonFiniteCurvatureError",
    "Residual",
    "Restricted",
    "RiskOperator",
    "Ritz",
    "Scaled",
    "Shifted",
    "Sum",
    "batch_noise",
    "block_curvature_variance",
    "block_spectral_measures",
    "check_derivatives",
    "check_deterministic",
    "check_symmetric",
    "curvature_variance",
    "diagonal",
    "exact_matrix",
    "exact_spectrum",
    "example_curvature",
    "example_gram",
    "extreme_eigenpairs",
    "frobenius_norm",
    "lanczos",
    "log_determinant",
    "plan",
    "population_curvature",
    "residual_noise",
    "ritz",
    "single_precision_eigenvalues",
    "spectral_measure",
    "trace",
]
