"""Floor 3b: complexity of random landscapes; NumPy and SciPy only."""

from eigenscape.landscape.batch_landscape import (
    BatchLandscape,
    determinant_rate,
    gradient_log_density,
    isotropic_log_density,
    minima_switch,
    rough_radius,
)

__all__ = [
    "BatchLandscape",
    "determinant_rate",
    "gradient_log_density",
    "isotropic_log_density",
    "minima_switch",
    "rough_radius",
]
