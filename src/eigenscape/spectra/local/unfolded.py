"""UnfoldedLevels: spectra at unit mean density, and how far they may be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.spectra.local.units import longest_reach


@dataclass(frozen=True, eq=False)
class UnfoldedLevels:
    """Levels of one spectrum or of several, of unit mean density.

    Attributes:
        spectra: The levels of each spectrum, ascending, in mean spacings.
        spans: First and last point of each spectrum; windows stay between them.
        method: How the spectra were unfolded.
        trusted_length: The longest window for which the unfolding biases the number
            variance by an estimated twentieth at most, in mean spacings.
        lost_frequency: Fluctuations of the density slower than this many cycles a
            spacing were taken for the mean density and are gone.
        inflation: By how much the noise of the unfolding multiplies variances; the
            number variance and the rigidity are divided by it.
        caution: What is wrong with the unfolding, in one line; empty if nothing.
    """

    spectra: tuple[Float[np.ndarray, " _"], ...]
    spans: Float[np.ndarray, "k 2"]
    method: str
    trusted_length: float
    lost_frequency: float = 0.0
    inflation: float = 1.0
    caution: str = ""

    def __post_init__(self) -> None:
        if len(self.spectra) != self.spans.shape[0] or not self.spectra:
            message = (
                f"spans: expected one a spectrum, got {self.spans.shape[0]} "
                f"for {len(self.spectra)} spectra"
            )
            raise ValueError(message)
        for levels, (low, high) in zip(self.spectra, self.spans, strict=True):
            inside = np.concatenate([[low], levels, [high]])
            if not (np.isfinite(inside).all() and (np.diff(inside) >= 0).all()):
                message = (
                    "spectra: expected finite ascending levels within their spans; "
                    "sort them"
                )
                raise ValueError(message)

    @property
    def longest_length(self) -> float:
        """The longest window that leaves five independent units."""
        return longest_reach(self.spans)

    def central(self, fraction: float) -> UnfoldedLevels:
        """Keep the middle of each spectrum, where the statistics are those of the bulk.

        Args:
            fraction: The part to keep, above 0 and up to 1.

        Returns:
            The levels of the middle, on the same scale.

        Raises:
            ValueError: The fraction is not in (0, 1].
        """
        if not 0 < fraction <= 1:
            message = f"fraction: expected above 0 and up to 1, got {fraction}"
            raise ValueError(message)
        middle = self.spans.mean(1, keepdims=True)
        spans = middle + fraction * (self.spans - middle)
        kept = tuple(
            levels[(levels >= low) & (levels <= high)]
            for levels, (low, high) in zip(self.spectra, spans, strict=True)
        )
        return UnfoldedLevels(
            kept,
            spans,
            self.method,
            min(self.trusted_length, longest_reach(spans)),
            self.lost_frequency,
            self.inflation,
            self.caution,
        )
