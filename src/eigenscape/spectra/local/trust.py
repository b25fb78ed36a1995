"""How long a window may be before the unfolding, not the spectrum, sets its count."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.spectra.local.number_variance import squared_excess
from eigenscape.spectra.local.units import longest_reach

_BIAS = 0.05
_SLOWEST_MODES = 10
_CHANCE = 1e-4
_CELLS = 32
_OUTLYING = 5.0
_TRIMMED_SQUARE = 0.569  # mean square of a normal number without the largest eighth
_FAST_BAND = (0.1, 0.2)
_LENGTHS = 24


def trusted_length(
    spectra: Sequence[Float[np.ndarray, " _"]],
    spans: Float[np.ndarray, "k 2"],
    lost_frequency: float,
) -> float:
    """Estimate the longest window whose number variance the unfolding biases by 5 %.

    Two things go wrong, both as L². A staircase that bends with the data takes the
    fluctuations slower than its own frequency τ₀ for the mean density, and Σ² loses
    2L² ∫₀^τ₀ K(τ) dτ. A staircase that misses the mean density by a slowly varying
    h′ adds L² ⟨h′²⟩.

    The first is read off the cosine modes of the unfolded density: K below τ₀
    continues the power law between the modes just above τ₀ and those of a tenth to a
    fifth of a cycle a spacing. The second is the sum of what shows: a density that is
    not one; slow modes, common to all spectra, with more power than the next ones, by
    more than a chance of 10⁻⁴; or, if more, single cells of 32 whose density stands
    out. K never falls as τ grows from 0 to 1, so rightly unfolded levels of any
    class, Poisson included, show none.

    Args:
        spectra: Unfolded levels of each spectrum.
        spans: First and last point of each.
        lost_frequency: τ₀, in cycles a spacing; 0 for a staircase that is not fitted.

    Returns:
        The length, in mean spacings, at most the longest that leaves five units; 0
        where even single spacings are biased.
    """
    longest = longest_reach(spans)
    widths = spans[:, 1] - spans[:, 0]
    slow = max(_SLOWEST_MODES, math.ceil(2 * lost_frequency * widths.mean()))
    amplitudes = np.stack([
        _mode_amplitudes(row, span, 12 * slow)
        for row, span in zip(spectra, spans, strict=True)
    ])
    # the second range sees a misfit so rough that it fills the modes next to the first
    smooth = max(_common_excess(amplitudes, m) for m in (slow, 4 * slow))
    next_power = float((amplitudes[:, slow : 3 * slow] ** 2).mean())
    constant = _density_excess(spectra, widths, next_power) ** 2
    misfit = constant + max(smooth / widths.mean(), _local_misfit(spectra, spans))
    lost = 0.0
    if lost_frequency:
        lost = 2 * _slow_power(lost_frequency, next_power, _fast_power(spectra))
    if misfit + lost == 0:
        return longest
    lengths = np.geomspace(1, max(longest, 1), _LENGTHS)
    variances = np.array([_plain_variance(spectra, spans, a) for a in lengths])
    biased = np.flatnonzero((misfit + lost) * lengths**2 > _BIAS * variances)
    if not biased.size:
        return longest
    return float(lengths[biased[0] - 1]) if biased[0] else 0.0


def _mode_amplitudes(
    levels: Float[np.ndarray, " n"], span: Float[np.ndarray, " 2"], count: int
) -> Float[np.ndarray, " m"]:
    # √(2/n) ∑ cos(πk(x − low)/T): of variance K(k/2T), shifted by √(n/2) modes of h′
    angle = np.pi * (levels - span[0]) / (span[1] - span[0])
    sums = [np.cos(k * angle).sum() for k in range(1, count + 1)]
    return np.sqrt(2 / max(levels.size, 1)) * np.array(sums)


def _common_excess(amplitudes: Float[np.ndarray, "k m"], slow: int) -> float:
    # power of the mean over spectra of the slow modes, where chance does not explain it
    rest = amplitudes[:, slow : 3 * slow]
    chance = slow * float((rest**2).mean()) / amplitudes.shape[0]
    common = float((amplitudes[:, :slow].mean(0) ** 2).sum())
    likely = chance * float(scipy.special.fdtri(slow, rest.size, 1 - _CHANCE))
    return common - chance if common > likely else 0.0


def _density_excess(
    spectra: Sequence[Float[np.ndarray, " _"]],
    widths: Float[np.ndarray, " k"],
    next_power: float,
) -> float:
    # a span that ends on levels holds one more than its width; chance adds √(K(0) T)
    off = abs(sum(row.size for row in spectra) - widths.sum()) - len(spectra)
    likely = _OUTLYING * math.sqrt(next_power * widths.sum())
    return float(off / widths.sum()) if off > likely else 0.0


def _local_misfit(
    spectra: Sequence[Float[np.ndarray, " _"]], spans: Float[np.ndarray, "k 2"]
) -> float:
    # ⟨h′²⟩ of the cells whose mean count stands out from that of the other cells
    counts = np.stack([
        np.histogram(row, _CELLS, (low, high))[0] * _CELLS / (high - low) - 1
        for row, (low, high) in zip(spectra, spans, strict=True)
    ])
    squares = counts.mean(0) ** 2
    usual = np.sort(squares)[: -_CELLS // 8].mean() / _TRIMMED_SQUARE
    stands_out = squares > _OUTLYING**2 * usual
    return float(squares[stands_out].sum()) / _CELLS


def _fast_power(spectra: Sequence[Float[np.ndarray, " _"]]) -> float:
    times = np.linspace(*_FAST_BAND, 50)
    powers = [
        np.abs(np.exp(2j * np.pi * times[:, None] * row).sum(1)) ** 2 / row.size
        for row in spectra
    ]
    return float(np.mean(powers))


def _slow_power(frequency: float, next_power: float, fast_power: float) -> float:
    # ∫₀^τ₀ K for K = K(τ₀) (τ/τ₀)^γ, γ from 2τ₀ to the middle of the fast band
    ratio = sum(_FAST_BAND) / 2 / (2 * frequency)
    slope = 0.0
    if ratio > 1 and fast_power > next_power > 0:
        slope = min(math.log(fast_power / next_power) / math.log(ratio), 1.0)
    return next_power / 2**slope * frequency / (1 + slope)


def _plain_variance(
    spectra: Sequence[Float[np.ndarray, " _"]],
    spans: Float[np.ndarray, "k 2"],
    length: float,
) -> float:
    area = room = 0.0
    for row, (low, high) in zip(spectra, spans, strict=True):
        if high - low > length:
            edges = np.array([low, high - length])
            area += float(squared_excess(row, edges, length)[0])
            room += high - length - low
    return area / room if room else 0.0
