"""StableRates: rates found by training beside those predicted from the spectrum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.spectra.rate_scaling import RateScaling


@dataclass(frozen=True)
class RateSearch:
    """The largest stable rates at one batch size.

    Attributes:
        batch_size: b.
        momenta: Heavy-ball momenta ρ.
        rates: The rate of each momentum and run; NaN where none was found.
    """

    batch_size: int
    momenta: Float[np.ndarray, " k"]
    rates: Float[np.ndarray, "k s"]


@dataclass(frozen=True)
class MeasuredRates:
    """What the searches found of one momentum.

    Attributes:
        momentum: ρ.
        batch_sizes: Batch sizes at which a rate was found, ascending.
        rates: Geometric means over runs.
        spread: Standard deviations of the logarithms over runs; 0 for one run.
    """

    momentum: float
    batch_sizes: Float[np.ndarray, " m"]
    rates: Float[np.ndarray, " m"]
    spread: Float[np.ndarray, " m"]

    def exponent(self, first: int, last: int) -> float:
        """Compute the slope d log η/d log b between two of the sizes.

        Args:
            first: Position of the one.
            last: Position of the other.

        Returns:
            The slope.
        """
        ends = [first, last]
        logs = np.diff(np.log(self.rates[ends])) / np.diff(
            np.log(self.batch_sizes[ends])
        )
        return float(logs[0])


@dataclass(frozen=True)
class Recipe:
    """A published batch size and learning rate.

    Attributes:
        batch_size: b.
        rate: η.
        momentum: ρ.
    """

    batch_size: int
    rate: float
    momentum: float


@dataclass(frozen=True)
class StableRates:
    """The largest stable rate of a network, found by training and predicted.

    Attributes:
        network: What the network and its data are.
        parameters: P.
        examples: n.
        loss: Its loss at the point the runs begin from.
        growth: How many times that loss a run may reach.
        top: λ, the largest eigenvalue there.
        noise_batch_size: The batch size that doubles it.
        scalings: One for each law and momentum.
        searches: One a batch size, ascending.
        recipes: Published rates, for comparison.
    """

    network: str
    parameters: int
    examples: int
    loss: float
    growth: float
    top: float
    noise_batch_size: float
    scalings: tuple[RateScaling, ...]
    searches: tuple[RateSearch, ...]
    recipes: tuple[Recipe, ...] = ()

    @property
    def momenta(self) -> tuple[float, ...]:
        """The momenta searched."""
        return tuple(self.searches[0].momenta.tolist())

    @property
    def laws(self) -> tuple[str, ...]:
        """The laws that predict."""
        return tuple(dict.fromkeys(s.law for s in self.scalings))

    def scaling(self, law: str, momentum: float) -> RateScaling:
        """Pick a prediction.

        Args:
            law: Its law.
            momentum: ρ.

        Returns:
            The prediction: of each law one a momentum, in the order of `momenta`.
        """
        chosen = [s for s in self.scalings if s.law == law]
        return chosen[self.momenta.index(momentum)]

    def measured(self, momentum: float) -> MeasuredRates:
        """Average over the runs of a momentum.

        Args:
            momentum: ρ.

        Returns:
            Means and spreads at the sizes where every run found a rate.
        """
        place = self.momenta.index(momentum)
        rows = [(s.batch_size, np.log(s.rates[place])) for s in self.searches]
        known = [(size, logs) for size, logs in rows if np.isfinite(logs).all()]
        return MeasuredRates(
            momentum,
            np.array([float(size) for size, _ in known]),
            np.array([float(np.exp(logs.mean())) for _, logs in known]),
            np.array([
                float(logs.std(ddof=1)) if logs.size > 1 else 0.0 for _, logs in known
            ]),
        )

    def factors(self, law: str, momentum: float) -> Float[np.ndarray, " m"]:
        """Divide the measured rates by the predicted ones.

        Args:
            law: The law.
            momentum: ρ.

        Returns:
            One factor for each size of `measured`.
        """
        found, scaling = self.measured(momentum), self.scaling(law, momentum)
        predicted = [scaling.rate(size) for size in found.batch_sizes.tolist()]
        return found.rates / np.array(predicted)
