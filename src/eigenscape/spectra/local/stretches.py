"""Stretches of one spectrum, parted where its density is not continuous.

A gap in the support, or a sudden change of the density by an order of magnitude, spoils
every window that reaches across. On either side levels follow their law as before.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float, Int

_REACH: Final = 12
_GAP: Final = 15.0
"""In units of the mean of twelve spacings, the wider of those on either side. Of
Poisson levels, where wide gaps are most frequent, one in 10⁵ is as wide."""

_JUMP: Final = 2.0
"""Logarithm of the ratio of the twelve spacings on either side; for Poisson levels its
standard deviation is 0.41."""

_SUDDEN: Final = 0.75
"""Share of the logarithm that four spacings must show: of a steady change, a third."""


def split_stretches(
    run: Float[np.ndarray, " n"],
) -> tuple[Float[np.ndarray, " _"], ...]:
    """Part levels at gaps and at sudden changes of their density.

    Args:
        run: Ascending distinct eigenvalues.

    Returns:
        The stretches in order, of at least twelve levels each; mostly one.
    """
    waiting, found = [run], list[np.ndarray]()
    while waiting:
        last = waiting.pop()
        cut = _cut(last) if last.size > 2 * _REACH + 1 else None
        if cut is None:
            found.append(last)
        else:
            waiting += [last[:cut], last[cut:]]
    return tuple(found[::-1])


def _cut(run: Float[np.ndarray, " n"]) -> int | None:
    """Find the first level behind the widest gap, or else behind the largest jump."""
    level = np.arange(_REACH + 1, run.size - _REACH)
    gap = run[level] - run[level - 1]
    beside = np.maximum(_after(run, level, _REACH), _before(run, level - 1, _REACH))
    widest = int((gap / beside).argmax())
    if gap[widest] > _GAP * beside[widest] / _REACH:
        return int(level[widest])
    jump = np.log(_after(run, level, _REACH) / _before(run, level, _REACH))
    near = np.log(_after(run, level, 4) / _before(run, level, 4))
    sudden = np.abs(jump) * (near * np.sign(jump) > _SUDDEN * np.abs(jump))
    largest = int(sudden.argmax())
    if sudden[largest] < _JUMP:
        return None
    return int(level[largest]) + int(jump[largest] > 0)


def _after(
    run: Float[np.ndarray, " n"], level: Int[np.ndarray, " m"], reach: int
) -> Float[np.ndarray, " m"]:
    return run[level + reach] - run[level]


def _before(
    run: Float[np.ndarray, " n"], level: Int[np.ndarray, " m"], reach: int
) -> Float[np.ndarray, " m"]:
    return run[level] - run[level - reach]
