"""Random regular graphs, simple and uniform."""

# ruff: file-ignore[undocumented-public-method] (documented on Ensemble)

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from eigenscape.theory.ensembles.ensemble import Ensemble
from eigenscape.theory.laws.kesten_mckay import KestenMcKay

_LARGEST_RETRIED_DEGREE = 4  # 43 pairings expected; 400 at degree 5
_ATTEMPTS_PER_DEFECT = 200


@dataclass(frozen=True)
class RandomRegular(Ensemble):
    """Adjacency / √(d − 1) of a random d-regular graph, simple and on N vertices.

    tr H²/N = d/(d − 1) for every graph. One eigenvalue is d/√(d − 1), of the constant
    vector; the others follow the law, up to (d − 1)^(k/2)/N in the kth moment, by
    cycles. The graphs are those of `random_regular_graph`.

    Attributes:
        degree: d, at least 2; below the size, and even where the size is odd.
    """

    degree: int

    def __post_init__(self) -> None:
        KestenMcKay(self.degree)

    @property
    def law(self) -> KestenMcKay:
        """The Kesten–McKay law of degree d."""
        return KestenMcKay(self.degree)

    def sample(
        self, size: int, *, rng: np.random.Generator
    ) -> Float[np.ndarray, "{size} {size}"]:
        edges = random_regular_graph(size, self.degree, rng=rng)
        matrix = np.zeros((size, size))
        matrix[edges[:, 0], edges[:, 1]] = 1 / math.sqrt(self.degree - 1)
        return matrix + matrix.T


def random_regular_graph(
    size: int, degree: int, *, rng: np.random.Generator
) -> Int[np.ndarray, "{size}*{degree}//2 2"]:
    """Draw a simple d-regular graph on labelled vertices.

    Half-edges are paired at random. Up to degree 4 a pairing with a loop or a double
    edge is drawn again, which is exactly uniform. Above, each such defect is removed
    by switching its ends with those of a random edge, which is uniform up to a total
    variation that vanishes as the size grows. From half the size on, the complement
    of a graph is drawn.

    Args:
        size: Number of vertices.
        degree: d, from 0 to size − 1; even where the size is odd.
        rng: Source of randomness.

    Returns:
        The edges, as pairs of vertices from 0, the smaller first, in ascending order.

    Raises:
        ValueError: There is no such graph.

    References:
        Bollobás (1980), A probabilistic proof of an asymptotic formula for the number
        of labelled regular graphs, European Journal of Combinatorics 1; Janson (2020),
        Random graphs with given vertex degrees and switchings, Random Structures and
        Algorithms 57.
    """
    if not 0 <= degree < size:
        message = f"degree: expected from 0 to size − 1 = {size - 1}, got {degree}"
        raise ValueError(message)
    if size * degree % 2:
        message = (
            f"degree: expected an even one on an odd number {size} of vertices, "
            f"got {degree}"
        )
        raise ValueError(message)
    if degree > (size - 1) / 2:
        return _complement(size, _draw(size, size - 1 - degree, rng))
    return _draw(size, degree, rng)


def _draw(size: int, degree: int, rng: np.random.Generator) -> np.ndarray:
    while True:
        edges = _pairing(size, degree, rng)
        if degree > _LARGEST_RETRIED_DEGREE:
            _switch_defects(edges, size, rng)
        codes = np.sort(edges, axis=1) @ np.array([size, 1])
        distinct = np.unique(codes)
        if distinct.size == codes.size and not (edges[:, 0] == edges[:, 1]).any():
            return np.stack(np.divmod(distinct, size), axis=1)


def _pairing(size: int, degree: int, rng: np.random.Generator) -> np.ndarray:
    return rng.permutation(np.repeat(np.arange(size), degree)).reshape(-1, 2)


def _complement(size: int, edges: np.ndarray) -> np.ndarray:
    absent = np.triu(np.ones((size, size), dtype=bool), 1)
    absent[edges[:, 0], edges[:, 1]] = False
    return np.argwhere(absent)


def _switch_defects(edges: np.ndarray, size: int, rng: np.random.Generator) -> None:
    # In place: (a, b), (c, d) become (a, d), (c, b) where that makes no new defect.
    pairs: list[list[int]] = edges.tolist()
    count: dict[int, int] = {}

    def code(u: int, v: int) -> int:
        return min(u, v) * size + max(u, v)

    for u, v in pairs:
        count[code(u, v)] = count.get(code(u, v), 0) + 1
    defects = [i for i, (u, v) in enumerate(pairs) if u == v or count[code(u, v)] > 1]
    attempts = _ATTEMPTS_PER_DEFECT * len(defects)
    for i in defects:
        a, b = pairs[i]
        while a == b or count[code(a, b)] > 1:
            attempts -= 1
            if attempts < 0:
                return
            j = int(rng.integers(len(pairs)))
            c, d = pairs[j]
            new = {code(a, d), code(c, b)}
            if a == d or c == b or len(new) < 2 or any(count.get(k, 0) for k in new):
                continue
            for old in (code(a, b), code(c, d)):
                count[old] -= 1
            count.update(dict.fromkeys(new, 1))
            pairs[i], pairs[j] = [a, d], [c, b]
            a, b = pairs[i]
    edges[:] = pairs
