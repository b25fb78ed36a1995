"""Planted examples, and the population curvature that a measurement would find."""

import numpy as np

from eigenscape.spectra.sampling_noise.population import PopulationCurvature

SPIKES = (20.0, 15.0, 11.0, 8.0, 6.0)
DIRECTIONS = 80


def plant(kind, rng, *, examples=600, ranks=2, known=20):
    """Rows (n, c, P) of examples of the kind, their mean A and its population.

    "weighted" has log-normal weights; "unweighted" equal ones; "signs" equal ones
    and random signs in place of normals, whose squares do not fluctuate.
    """
    spectrum = np.concatenate([SPIKES, np.full(DIRECTIONS - len(SPIKES), 0.1)])
    weights = np.ones((examples, 1))
    if kind == "weighted":
        shares = rng.dirichlet(np.ones(ranks), examples)
        weights = np.exp(rng.standard_normal((examples, 1))) * shares
        weights /= weights.sum(1).mean()
    rows = rng.standard_normal((*weights.shape, DIRECTIONS))
    if kind == "signs":
        rows = np.sign(rows)
    rows *= np.sqrt(spectrum) * np.sqrt(weights)[:, :, None]
    return rows, *measure(rows, known)


def measure(rows, known):
    mean = np.einsum("mck,mcl->kl", rows, rows) / len(rows)
    values, vectors = np.linalg.eigh(mean)
    inner, turn = np.linalg.eigh(rows @ rows.transpose(0, 2, 1))
    own = turn.transpose(0, 2, 1) @ (rows @ vectors[:, ::-1])
    population = PopulationCurvature(
        spikes=values[::-1][:known].copy(),
        trace=float(values.sum()),
        example_eigenvalues=np.maximum(inner, 0.0)[:, ::-1].copy(),
        projections=own[:, ::-1, :known].copy(),
    )
    return mean, population


def draw_batches(rows, mean, sizes, draws, rng, *, additive=0.0, count=5):
    """Largest eigenvalues of batches, and ‖(H_b − A)z‖² in the mean over z.

    With no rows a batch is A; additive noise has s² = additive²/b.
    """
    tops, noise = [], []
    for size in sizes:
        values, squares = [], []
        for _ in range(draws):
            batch = mean
            if rows is not None:
                part = rows[rng.choice(len(rows), size, replace=False)]
                part = part.reshape(-1, rows.shape[2])
                batch = part.T @ part / size
            if additive:
                normal = rng.standard_normal(mean.shape)
                scale = additive / np.sqrt(2 * size * len(mean))
                batch = batch + scale * (normal + normal.T)
            values.append(np.linalg.eigvalsh(batch)[: -count - 1 : -1])
            squares.append(((batch - mean) ** 2).sum() / len(mean))
        tops.append(np.array(values))
        noise.append(np.array(squares))
    return tops, noise
