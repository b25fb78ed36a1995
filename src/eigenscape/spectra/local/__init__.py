"""Local and long-range statistics of levels, with errors that know of correlations."""

from eigenscape.spectra.local.eigenvalues import Spectra, above_cutoff
from eigenscape.spectra.local.form_factor import Taper, form_factor
from eigenscape.spectra.local.goodness import (
    Distribution,
    KolmogorovTest,
    kolmogorov_test,
)
from eigenscape.spectra.local.number_variance import number_variance
from eigenscape.spectra.local.ratios import SpacingRatios, spacing_ratios
from eigenscape.spectra.local.rigidity import spectral_rigidity
from eigenscape.spectra.local.spacings import spacing_test, spacings
from eigenscape.spectra.local.statistic import LevelStatistic
from eigenscape.spectra.local.two_point import two_point_cluster
from eigenscape.spectra.local.unfolded import UnfoldedLevels
from eigenscape.spectra.local.unfolding import (
    UnfoldingWarning,
    unfold,
    unfold_kernel,
    unfold_polynomial,
    unfold_pooled,
)

__all__ = [
    "Distribution",
    "KolmogorovTest",
    "LevelStatistic",
    "SpacingRatios",
    "Spectra",
    "Taper",
    "UnfoldedLevels",
    "UnfoldingWarning",
    "above_cutoff",
    "form_factor",
    "kolmogorov_test",
    "number_variance",
    "spacing_ratios",
    "spacing_test",
    "spacings",
    "spectral_rigidity",
    "two_point_cluster",
    "unfold",
    "unfold_kernel",
    "unfold_polynomial",
    "unfold_pooled",
]
