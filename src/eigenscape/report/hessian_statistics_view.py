"""The figures of local statistics of Hessians, and of a Gaussian loss."""

from __future__ import annotations

from itertools import groupby

from eigenscape.landscape.field_landscape import FieldLandscape
from eigenscape.report.figures.field_landscape import (
    field_density,
    field_ratios,
    gradient_independence,
    hardness,
)
from eigenscape.report.figures.hessian_statistics import (
    eigenvalue_sizes,
    mean_ratios,
    ratio_densities,
)
from eigenscape.report.notation import sentence
from eigenscape.report.view import Figure
from eigenscape.spectra.network_spectra import HessianStatistics, RatioComparison


def arrange_hessian_statistics(found: HessianStatistics) -> tuple[Figure, ...]:
    """Choose the figures of an experiment on a network.

    Args:
        found: Its result.

    Returns:
        Mean ratios first, then sizes and ratios of each stage and part.
    """
    ratios = Figure(
        "mean-ratios",
        mean_ratios(found),
        f"{found.model} on {found.data}, {found.matrix}, {found.parameters:,} "
        "parameters. Error bars are standard errors over spectra. Eigenvalues of a "
        "float32 matrix below its resolution are rounding, whatever their spacings. "
        "Levels that do not repel would have 0.386.",
    )
    each: list[Figure] = []
    for index, comparison in enumerate(found.sets):
        sizes, caption = eigenvalue_sizes(comparison), _counts(comparison)
        each.append(Figure(f"sizes-{index}", sizes, caption))
        if comparison.resolved is not None:
            panel = ratio_densities(comparison)
            note = "Outliers included; the surmise is that of 3 × 3 matrices."
            each.append(Figure(f"ratios-{index}", panel, note))
    return (ratios, *each)


def arrange_field_landscape(found: FieldLandscape) -> tuple[Figure, ...]:
    """Choose the figures of an experiment on a Gaussian loss.

    Args:
        found: Its result.

    Returns:
        Densities, ratios, gradients and trainings.
    """
    densities = tuple(
        Figure(
            f"density-{index}",
            field_density(spectra),
            f"{len(spectra.eigenvalues)} Hessians of {spectra.model.dimension} rows, "
            f"{spectra.model.zero_rows} of which vanish and are not drawn, with "
            f"{spectra.model.outliers} outliers each, which the curve leaves out.",
        )
        for index, spectra in enumerate(found.spectra, start=1)
    )
    trainings = tuple(
        Figure(
            f"hardness-{name}",
            hardness(tuple(fits)),
            "Each point is a training of its own. Least squares, three numbers a law.",
        )
        for name, fits in groupby(found.hardness, lambda fit: fit.name)
    )
    return (
        *densities,
        Figure("ratios", field_ratios(found), "Error bars: spectra as units."),
        Figure(
            "gradients",
            gradient_independence(found.gradients),
            "Points are sampled losses, lines closed forms of the covariance.",
        ),
        *trainings,
    )


def _counts(comparison: RatioComparison) -> str:
    counts = comparison.resolved_counts
    exact = comparison.spectra.exact[0]
    share = 100 * comparison.rounding_share
    text = (
        f"{len(counts)} spectra of batches of {comparison.spectra.batch_size}; "
        f"{counts.mean():.0f} of {exact.dimension} eigenvalues resolved in float64 in "
        f"the mean ({exact.route})."
    )
    if comparison.spectra.single:
        text += (
            f" Of the float32 eigenvalues above 1e-10, {share:.0f} % lie below the "
            "resolution."
        )
    statistics = comparison.statistics
    told = [f"{d.cause}: {d.sentence}" for d in statistics.diagnoses if d.found]
    return " ".join([text, *map(sentence, [statistics.verdict.sentence, *told])])
