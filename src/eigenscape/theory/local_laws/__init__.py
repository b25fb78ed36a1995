"""Eigenvalues on the scale of their spacing: reference curves for β = 0, 1, 2, 4.

β = 0 stands for Poisson, levels without repulsion. Levels are unfolded, of mean
density one.
"""

from eigenscape.theory.local_laws.number_variance import (
    number_variance,
    spectral_rigidity,
)
from eigenscape.theory.local_laws.ratios import (
    mean_ratio,
    ratio_surmise_cdf,
    ratio_surmise_mean,
    ratio_surmise_pdf,
)
from eigenscape.theory.local_laws.spacings import (
    gap_probability,
    spacing_cdf,
    spacing_pdf,
)
from eigenscape.theory.local_laws.superposition import (
    superposed_number_variance,
    superposed_ratio_pdf,
    superposed_ratio_surmise_mean,
    superposed_rigidity,
    superposed_spacing_pdf,
)
from eigenscape.theory.local_laws.surmises import (
    wigner_surmise_cdf,
    wigner_surmise_pdf,
)
from eigenscape.theory.local_laws.two_point import form_factor, two_point_cluster

__all__ = [
    "form_factor",
    "gap_probability",
    "mean_ratio",
    "number_variance",
    "ratio_surmise_cdf",
    "ratio_surmise_mean",
    "ratio_surmise_pdf",
    "spacing_cdf",
    "spacing_pdf",
    "spectral_rigidity",
    "superposed_number_variance",
    "superposed_ratio_pdf",
    "superposed_ratio_surmise_mean",
    "superposed_rigidity",
    "superposed_spacing_pdf",
    "two_point_cluster",
    "wigner_surmise_cdf",
    "wigner_surmise_pdf",
]
