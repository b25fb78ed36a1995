"""Energies of networks that memorise random data: the benchmarks, and both ratios.

A square network of one hidden layer, n inputs, units and outputs, has 2n² parameters
and fits nm targets. Its ratio is φ = 2n/m, parameters over targets; n/m, where a linear
network of full rank can fit everything, is another number, half as large.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Memorisation:
    """A square network of one hidden layer, on random inputs and targets of variance 1.

    Attributes:
        width: n, inputs, hidden units and outputs.
        examples: m.
    """

    width: int
    examples: int

    def __post_init__(self) -> None:
        for name in ("width", "examples"):
            if getattr(self, name) < 1:
                message = f"{name}: expected at least 1, got {getattr(self, name)}"
                raise ValueError(message)

    @property
    def parameters(self) -> int:
        """2n²."""
        return 2 * self.width**2

    @property
    def parameter_ratio(self) -> float:
        """φ = 2n/m, the ratio of `LeastSquaresHessian`."""
        return 2 * self.width / self.examples

    @property
    def rank_ratio(self) -> float:
        """n/m, at which a linear network fits everything."""
        return self.width / self.examples

    @property
    def observed_minimum(self) -> float:
        """½(1 − φ)², the energy of minimisers that the paper observed; 0 above φ = 1.

        References:
            Pennington and Bahri (2017), ICML (PMLR 70), Sec. 6.4 and Fig. 6(b).
        """
        return max(0.0, 1 - self.parameter_ratio) ** 2 / 2

    @property
    def linear_minimum(self) -> float:
        """½(1 − n/m), the mean energy of the best linear map; 0 where n ≥ m.

        The residuals are what is orthogonal to n random directions in m. The paper
        states ½(1 − φ) for linear networks: true with n/m in the place of φ.
        """
        return max(0.0, 1 - self.rank_ratio) / 2
