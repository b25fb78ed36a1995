"""Floor 2: what random-matrix theory says; NumPy and SciPy only."""

from eigenscape.theory.averaging_risk import (
    NoisyQuadratic,
    averaged_risk,
    best_average,
    last_risk,
)
from eigenscape.theory.convolution.additive import (
    free_additive_convolution,
)
from eigenscape.theory.convolution.compression import (
    free_compression,
    free_convolution_power,
)
from eigenscape.theory.convolution.multiplicative import (
    free_multiplicative_convolution,
    multiplicative_subordination,
)
from eigenscape.theory.convolution.subordination import (
    subordination,
)
from eigenscape.theory.deconvolution import Deconvolution, free_deconvolution
from eigenscape.theory.edge_law import (
    EdgeLaw,
    edge_law,
    edge_p_value,
    gaussian_edge_law,
    wishart_edge_law,
)
from eigenscape.theory.eigenvector_universality import (
    ErgodicityTest,
    ergodicity_test,
)
from eigenscape.theory.iterate_averaging import (
    AveragedIterates,
    averaged_iterate,
    frequency_cost,
    last_iterate,
    long_average,
)
from eigenscape.theory.laws import (
    Affine,
    Arcsine,
    Atom,
    Cauchy,
    Discrete,
    FreeBinomial,
    FreeMeixner,
    FreePoisson,
    FussCatalan,
    Interval,
    Jacobi,
    KestenMcKay,
    Law,
    MarchenkoPastur,
    Mixture,
    Semicircle,
    Uniform,
)
from eigenscape.theory.log_potential import (
    log_potential,
)
from eigenscape.theory.mean_square_stability import (
    mean_square_rate,
)
from eigenscape.theory.multiplicative_outliers import (
    multiplicative_outliers,
    multiplicative_spike_threshold,
)
from eigenscape.theory.noisy_resolvent import (
    EffectiveDamping,
    NoisyCurvature,
    NoisyStep,
)
from eigenscape.theory.outliers import (
    Outlier,
    outlier_location,
    outlier_overlap,
    outliers,
    spike_threshold,
)
from eigenscape.theory.s_transform import (
    s_transform,
)
from eigenscape.theory.sampling import (
    sample,
)
from eigenscape.theory.sampling_noise import (
    SampledOutliers,
    batch_bulk_law,
    sampled_outliers,
    sampling_noise_law,
    sampling_shift,
)
from eigenscape.theory.tracy_widom import (
    tracy_widom_cdf,
    tracy_widom_moments,
    tracy_widom_pdf,
    tracy_widom_quantile,
    tracy_widom_sf,
)
from eigenscape.theory.transforms import (
    cdf,
    free_cumulants,
    moments,
    quantile,
    r_transform,
    stieltjes_range,
)

__all__ = [
    "Affine",
    "Arcsine",
    "Atom",
    "AveragedIterates",
    "Cauchy",
    "Deconvolution",
    "Discrete",
    "EdgeLaw",
    "EffectiveDamping",
    "ErgodicityTest",
    "FreeBinomial",
    "FreeMeixner",
    "FreePoisson",
    "FussCatalan",
    "Interval",
    "Jacobi",
    "KestenMcKay",
    "Law",
    "MarchenkoPastur",
    "Mixture",
    "NoisyCurvature",
    "NoisyQuadratic",
    "NoisyStep",
    "Outlier",
    "SampledOutliers",
    "Semicircle",
    "Uniform",
    "averaged_iterate",
    "averaged_risk",
    "batch_bulk_law",
    "best_average",
    "cdf",
    "edge_law",
    "edge_p_value",
    "ergodicity_test",
    "free_additive_convolution",
    "free_compression",
    "free_convolution_power",
    "free_cumulants",
    "free_deconvolution",
    "free_multiplicative_convolution",
    "frequency_cost",
    "gaussian_edge_law",
    "last_iterate",
    "last_risk",
    "log_potential",
    "long_average",
    "mean_square_rate",
    "moments",
    "multiplicative_outliers",
    "multiplicative_spike_threshold",
    "multiplicative_subordination",
    "outlier_location",
    "outlier_overlap",
    "outliers",
    "quantile",
    "r_transform",
    "s_transform",
    "sample",
    "sampled_outliers",
    "sampling_noise_law",
    "sampling_shift",
    "spike_threshold",
    "stieltjes_range",
    "subordination",
    "tracy_widom_cdf",
    "tracy_widom_moments",
    "tracy_widom_pdf",
    "tracy_widom_quantile",
    "tracy_widom_sf",
    "wishart_edge_law",
]
