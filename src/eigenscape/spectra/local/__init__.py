"""Local and long-range statistics of levels, with errors that know of correlations."""

from eigenscape.spectra.local.analysis import (
    LocalStatistics,
    local_statistics,
)
from eigenscape.spectra.local.diagnosis import (
    Diagnosis,
)
from eigenscape.spectra.local.eigenvalues import Spectra, above_cutoff
from eigenscape.spectra.local.form_factor import Taper, form_factor
from eigenscape.spectra.local.goodness import (
    Distribution,
    KolmogorovTest,
    kolmogorov_test,
)
from eigenscape.spectra.local.number_variance import number_variance
from eigenscape.spectra.local.published import (
    PublishedStatistics,
    as_published,
)
from eigenscape.spectra.local.ratios import SpacingRatios, spacing_ratios
from eigenscape.spectra.local.resolution import (
    Resolution,
    resolve,
)
from eigenscape.spectra.local.rigidity import spectral_rigidity
from eigenscape.spectra.local.spacings import spacing_test, spacings
from eigenscape.spectra.local.staircase import (
    unfold_staircase,
)
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
from eigenscape.spectra.local.verdict import (
    Verdict,
)

__all__ = [
    "Diagnosis",
    "Distribution",
    "KolmogorovTest",
    "LevelStatistic",
    "LocalStatistics",
    "PublishedStatistics",
    "Resolution",
    "SpacingRatios",
    "Spectra",
    "Taper",
    "UnfoldedLevels",
    "UnfoldingWarning",
    "Verdict",
    "above_cutoff",
    "as_published",
    "form_factor",
    "kolmogorov_test",
    "local_statistics",
    "number_variance",
    "resolve",
    "spacing_ratios",
    "spacing_test",
    "spacings",
    "spectral_rigidity",
    "two_point_cluster",
    "unfold",
    "unfold_kernel",
    "unfold_polynomial",
    "unfold_pooled",
    "unfold_staircase",
]
