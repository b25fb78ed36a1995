"""Floor 2: what random-matrix theory says; NumPy and SciPy only."""

from eigenscape.theory.laws import (
    Affine,
    Atom,
    Discrete,
    FreeMeixner,
    Interval,
    KestenMcKay,
    Law,
    MarchenkoPastur,
    Semicircle,
)
from eigenscape.theory.outliers import (
    outlier_location,
    outlier_overlap,
    spike_threshold,
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
    "Atom",
    "Discrete",
    "FreeMeixner",
    "Interval",
    "KestenMcKay",
    "Law",
    "MarchenkoPastur",
    "Semicircle",
    "cdf",
    "free_cumulants",
    "moments",
    "outlier_location",
    "outlier_overlap",
    "quantile",
    "r_transform",
    "spike_threshold",
    "stieltjes_range",
]
