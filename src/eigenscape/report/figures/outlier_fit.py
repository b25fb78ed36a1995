"""Outliers over batch sizes with the published form, and the profile over υ."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from eigenscape.report.figures.panel import Line, Panel, Points, Rule, Series
from eigenscape.report.style import BLUE, INK, MUTED, VERMILLION, ramp
from eigenscape.spectra.batch_outliers import FittedSweep
from eigenscape.spectra.outlier_fit import INDEPENDENT, OutlierFit

_NAMES = {
    "hessian": "Hessian H",
    "gauss-newton": "Gauss-Newton matrix G",
    "residual": "residual H − G",
}
_ROOM = 3.0


def outlier_curves(fitted: FittedSweep) -> Panel:
    """Describe the largest eigenvalues of batches, and the form fitted to them.

    Args:
        fitted: A sweep, with its fit if there is one.

    Returns:
        Single draws, means with standard errors, and the fitted curves; colour by rank.
    """
    sweep, fit = fitted.sweep, fitted.fit
    sizes = sweep.batch_sizes.astype(float)
    colours = ramp(sweep.values.shape[2])
    series: list[Series] = []
    for i, colour in enumerate(colours):
        series += _observed(fitted, sizes, i, colour)
    if fit is not None:
        held = fit.exponent is None
        key = f"fitted form, υ {'held at' if held else '='} {fit.fitted_exponent:.2f}"
        series += [
            Line(
                fit.curve_batch_sizes,
                fit.curve[:, i],
                f"fitted form, outlier {i + 1}",
                colour,
                key,
                dash="dash" if held else "solid",
            )
            for i, colour in enumerate(colours)
        ]
    heights = np.concatenate([s.y for s in series if isinstance(s, Points | Line)])
    return Panel(
        title=f"{_NAMES[sweep.matrix]}, {sweep.data} data ({sweep.checkpoint})",
        x_label="batch size b",
        y_label="eigenvalue λ",
        series=tuple(series),
        x_log=True,
        y_log=bool((heights[np.isfinite(heights)] > 0).all()),
        x_ticks=tuple((b, f"{b:.0f}") for b in sizes.tolist()),
    )


def exponent_profile(fit: OutlierFit) -> Panel:
    """Describe how well the published form fits at each exponent.

    Args:
        fit: The fit.

    Returns:
        The least χ² at each υ, the level that bounds the 95 % interval, υ = ½, and the
        best υ where it is identified.
    """
    series: list[Series] = [
        Line(fit.profile_exponents, fit.profile, "least χ² at υ", BLUE, "least χ²"),
        Rule(fit.profile_bound, "95 % level", MUTED, "95 % level"),
        Rule(
            INDEPENDENT,
            "υ = ½",
            INK,
            "υ = ½, independent examples",
            vertical=True,
            dash="dash",
        ),
    ]
    exponent = fit.exponent
    if exponent is not None:
        at = np.array([exponent.lower, exponent.value, exponent.upper])
        level = np.array([fit.profile_bound, fit.chi_square, fit.profile_bound])
        key = f"υ = {exponent.value:.2f} [{exponent.lower:.2f}, {exponent.upper:.2f}]"
        series.append(Points(at, level, key, VERMILLION, key, size=6.0))
    told = "" if exponent is not None else ": υ is not identified"
    return Panel(
        title=f"Profile over the exponent{told}",
        x_label="υ in s(b) = b^(−υ)",
        y_label="χ²",
        series=tuple(series),
        y_log=True,
        y_limits=_levels(fit),
    )


def _observed(
    fitted: FittedSweep, sizes: Float[np.ndarray, " b"], rank: int, colour: str
) -> list[Series]:
    sweep, fit = fitted.sweep, fitted.fit
    draws = sweep.values[:, :, rank]
    x = np.repeat(sizes, draws.shape[1])
    name = f"outlier {rank + 1}"
    faint = Points(
        x,
        draws.ravel(),
        f"{name}, one draw",
        colour,
        "one draw",
        size=4.0,
        opacity=0.45,
    )
    means = sweep.means[:, rank]
    if fit is None:
        return [faint, Points(sizes, means, f"{name}, mean", colour, "mean over draws")]
    place = np.searchsorted(sizes, fit.batch_sizes)
    errors = np.full(sizes.size, np.nan)
    errors[place] = fit.standard_errors[:, rank]
    key = "mean ± standard error"
    return [faint, Points(sizes, means, f"{name}, mean", colour, key, errors)]


def _levels(fit: OutlierFit) -> tuple[float, float]:
    """Show the bottom of the profile and some way above the level."""
    low = max(min(fit.chi_square, float(fit.profile.min())), 1e-3)
    high = max(_ROOM * fit.profile_bound, 1.05 * float(fit.profile.max()))
    return 0.8 * low, high
