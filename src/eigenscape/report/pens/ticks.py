"""Ticks of a logarithmic axis, the same under both pens."""

from __future__ import annotations

import math

from eigenscape.report.notation import short

_MOST = 9
_LINEAR_BELOW = 5.0


def log_ticks(low: float, high: float) -> tuple[tuple[float, str], ...]:
    """Choose ticks for a logarithmic axis: even, 1-2-5 or powers of ten by its length.

    Args:
        low: Lower end of the axis, positive.
        high: Upper end.

    Returns:
        Places and labels, at most nine.
    """
    if high / low < _LINEAR_BELOW:
        return _even_ticks(low, high)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for digits in ((1, 2, 3, 4, 5, 6, 8), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
        places = [d * 10.0**e for e in range(first, last + 1) for d in digits]
        inside = [p for p in places if low <= p <= high]
        if len(inside) <= _MOST:
            return tuple((p, short(p)) for p in inside)
    step = math.ceil((last - first + 1) / _MOST)
    inside = [10.0**e for e in range(first, last + 1) if low <= 10.0**e <= high]
    return tuple((p, short(p)) for p in inside if round(math.log10(p)) % step == 0)


def _even_ticks(low: float, high: float) -> tuple[tuple[float, str], ...]:
    unit = 10.0 ** math.floor(math.log10((high - low) / _MOST))
    step = next(s * unit for s in (1, 2, 5, 10) if (high - low) / (s * unit) < _MOST)
    inside = range(math.ceil(low / step), math.floor(high / step) + 1)
    return tuple((i * step, short(i * step)) for i in inside)
