"""FieldLandscape: what a stationary Gaussian loss says of networks, sampled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.core import Estimate
from eigenscape.landscape.field_hessian import FieldHessian
from eigenscape.landscape.stationary_field import StationaryKernel, sample_field
from eigenscape.landscape.training_hardness import HardnessFit


@dataclass(frozen=True, eq=False)
class FieldSpectra:
    """Sampled spectra of one model of the Hessian.

    Attributes:
        name: What to call the model.
        model: The model.
        eigenvalues: One spectrum a row, zeros included.
        grid: Points of the line.
        density: Density of the eigenvalues other than outliers and zeros of structure.
        published_mean: Mean of min(r, 1/r) by the published processing.
        published_distance: Its total variation from the surmise.
        ratio: Mean of min(r, 1/r) above the resolution and without the outliers, with
            the error of spectra.
    """

    name: str
    model: FieldHessian
    eigenvalues: Float[np.ndarray, "s N"]
    grid: Float[np.ndarray, " g"]
    density: Float[np.ndarray, " g"]
    published_mean: float
    published_distance: float
    ratio: Estimate


@dataclass(frozen=True, eq=False)
class GradientIndependence:
    """Correlations of gradient components of a loss against the distance of points.

    Attributes:
        dimension: n.
        distances: r.
        along: (k′ − r²k″)/k′(0), of the component along the displacement.
        across: k′/k′(0), of a component across it.
        sampled_along: The same from sampled losses.
        sampled_across: The same from sampled losses.
        along_errors: Standard errors, losses as units.
        across_errors: Standard errors, losses as units.
    """

    dimension: int
    distances: Float[np.ndarray, " m"]
    along: Float[np.ndarray, " m"]
    across: Float[np.ndarray, " m"]
    sampled_along: Float[np.ndarray, " m"]
    sampled_across: Float[np.ndarray, " m"]
    along_errors: Float[np.ndarray, " m"]
    across_errors: Float[np.ndarray, " m"]


@dataclass(frozen=True, eq=False)
class FieldLandscape:
    """Spectra, gradients, and the laws of best loss against epochs.

    Attributes:
        spectra: Model by model.
        gradients: Their independence with distance.
        hardness: Fits to published trainings.
    """

    spectra: tuple[FieldSpectra, ...]
    gradients: GradientIndependence
    hardness: tuple[HardnessFit, ...]


def sample_gradients(
    kernel: StationaryKernel,
    distances: Float[np.ndarray, " m"],
    dimension: int,
    samples: int,
    *,
    waves: int = 200,
    rng: np.random.Generator,
) -> GradientIndependence:
    """Correlate gradients of sampled losses at points on a line.

    Args:
        kernel: The covariance of the loss.
        distances: Of the points from the first one.
        dimension: n, at least 2.
        samples: How many losses.
        waves: Waves of each.
        rng: Source of randomness.

    Returns:
        Closed forms beside estimates.
    """
    points = np.zeros((1 + distances.size, dimension))
    points[1:, 0] = distances
    products = np.empty((samples, distances.size, 2))
    for index in range(samples):
        gradients = sample_field(kernel, points, waves=waves, rng=rng).gradients
        each = gradients[0] * gradients[1:] / kernel.at_zero(1)
        products[index] = np.stack([each[:, 0], each[:, 1:].mean(1)], axis=1)
    along, across = kernel.gradient_correlations(distances)
    means = products.mean(0)
    errors = products.std(0, ddof=1) / np.sqrt(samples)
    return GradientIndependence(
        dimension,
        distances,
        along,
        across,
        means[:, 0],
        means[:, 1],
        errors[:, 0],
        errors[:, 1],
    )
