"""What levels may be: Poisson, orthogonal, unitary, or orthogonal blocks laid over.

Each hypothesis says what balanced ratios are in the mean, how they vary, and what the
number variance and the rigidity are. Laws of long spectra in the bulk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from jaxtyping import Float

from eigenscape.theory import local_laws
from eigenscape.theory.local_laws.superposition import (
    superposed_number_variance,
    superposed_rigidity,
)

Family = Literal["GOE", "GUE", "Poisson", "blocks"]


@dataclass(frozen=True)
class Hypothesis:
    """A law of levels.

    Attributes:
        name: What it is called.
        family: Its kind; superpositions of any number of blocks are one kind.
        beta: 0, 1 or 2.
        blocks: How many independent spectra lie over each other.
        means: Means of balanced ratios of orders 1, 2, 4.
        covariance: Long-run covariance of their means times the number of levels, that
            of orders (1, 1), (2, 1), (2, 2), (4, 1), (4, 2), (4, 4).
    """

    name: str
    family: Family
    beta: int
    blocks: int
    means: tuple[float, float, float]
    covariance: tuple[float, float, float, float, float, float]

    @property
    def mean(self) -> Float[np.ndarray, " 3"]:
        """The means as an array."""
        return np.array(self.means)

    @property
    def covariances(self) -> Float[np.ndarray, "3 3"]:
        """The covariance as a matrix."""
        lower = np.zeros((3, 3))
        lower[np.tril_indices(3)] = self.covariance
        return lower + np.tril(lower, -1).T

    def number_variance(
        self, length: Float[np.ndarray, " n"]
    ) -> Float[np.ndarray, " n"]:
        """Evaluate Σ²(L).

        Args:
            length: L, in mean spacings.

        Returns:
            Σ²(L).
        """
        if self.blocks > 1:
            return superposed_number_variance(length, self.blocks)
        return local_laws.number_variance(length, self.beta)

    def rigidity(self, length: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Evaluate Δ₃(L).

        Args:
            length: L, in mean spacings.

        Returns:
            Δ₃(L).
        """
        if self.blocks > 1:
            return superposed_rigidity(length, self.blocks)
        return local_laws.spectral_rigidity(length, self.beta)


GOE: Final = Hypothesis(
    "GOE",
    "GOE",
    1,
    1,
    (0.5307, 0.6788, 0.8042),
    (0.0946, 0.0285, 0.0681, 0.0111, 0.0179, 0.0411),
)
GUE: Final = Hypothesis(
    "GUE",
    "GUE",
    2,
    1,
    (0.5998, 0.7379, 0.8458),
    (0.0778, 0.0217, 0.0499, 0.0087, 0.0135, 0.0262),
)
POISSON: Final = Hypothesis(
    "Poisson",
    "Poisson",
    0,
    1,
    (0.3863, 0.5072, 0.6301),
    (0.1058, 0.0354, 0.1118, 0.0178, 0.0526, 0.1437),
)
BLOCKS: Final = (
    Hypothesis(
        "two blocks",
        "blocks",
        1,
        2,
        (0.4234, 0.6051, 0.7499),
        (0.1144, 0.0285, 0.0904, 0.0124, 0.0285, 0.0620),
    ),
    Hypothesis(
        "three blocks",
        "blocks",
        1,
        3,
        (0.4033, 0.5620, 0.7182),
        (0.1059, 0.0334, 0.1004, 0.0116, 0.0319, 0.0790),
    ),
    Hypothesis(
        "four blocks",
        "blocks",
        1,
        4,
        (0.3961, 0.5398, 0.6974),
        (0.1098, 0.0414, 0.1159, 0.0167, 0.0390, 0.1016),
    ),
    Hypothesis(
        "five blocks",
        "blocks",
        1,
        5,
        (0.3927, 0.5284, 0.6814),
        (0.1076, 0.0426, 0.1196, 0.0183, 0.0480, 0.1102),
    ),
)
"""Means and covariances are simulated, of 1.4·10⁶ levels or more of each law: spectra
of 1200, the middle 960 unfolded by the semicircle; standard errors of the means are
below 0.0004. Means of order one are those of Atas, Bogomolny, Giraud and Roux (2013),
of Nishigaki (2024) and, for blocks, of the superposed surmise; simulations agree to
0.0004."""

LAWS: Final = (GOE, GUE, POISSON, *BLOCKS)
"""All of them."""
