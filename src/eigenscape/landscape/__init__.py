"""Floor 3b: complexity of random landscapes; NumPy and SciPy only."""

from eigenscape.landscape.activation_glass import (
    ActivationGlass,
    activation_factor,
    determinant_factor,
    index_bounds,
)
from eigenscape.landscape.activations import (
    PiecewiseLinear,
    hard_tanh,
    leaky_relu,
    piecewise_linear,
)
from eigenscape.landscape.annealed import (
    cumulative_complexity,
    density_complexity,
    lowest_energy,
    marginal_energy,
)
from eigenscape.landscape.batch_landscape import (
    BatchLandscape,
    determinant_rate,
    gradient_log_density,
    isotropic_log_density,
    minima_switch,
    rough_radius,
)
from eigenscape.landscape.complexity import (
    complexity,
)
from eigenscape.landscape.critical_energy import (
    IndexOnset,
    critical_energy,
    index_onset,
)
from eigenscape.landscape.exact_counts import (
    exact_count,
    log_exact_count,
)
from eigenscape.landscape.field_hessian import (
    FieldHessian,
)
from eigenscape.landscape.gan.complexity import (
    gan_complexity,
    lowest_losses,
)
from eigenscape.landscape.gan.counts import (
    gan_critical_point_count,
)
from eigenscape.landscape.gan.index_bands import (
    IndexBands,
    index_bands,
)
from eigenscape.landscape.gan.model import (
    GanGlass,
)
from eigenscape.landscape.harmonic_well import (
    HarmonicWell,
)
from eigenscape.landscape.hessian_sum import (
    HessianSum,
    compare_hessian_sum,
    free_index,
    measured_spectrum,
)
from eigenscape.landscape.kac_rice import (
    critical_point_count,
)
from eigenscape.landscape.least_squares import (
    LeastSquaresHessian,
)
from eigenscape.landscape.memorisation import (
    Memorisation,
)
from eigenscape.landscape.sharp_counts import (
    log_sharp_count,
)
from eigenscape.landscape.signal import (
    SignalledGlass,
    outlier_rate,
    overlap_complexity,
)
from eigenscape.landscape.spin_glass import (
    SpinGlass,
)
from eigenscape.landscape.stationary_field import (
    StationaryKernel,
    sample_field,
)
from eigenscape.landscape.training_hardness import (
    HardnessFit,
    fit_hardness,
)

__all__ = [
    "ActivationGlass",
    "BatchLandscape",
    "FieldHessian",
    "GanGlass",
    "HardnessFit",
    "HarmonicWell",
    "HessianSum",
    "IndexBands",
    "IndexOnset",
    "LeastSquaresHessian",
    "Memorisation",
    "PiecewiseLinear",
    "SignalledGlass",
    "SpinGlass",
    "StationaryKernel",
    "activation_factor",
    "compare_hessian_sum",
    "complexity",
    "critical_energy",
    "critical_point_count",
    "cumulative_complexity",
    "density_complexity",
    "determinant_factor",
    "determinant_rate",
    "exact_count",
    "fit_hardness",
    "free_index",
    "gan_complexity",
    "gan_critical_point_count",
    "gradient_log_density",
    "hard_tanh",
    "index_bands",
    "index_bounds",
    "index_onset",
    "isotropic_log_density",
    "leaky_relu",
    "log_exact_count",
    "log_sharp_count",
    "lowest_energy",
    "lowest_losses",
    "marginal_energy",
    "measured_spectrum",
    "minima_switch",
    "outlier_rate",
    "overlap_complexity",
    "piecewise_linear",
    "rough_radius",
    "sample_field",
]
