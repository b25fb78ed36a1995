"""The figures of a study of critical points, in the order of the paper."""

from __future__ import annotations

from itertools import groupby

from eigenscape.landscape.critical_point_study import CriticalPointStudy
from eigenscape.report.figures.critical_points import (
    finders,
    free_parts,
    gauss_newton_gap,
    index_by_energy,
    least_squares_densities,
    minima_by_ratio,
    residual_part,
)
from eigenscape.report.view import Figure


def arrange_critical_points(study: CriticalPointStudy) -> tuple[Figure, ...]:
    """Arrange the figures.

    Args:
        study: The study.

    Returns:
        Figures 1 to 6 of Pennington and Bahri (2017), and the comparison of searches.
    """
    grouped = groupby(study.curves, lambda curve: curve.law.ratio)
    densities = tuple(
        Figure(
            f"density-{i}",
            least_squares_densities(tuple(curves)),
            "A Marchenko–Pastur law plus a free semicircle, by energy.",
        )
        for i, (_, curves) in enumerate(grouped)
    )
    worst = max(study.freeness.moments, key=lambda m: abs(m.z_score))
    below = [p for p in study.relu if p.ratio < 1]
    residuals = tuple(
        Figure(
            f"residual-{i}",
            residual_part(parts),
            "Residuals are replaced by normal numbers; the gates are those of the "
            "network.",
        )
        for i, parts in enumerate((below[0], below[-1]))
    )
    return (
        *densities,
        Figure(
            "free-parts",
            free_parts(study.freeness),
            f"By {len(study.freeness.rotated)} rotations p = "
            f"{study.freeness.p_value:.2g}; the moment {worst.name} is "
            f"{worst.z_score:.3g} deviations off.",
        ),
        *residuals,
        Figure(
            "gap",
            gauss_newton_gap(study.relu),
            "At initial weights; every unit may be rescaled, which H₀ does not see.",
        ),
        Figure(
            "index",
            index_by_energy(study.searches),
            "A small gradient does not make a critical point: the rings are traps, "
            "points on the way to infinity, and searches that need more steps. Where "
            "units are saturated α is the lower end of an interval.",
        ),
        Figure(
            "minima",
            minima_by_ratio(study.searches),
            "Points that the published test accepts, with two standard errors.",
        ),
        Figure(
            "finders",
            finders(study),
            "Descent on |∇L|² as published, what the second-order search makes of its "
            "ends, and that search from the same starts.",
        ),
    )
