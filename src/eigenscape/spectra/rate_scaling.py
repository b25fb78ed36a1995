"""RateScaling: the largest stable learning rate as a function of the batch size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from jaxtyping import Float

LINEAR, SQUARE_ROOT, SATURATED = "linear", "square root", "saturated"
FALLING = "falling"

_BRIEF = 2.0
_NAMES = ((0.75, LINEAR), (0.25, SQUARE_ROOT), (-0.25, SATURATED))


@dataclass(frozen=True)
class Regime:
    """A range of batch sizes over which the rate scales alike.

    Attributes:
        name: "linear", "square root", "saturated" or "falling".
        smallest: The smallest batch size it holds at.
        largest: The largest batch size it holds at.
    """

    name: str
    smallest: float
    largest: float


@dataclass(frozen=True)
class RateScaling:
    """The largest stable learning rate against the batch size.

    Attributes:
        law: What λ′ is taken from.
        optimiser: Whose rate it is.
        batch_sizes: Batch sizes B as drawn, ascending.
        effective: b = B/(1 − B/n), the size of a batch of independent examples of the
            same variance; infinite for B = n.
        curvature: λ′, the eigenvalue that bounds the rate.
        rates: The largest stable rates.
        exponents: d log η/d log b, over the doubling around each effective b.
    """

    law: str
    optimiser: str
    batch_sizes: Float[np.ndarray, " m"]
    effective: Float[np.ndarray, " m"]
    curvature: Float[np.ndarray, " m"]
    rates: Float[np.ndarray, " m"]
    exponents: Float[np.ndarray, " m"]

    @property
    def regimes(self) -> tuple[Regime, ...]:
        """The ranges of equal scaling, ascending in the batch size.

        One whose neighbours are less than a doubling apart is taken for noise of the
        law, and counted to the one before it.
        """
        named = zip(self.batch_sizes.tolist(), self.exponents.tolist(), strict=True)
        found: list[Regime] = []
        for name, group in groupby(named, lambda pair: regime_name(pair[1])):
            sizes = [size for size, _ in group]
            found.append(Regime(name, sizes[0], sizes[-1]))
        return _settled(found)

    @property
    def verdict(self) -> str:
        """How the rate scales and where, in a sentence."""
        parts = [
            f"{r.name} from b = {r.smallest:.4g} to {r.largest:.4g}"
            if r.largest > r.smallest
            else f"{r.name} at b = {r.smallest:.4g}"
            for r in self.regimes
        ]
        return f"{self.optimiser}, {self.law}: {', '.join(parts)}"

    def rate(self, batch_size: float | int) -> float:
        """Interpolate the rate, linearly in logarithms.

        Args:
            batch_size: B, held to the range of `batch_sizes`.

        Returns:
            The largest stable rate.
        """
        place = np.interp(
            np.log(batch_size), np.log(self.batch_sizes), np.log(self.rates)
        )
        return float(np.exp(place))


def _settled(found: list[Regime]) -> tuple[Regime, ...]:
    kept = found[:1]
    for i, regime in enumerate(found[1:], start=1):
        following = found[i + 1].smallest if i + 1 < len(found) else np.inf
        brief = following < _BRIEF * found[i - 1].largest
        if brief or regime.name == kept[-1].name:
            kept[-1] = replace(kept[-1], largest=regime.largest)
        else:
            kept.append(regime)
    return tuple(kept)


def regime_name(exponent: float) -> str:
    """Name a scaling by the nearest of the exponents 1, ½ and 0.

    Args:
        exponent: d log η/d log b.

    Returns:
        "linear" from ¾ on, "square root" from ¼ on, "saturated" from −¼ on, and
        "falling" below. The ends are those nearest to two exponents.
    """
    return next((name for least, name in _NAMES if exponent >= least), FALLING)


def effective_batch_size(
    batch_sizes: Float[np.ndarray, " m"], population: int | None
) -> Float[np.ndarray, " m"]:
    """Compute b = B/(1 − B/n), so that s²/b is the variance of a batch of B of n.

    Args:
        batch_sizes: B, at most n.
        population: n; None for independent examples, and then b = B.

    Returns:
        One effective batch size each; infinite for B = n.

    Raises:
        ValueError: A size is less than 1 or more than n.
    """
    most = np.inf if population is None else population
    if not ((batch_sizes >= 1) & (batch_sizes <= most)).all():
        message = f"batch_sizes: expected 1 to {most}, got {batch_sizes.tolist()}"
        raise ValueError(message)
    with np.errstate(divide="ignore"):
        return batch_sizes / (1 - batch_sizes / most)
