"""Optimal shrinkage: the eigenvalues that go best with noisy eigenvectors."""

from eigenscape.theory.shrinkage.additive import additive_oracle, additive_shrinkage
from eigenscape.theory.shrinkage.covariance import (
    covariance_oracle,
    covariance_shrinkage,
)
from eigenscape.theory.shrinkage.kernel import KernelLaw
from eigenscape.theory.shrinkage.linear import (
    LinearShrinkage,
    linear_additive_shrinkage,
    linear_covariance_shrinkage,
)
from eigenscape.theory.shrinkage.singular_values import (
    hard_threshold,
    hard_threshold_in_noise,
    median_threshold_factor,
    shrink_singular_values,
)
from eigenscape.theory.shrinkage.spiked import (
    shrink_covariance_spikes,
    shrink_wigner_spikes,
)

__all__ = [
    "KernelLaw",
    "LinearShrinkage",
    "additive_oracle",
    "additive_shrinkage",
    "covariance_oracle",
    "covariance_shrinkage",
    "hard_threshold",
    "hard_threshold_in_noise",
    "linear_additive_shrinkage",
    "linear_covariance_shrinkage",
    "median_threshold_factor",
    "shrink_covariance_spikes",
    "shrink_singular_values",
    "shrink_wigner_spikes",
]
