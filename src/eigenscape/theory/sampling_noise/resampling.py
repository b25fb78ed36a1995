"""Outliers of batches resampled from measured examples, without a law for them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from eigenscape.theory.sampling_noise.bordered import top_eigenvalues
from eigenscape.theory.sampling_noise.finite_size import light_limit, thinning

_BLOCK = 1 << 21  # numbers held at once: 16 MB


def resample_batch_outliers(
    spikes: Float[np.ndarray, " K"],
    eigenvalues: Float[np.ndarray, "m c"],
    projections: Float[np.ndarray, "m c K"],
    batch_size: int,
    *,
    population: int,
    count: int,
    draws: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, "d k"]:
    """Draw the largest eigenvalues of batches of the measured examples themselves.

    On the K known directions a batch is the mean of its examples' own matrices, drawn
    without replacement, so that all n together give A. What an example has outside them
    is known by its length only, and taken to be orthogonal to that of every other
    example. Where only m < n examples were measured, batches draw from those with
    replacement and a part of A (`Thinning`). Rows whose squared lengths sum to 10⁻⁴ of
    a usual batch's are replaced by their mean.

    Args:
        spikes: Eigenvalues θ of A, descending.
        eigenvalues: Eigenvalues eᵢₖ of every example's matrix.
        projections: Their eigenvectors times √eᵢₖ, on the eigenvectors of A.
        batch_size: b.
        population: n ≥ m.
        count: How many eigenvalues.
        draws: How many batches.
        rng: Random numbers.

    Returns:
        Eigenvalues of independent batches, descending in each row.

    Raises:
        ValueError: The batch size is not between 1 and n.
    """
    if not 1 <= batch_size <= population:
        message = f"batch_size: expected 1 to {population}, got {batch_size}"
        raise ValueError(message)
    measured, known = eigenvalues.shape[0], spikes.size
    whole = measured == population
    parts = thinning(batch_size, None if whole else population)
    size, coefficient = parts.rows, parts.coefficient
    rows, rest, owners = _kept(*_rotated(eigenvalues, projections), size)
    mean = rows[:-1].T @ rows[:-1] / measured
    base = np.diag(spikes) - coefficient * size * mean
    left = (population - batch_size) / max(population - 1, 1) if whole else 1.0
    block = max(1, _BLOCK // (known * max(1, rows.shape[0] * size // measured)))
    found: list[Float[np.ndarray, "d k"]] = []
    for start in range(0, draws, block):
        several = min(block, draws - start)
        picks = [
            _picked(owners, measured, size, whole=whole, rng=rng)
            for _ in range(several)
        ]
        longest = max(p.size for p in picks)
        index = np.full((several, longest), rows.shape[0] - 1)
        for place, pick in zip(index, picks, strict=True):
            place[: pick.size] = pick
        found.append(
            top_eigenvalues(
                base,
                np.sqrt(coefficient) * rows[index],
                left * coefficient * rest[index],
                count,
            )
        )
    return np.concatenate(found)


def _rotated(
    eigenvalues: Float[np.ndarray, "m c"], projections: Float[np.ndarray, "m c K"]
) -> tuple[Float[np.ndarray, "m c K"], Float[np.ndarray, "m c"]]:
    """Rotate each example's rows until their unknown parts are orthogonal too."""
    gram = -projections @ projections.transpose(0, 2, 1)
    index = np.arange(eigenvalues.shape[1])
    gram[:, index, index] += eigenvalues
    rest, turn = np.linalg.eigh(gram)
    return turn.transpose(0, 2, 1) @ projections, np.maximum(rest, 0.0)


def _kept(
    rows: Float[np.ndarray, "m c K"], rest: Float[np.ndarray, "m c"], size: int
) -> tuple[Float[np.ndarray, "q K"], Float[np.ndarray, " q"], Int[np.ndarray, " p"]]:
    """Drop the lightest rows; a row of zeros at the end is padding."""
    lengths = (rows**2).sum(2) + rest
    kept = lengths > (light_limit(lengths, size) if size else 0.0)
    return (
        np.vstack([rows[kept], np.zeros(rows.shape[2])]),
        np.append(rest[kept], 0.0),
        np.nonzero(kept)[0],
    )


def _picked(
    owners: Int[np.ndarray, " p"],
    measured: int,
    size: int,
    *,
    whole: bool,
    rng: np.random.Generator,
) -> Int[np.ndarray, " r"]:
    times = np.zeros(measured, dtype=np.int64)
    if whole:
        times[rng.permutation(measured)[:size]] = 1
    else:
        np.add.at(times, rng.integers(measured, size=size), 1)
    return np.repeat(np.arange(owners.size), times[owners])
