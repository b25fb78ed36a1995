"""The law of batch Hessians as weighted sums over sampled examples."""

from eigenscape.theory.sampling_noise.additive import (
    sample_additive_outliers,
)
from eigenscape.theory.sampling_noise.bulk import (
    BulkEdge,
    batch_bulk_edge,
    batch_bulk_law,
    sampling_noise_law,
)
from eigenscape.theory.sampling_noise.deterministic import (
    SampledOutliers,
    sampled_outliers,
    sampling_shift,
)
from eigenscape.theory.sampling_noise.finite_size import (
    sample_batch_outliers,
)
from eigenscape.theory.sampling_noise.resampling import (
    resample_batch_outliers,
)

__all__ = [
    "BulkEdge",
    "SampledOutliers",
    "batch_bulk_edge",
    "batch_bulk_law",
    "resample_batch_outliers",
    "sample_additive_outliers",
    "sample_batch_outliers",
    "sampled_outliers",
    "sampling_noise_law",
    "sampling_shift",
]
