"""The whole spectrum on all the data, from the whole spectra of a few batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.core import Estimate
from eigenscape.theory.deconvolution.free_deconvolution import free_deconvolution
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.law import Law
from eigenscape.theory.sampling_noise.bulk import sampling_noise_law

_ZERO = 1e-12


@dataclass(frozen=True)
class BatchDeconvolution:
    """The law of A recovered from each batch by itself.

    Attributes:
        laws: One law a batch.
    """

    laws: tuple[Discrete, ...]

    def estimate(self, functional: Callable[[Law], float]) -> Estimate:
        """Average a number that the law of A determines over batches.

        Args:
            functional: The number, such as a moment or the mass above a gap.

        Returns:
            Its mean, and its standard error from batch to batch; a bias common to all
            batches is not in it.
        """
        values = np.array([functional(law) for law in self.laws])
        error = float(values.std(ddof=1)) / np.sqrt(values.size)
        return Estimate(float(values.mean()), error, values.size)


def deconvolve_batches(
    spectra: Sequence[Float[np.ndarray, " _"]],
    example_eigenvalues: Sequence[Float[np.ndarray, "_ c"]],
    *,
    parameters: int,
    atoms: int = 24,
    rng: np.random.Generator,
) -> BatchDeconvolution:
    """Divide the noise of its own examples out of every batch's spectrum.

    The spectrum of a batch is that of A times the compound free Poisson law of the
    batch's weights (`sampling_noise_law`), read backwards by `free_deconvolution`. It
    needs about as many rows, examples times their ranks, as A has directions of weight:
    fewer leave the small eigenvalues of A undetermined.

    Args:
        spectra: For each of at least two batches all nonzero eigenvalues of H_b.
        example_eigenvalues: For each batch, the eigenvalues eᵢₖ of its examples.
        parameters: P, the size of A.
        atoms: Into how many atoms the weights of a batch are gathered.
        rng: Random numbers.

    Returns:
        The recovered laws.

    Raises:
        ValueError: There are fewer than two batches, the arguments do not fit, or a
            spectrum has more than P eigenvalues.
    """
    if len(spectra) < 2 or len(spectra) != len(example_eigenvalues):
        message = (
            "spectra: expected at least two, and examples for each, got "
            f"{len(spectra)} and {len(example_eigenvalues)}"
        )
        raise ValueError(message)
    if any(values.size > parameters for values in spectra):
        message = f"spectra: expected at most P = {parameters} eigenvalues each"
        raise ValueError(message)
    laws: list[Discrete] = []
    for values, examples in zip(spectra, example_eigenvalues, strict=True):
        trace = float(examples.sum(1).mean())
        noise = sampling_noise_law(
            examples / trace, len(examples), parameters, atoms=atoms
        )
        found = free_deconvolution(
            _with_zeros(values, parameters),
            noise,
            operation="multiplicative",
            size=parameters,
            replicas=0,
            rng=rng,
        )
        laws.append(found.law)
    return BatchDeconvolution(tuple(laws))


def _with_zeros(values: Float[np.ndarray, " q"], size: int) -> Discrete:
    seen = np.where(values > _ZERO * values.max(), values, 0.0)
    places, counts = np.unique(
        np.append(seen, np.zeros(size - seen.size)), return_counts=True
    )
    return Discrete(places, counts / size)
