"""The central limit theorem of linear statistics ∑ᵢ f(λᵢ) of a random matrix.

∑ᵢ f(λᵢ) − N ∫ f dρ needs no normalisation: it tends to a Gaussian variable, of a mean
and covariance given here.
"""

from eigenscape.theory.linear_statistics.linear_statistic import LinearStatistic
from eigenscape.theory.linear_statistics.log_determinant import (
    log_determinant_statistics,
)
from eigenscape.theory.linear_statistics.one_cut import (
    one_cut_covariance,
    wigner_statistics,
    wishart_statistics,
)
from eigenscape.theory.linear_statistics.subordinated import (
    deformed_wigner_statistics,
    sample_covariance_statistics,
)

__all__ = [
    "LinearStatistic",
    "deformed_wigner_statistics",
    "log_determinant_statistics",
    "one_cut_covariance",
    "sample_covariance_statistics",
    "wigner_statistics",
    "wishart_statistics",
]
