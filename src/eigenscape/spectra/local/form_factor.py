"""The spectral form factor K(τ): the power spectrum of the level density."""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Complex, Float

from eigenscape.spectra.local.statistic import LevelStatistic
from eigenscape.spectra.local.unfolded import UnfoldedLevels
from eigenscape.spectra.local.units import blocks_wanted, longest_reach, mean_of_units

Taper = Literal["hann", "none"]

_SEGMENTS = 8
"""Segments of a lone spectrum by default, 15 with the overlapping ones between."""

_MEAN_SQUARE = {"hann": 3 / 8, "none": 1.0}
_FEWEST_UNITS = 5
_RESOLVED = 2.0  # half the main lobe of the Hann window, in 1/segment
_ROUNDING = 1e-9
_OVERLAP_CORRELATION = {"hann": 1 / 36, "none": 1 / 4}
"""Squared correlation (∫ w w₊ / ∫ w²)² of two segments that overlap by half."""


def form_factor(
    levels: UnfoldedLevels,
    times: Float[np.ndarray, " m"],
    *,
    segment: float | None = None,
    taper: Taper = "hann",
    connected: bool = True,
) -> LevelStatistic:
    """Estimate K(τ) = ⟨|Z(τ)|²⟩ / ∫ w², with Z(τ) = ∑ w(xⱼ) exp(2πiτxⱼ).

    The form factor of one spectrum does not settle, however long the spectrum: at each
    τ it is spread like an exponential number. So spectra are cut into segments that
    overlap by half, each is tapered by w, and the segments are averaged (Welch). The
    estimate is K smeared over a few 1/segment, and needs τ beyond that. The connected
    one subtracts the transform ∫ w(x) exp(2πiτx) dx of the mean density from Z.

    Ten spectra or more are the units of the standard error; with fewer, the segments
    are, with an allowance for their overlap. It is at least that of exponential
    numbers, one a segment, which few units may miss by chance.

    Args:
        levels: The levels.
        times: τ in units of the Heisenberg time, the inverse mean spacing.
        segment: Length of a segment, in mean spacings; by default the shortest
            spectrum, or an eighth of it when there are fewer than ten.
        taper: w on a segment: the Hann window sin²(πx/S), or 1, which leaks.
        connected: Whether to subtract the mean density.

    Returns:
        K at each time.

    Raises:
        ValueError: A time is negative or not finite, the segment is not positive or
            longer than a spectrum, or fewer than five segments fit.

    References:
        Welch (1967), The use of fast Fourier transform for the estimation of power
        spectra, IEEE Transactions on Audio and Electroacoustics 15; Mehta (2004),
        Random Matrices, third edition, Ch. 6 and 7 (the form factor as a transform
        of Y₂).
    """
    if not (np.isfinite(times) & (times >= 0)).all():
        message = f"times: expected finite numbers from 0 on, got {times}"
        raise ValueError(message)
    length = _segment_length(levels.spans, segment)
    mean = _mean_transform(times, length, taper) if connected else np.zeros_like(times)
    powers = [
        np.abs(_transforms(row, span, times, length, taper) - mean) ** 2
        for row, span in zip(levels.spectra, levels.spans, strict=True)
        if span[1] - span[0] >= length * (1 - _ROUNDING)
    ]
    weights = np.array([float(power.shape[0]) for power in powers])
    spread = 1.0
    if blocks_wanted(len(powers)) == 1:
        sums = np.stack([power.sum(0) for power in powers])
    else:
        sums, weights = np.concatenate(powers), np.ones(int(weights.sum()))
        spread += 2 * _OVERLAP_CORRELATION[taper]
    if weights.size < _FEWEST_UNITS:
        message = (
            f"segment: expected up to {longest_reach(levels.spans):.4g}, got "
            f"{length:.4g}; give at least {_FEWEST_UNITS} segments"
        )
        raise ValueError(message)
    value, error = mean_of_units(sums / (length * _MEAN_SQUARE[taper]), weights)
    segments = sum(power.shape[0] for power in powers)
    error = np.maximum(error, value / np.sqrt(segments)) * np.sqrt(spread)
    return LevelStatistic(
        "form factor" if connected else "form factor, not connected",
        times,
        value,
        error,
        np.full(times.size, weights.size),
        times >= max(levels.lost_frequency, _RESOLVED / length),
        positive=True,
    )


def _segment_length(spans: Float[np.ndarray, "k 2"], segment: float | None) -> float:
    widths = spans[:, 1] - spans[:, 0]
    if segment is None:
        lone = blocks_wanted(widths.size) > 1
        return float(widths.min()) / (_SEGMENTS if lone else 1)
    if not 0 < segment <= widths.max():
        message = (
            f"segment: expected a positive number up to {widths.max():.4g}, the "
            f"longest spectrum, got {segment}"
        )
        raise ValueError(message)
    return segment


def _transforms(
    levels: Float[np.ndarray, " n"],
    span: Float[np.ndarray, " 2"],
    times: Float[np.ndarray, " m"],
    length: float,
    taper: Taper,
) -> Complex[np.ndarray, "s m"]:
    # Z of each segment, its centre the origin
    room = span[1] - span[0] - length
    count = 1 + int(np.floor(2 * room / length + _ROUNDING))
    starts = span[0] + (np.linspace(0, room, count) if count > 1 else [room / 2])
    rows: list[np.ndarray] = []
    for start in starts:
        low, high = np.searchsorted(levels, [start, start + length])
        y = (levels[low:high] - start) / length
        weight = np.sin(np.pi * y) ** 2 if taper == "hann" else np.ones_like(y)
        phases = np.exp(2j * np.pi * length * times[:, None] * (y - 0.5))
        rows.append(phases @ weight)
    return np.stack(rows)


def _mean_transform(
    times: Float[np.ndarray, " m"], length: float, taper: Taper
) -> Float[np.ndarray, " m"]:
    # ∫ w(x) exp(2πiτx) dx over a segment, its centre the origin
    turns = times * length
    if taper == "none":
        return length * np.sinc(turns)
    sides = np.sinc(turns - 1) + np.sinc(turns + 1)
    return length / 2 * (np.sinc(turns) + sides / 2)
