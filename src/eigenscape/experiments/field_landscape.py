"""A Gaussian loss as a model of networks: spectra, gradients, hardness of training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eigenscape.core import stream
from eigenscape.experiments.experiment import Experiment
from eigenscape.landscape.field_hessian import FieldHessian
from eigenscape.landscape.field_landscape import (
    FieldLandscape,
    FieldSpectra,
    GradientIndependence,
    sample_gradients,
)
from eigenscape.landscape.stationary_field import StationaryKernel
from eigenscape.landscape.training_hardness import (
    BEST_ERRORS,
    BEST_LOSSES,
    EPOCHS,
    HardnessFit,
    fit_hardness,
)
from eigenscape.spectra.local.published import as_published
from eigenscape.spectra.local.ratios import spacing_ratios

_CURVATURES = (1e-4, 0.1, 1.0, 10.0)
_DEGENERATE_CURVATURES = (1e-3, 0.01, 0.1)
_SCALES = (5.0, 10.0)
_GRID = 400
_ROUNDINGS = 10 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class FieldLandscapeConfig:
    """Sizes of the sampled matrices and losses.

    Attributes:
        size: n of the plain Hessians.
        samples: Spectra of each.
        degenerate_size: n of those with zero rows and outliers.
        degenerate_samples: Spectra of each.
        zero_rows: Their zero rows.
        outliers: Their outliers.
        dimension: n of the losses whose gradients are compared.
        losses: How many of them.
        seed: Master seed.
    """

    size: int = 300
    samples: int = 100
    degenerate_size: int = 500
    degenerate_samples: int = 300
    zero_rows: int = 100
    outliers: int = 20
    dimension: int = 10
    losses: int = 1000
    seed: int = 0


def models(config: FieldLandscapeConfig) -> dict[str, FieldHessian]:
    """List the models of the Hessian: the published ones, and the derived spin glass.

    Args:
        config: The configuration.

    Returns:
        The models by name.
    """
    n, found = config.size, dict[str, FieldHessian]()
    for slope in (0.0, 1.0):
        for curvature in _CURVATURES:
            name = f"k′ = {slope:g}, k″ = {curvature:g}"
            found[name] = FieldHessian(n, slope, curvature, convention="published")
    for value in (1.0, 2.0):
        name = f"k′ = 1, k″ = 1, given L, k = {value:g}"
        found[name] = FieldHessian(n, 1.0, 1.0, value, "published")
    for convention in ("published", "derived"):
        name = f"spin glass of three, shift as {convention}"
        found[name] = FieldHessian(n, 3.0, 6.0, None, convention)
    for curvature in _DEGENERATE_CURVATURES:
        for scale in _SCALES:
            name = f"zero rows, outliers of {scale:g}, k″ = {curvature:g}"
            found[name] = FieldHessian(
                config.degenerate_size,
                0.0,
                curvature,
                None,
                "published",
                config.zero_rows,
                config.outliers,
                scale,
            )
    return found


def run(config: FieldLandscapeConfig, directory: Path) -> FieldLandscape:
    """Sample spectra and gradients, and fit the published trainings.

    Args:
        config: The configuration.
        directory: Not used: nothing is trained.

    Returns:
        All of it.
    """
    del directory
    spectra = tuple(
        _spectra(
            name,
            model,
            config.degenerate_samples if model.zero_rows else config.samples,
            rng=stream(config.seed, "spectra", name),
        )
        for name, model in models(config).items()
    )
    gradients = sample_gradients(
        StationaryKernel(np.array([1.0]), np.array([1.0])),
        np.linspace(0.0, 4.0, 17),
        config.dimension,
        config.losses,
        rng=stream(config.seed, "gradients"),
    )
    return FieldLandscape(spectra, gradients, _hardness())


def measure(found: FieldLandscape) -> dict[str, float]:
    """Compute what the acceptance is about.

    Args:
        found: The result.

    Returns:
        The quantities by name.
    """
    means = [s.published_mean for s in found.spectra]
    plain = [s for s in found.spectra if s.model.slope == 0 and not s.model.zero_rows]
    reach = [np.abs(s.eigenvalues).max(1).mean() / s.model.radius for s in plain]
    fits = {(f.name, f.form): f for f in found.hardness}
    loss = fits["loss", "exponential"]
    return {
        "published mean ratio, smallest": min(means),
        "published mean ratio, largest": max(means),
        "published total variation of ratios, largest": max(
            s.published_distance for s in found.spectra
        ),
        "mean ratio, farthest from that of all in standard errors": _spread(
            found.spectra
        ),
        "largest eigenvalue over the edge, worst error": max(
            abs(float(r) - 1) for r in reach
        ),
        "gradients, farthest from closed form in standard errors": _gradient_error(
            found.gradients
        ),
        "loss of infinite training, exponential": loss.floor,
        "rate of the loss, exponential": loss.rate,
        "information against the exponential, least": min(
            fits[name, "exponential"].information_criterion
            - fits[name, "power"].information_criterion
            for name in ("loss", "error")
        ),
    }


def _spectra(
    name: str, model: FieldHessian, samples: int, *, rng: np.random.Generator
) -> FieldSpectra:
    values = model.sample_eigenvalues(samples, rng=rng)
    published = as_published(values)
    scaled = values / (_ROUNDINGS * np.abs(values).max(1, keepdims=True))
    bulk = scaled[:, : model.dimension - model.outliers]
    reach = model.radius + 4 * math.sqrt(model.shift_variance)
    grid = np.linspace(-reach, reach, _GRID)
    return FieldSpectra(
        name,
        model,
        values,
        grid,
        model.density(grid),
        published.ratio_mean,
        published.ratio_total_variation,
        spacing_ratios(bulk, cutoff=1.0).mean(),
    )


def _spread(spectra: tuple[FieldSpectra, ...]) -> float:
    values = np.array([s.ratio.value for s in spectra])
    errors = np.array([s.ratio.standard_error for s in spectra])
    centre = (values / errors**2).sum() / (1 / errors**2).sum()
    return float((np.abs(values - centre) / errors).max())


def _gradient_error(found: GradientIndependence) -> float:
    along = np.abs(found.sampled_along - found.along) / found.along_errors
    across = np.abs(found.sampled_across - found.across) / found.across_errors
    return float(max(along.max(), across.max()))


def _hardness() -> tuple[HardnessFit, ...]:
    return tuple(
        fit_hardness(name, EPOCHS, values, form=form)
        for name, values in (("loss", BEST_LOSSES), ("error", BEST_ERRORS))
        for form in ("exponential", "power")
    )


EXPERIMENT = Experiment(
    "field-landscape", FieldLandscapeConfig, FieldLandscape, run, measure
)
