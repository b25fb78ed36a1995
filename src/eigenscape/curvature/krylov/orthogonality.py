"""Overlaps: how far Lanczos vectors have lost orthogonality, without looking."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from jaxtyping import Float

from eigenscape.curvature.process import State


@final
class Overlaps:
    """The ω-recurrence: an estimate of qⱼ₊₁·qₖ for all k, from α and β alone.

    βⱼ₊₁ ωⱼ₊₁,ₖ = βₖ₊₁ ωⱼ,ₖ₊₁ + (αₖ − αⱼ) ωⱼ,ₖ + βₖ ωⱼ,ₖ₋₁ − βⱼ ωⱼ₋₁,ₖ ± rounding,
    by the three-term recurrence and the symmetry of A. While the overlaps stay below
    √ε, T is the projection of A onto the space of the qₖ to ε ‖A‖.

    References:
        Simon (1984), "The Lanczos algorithm with partial reorthogonalization",
        Mathematics of Computation 42: the recurrence, the level √ε, and that two
        successive vectors have to be reorthogonalised.
    """

    def __init__(self, spacing: float) -> None:
        """Start at the first vector.

        Args:
            spacing: The spacing ε of the vectors' type.
        """
        self._present = np.ones(1)  # ωⱼ,ₖ for k = 1 … j
        self._former = np.zeros(0)  # ωⱼ₋₁,ₖ for k = 1 … j − 1
        self._spacing = spacing
        self._again = False

    def advance(
        self,
        alpha: Float[np.ndarray, " j"],
        beta: Float[np.ndarray, " j"],
        rounding: float,
    ) -> None:
        """Go on to the vector qⱼ₊₁ that follows j steps.

        Args:
            alpha: α₁ … αⱼ.
            beta: β₂ … βⱼ₊₁.
            rounding: The rounding of a product, absolute.
        """
        last = len(alpha) - 1
        present, norm = self._present, beta[-1]
        overlaps = (alpha[:-1] - alpha[-1]) * present[:-1] + beta[:-1] * present[1:]
        overlaps[1:] += beta[: last - 1] * present[: last - 1] if last else 0.0
        overlaps -= beta[last - 1] * self._former if last else 0.0
        overlaps += np.where(overlaps < 0, -rounding, rounding)
        self._former = present
        self._present = np.concatenate([overlaps / norm, [rounding / norm, 1.0]])

    def must_restore(self) -> bool:
        """Decide whether the present vector must be reorthogonalised.

        Returns:
            True if an overlap is above √ε, and once more after that; the overlaps are
            then taken to be ε.
        """
        lost = bool(np.abs(self._present[:-1]).max() > self._spacing**0.5)
        restore = lost or self._again
        if restore:
            self._present[:-1] = self._spacing
        self._again = lost and not self._again
        return restore

    def state(self) -> State:
        """Say everything there is to know.

        Returns:
            Named tensors.
        """
        return {
            "overlaps": torch.from_numpy(self._present),
            "former overlaps": torch.from_numpy(self._former),
            "again": torch.tensor([int(self._again)]),
        }

    def restore(self, state: State) -> None:
        """Go back to a state.

        Args:
            state: What ``state`` returned, possibly with more.
        """
        self._present = state["overlaps"].numpy()
        self._former = state["former overlaps"].numpy()
        self._again = bool(state["again"])
