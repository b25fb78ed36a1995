"""KrylovBasis: orthonormal rows that grow, and what Gram-Schmidt needs of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import numpy as np
import torch
from jaxtyping import Float, Float64

from eigenscape.curvature.krylov.inner_product import norm

BLOCK = 32
"""Rows allocated at once: a run of unknown length wastes less than so many."""

COLUMNS = 4096
"""Columns rotated at once, so that a rotation needs little memory of its own; 2,048 to
32,768 take the same time within the noise (96 rows of length 269,322)."""

SUMMANDS = 32_768
"""Products that the processor sums in the vectors' own type. Sums of 4 million squares
of float32 normal numbers in one go err by 5e-5 of themselves, in such parts by 4e-8,
for a tenth more time."""


@final
class KrylovBasis:
    """Orthonormal vectors of length P, stored as rows of blocks.

    Blocks keep every sweep over the basis two matrix products, and growing never
    copies what is there. Equal rows in equal number are stored alike, whatever the
    history, so that sweeps over them round alike.
    """

    def __init__(self, rows: Float[torch.Tensor, "k P"]) -> None:
        """Start from copies of some rows.

        Args:
            rows: Orthonormal rows, possibly none; they give length, type and device.
        """
        self._blocks: list[torch.Tensor] = []
        self._template = rows[:0]
        self._count = 0
        self.extend(rows)

    def __len__(self) -> int:
        """Count the rows.

        Returns:
            Their number k.
        """
        return self._count

    def append(self, row: Float[torch.Tensor, " P"]) -> None:
        """Add one row.

        Args:
            row: A unit vector orthogonal to the rows.
        """
        self.extend(row[None])

    def extend(self, rows: Float[torch.Tensor, "r P"]) -> None:
        """Add some rows.

        Args:
            rows: Orthonormal vectors, orthogonal to the rows.
        """
        for row in rows:
            block, place = divmod(self._count, BLOCK)
            if block == len(self._blocks):
                self._blocks.append(row.new_empty(min(BLOCK, len(row)), len(row)))
            self._blocks[block][place] = row
            self._count += 1

    def rows(self) -> Float[torch.Tensor, "k P"]:
        """Join the rows.

        Returns:
            All of them, a copy if there are several blocks.
        """
        parts = [part for _, part in self._parts()]
        if len(parts) == 1:
            return parts[0]
        return torch.cat(parts) if parts else self._template

    def orthogonalise(self, vector: Float[torch.Tensor, " P"]) -> float:
        """Subtract from a vector its components along the rows, in place.

        Classical Gram-Schmidt, with a second pass only if the first took away so much
        that rounding matters: the norm fell below 1/√2 of what it was. A vector that
        falls twice lies in the span, and becomes zero.

        Args:
            vector: The vector, changed.

        Returns:
            The norm that is left.

        References:
            Daniel, Gragg, Kaufman and Stewart (1976), Math. Comp. 30, Sec. 4.
            Giraud, Langou, Rozložník and van den Eshof (2005), Numer. Math. 101:
            twice is enough.
        """
        before = norm(vector)
        for _ in range(2):
            self.sweep(vector[None])
            left = norm(vector)
            if left > before / 2**0.5 or not self._count:
                return left
            before = left
        vector.zero_()
        return 0.0

    def sweep(
        self, vectors: Float[torch.Tensor, "r P"], first: int = 0
    ) -> Float64[torch.Tensor, "r _"]:
        """Subtract from vectors their components along the rows, in place, once.

        The basis is read twice, whatever the number of vectors.

        Args:
            vectors: The vectors as rows, changed.
            first: The first row to look at.

        Returns:
            The components, one column a row of the basis from the first on.
        """
        along = self.components(vectors, first)
        start = 0
        for _, part in self._parts(first):
            weights = along[:, start : start + len(part)]
            vectors.addmm_(weights.to(vectors), part, alpha=-1)
            start += len(part)
        return along

    def components(
        self, vectors: Float[torch.Tensor, "r P"], first: int = 0
    ) -> Float64[torch.Tensor, "r _"]:
        """Compute the components of vectors along the rows.

        Args:
            vectors: The vectors as rows.
            first: The first row to look at.

        Returns:
            The components, one column a row of the basis from the first on.
        """
        none = vectors.new_zeros(len(vectors), 0, dtype=torch.float64)
        parts = [inner_products(vectors, part) for _, part in self._parts(first)]
        return torch.cat([none, *parts], dim=1)

    def combine(
        self, coefficients: Float[torch.Tensor, "k c"]
    ) -> Float[torch.Tensor, "c P"]:
        """Form linear combinations of the rows.

        Args:
            coefficients: One column a combination.

        Returns:
            The combinations as rows.
        """
        weights = coefficients.to(self._template)
        total = self._template.new_zeros(weights.shape[1], self._template.shape[1])
        for start, part in self._parts():
            total.addmm_(weights[start : start + len(part)].T, part)
        return total

    def rotate(self, coefficients: Float[torch.Tensor, "k c"]) -> None:
        """Replace the rows by linear combinations of them, in place.

        Args:
            coefficients: Orthonormal columns, one a combination, not more than rows.
        """
        weights = coefficients.T.to(self._template)
        parts = [part for _, part in self._parts()]
        self._count = len(weights)
        for span in _spans(self._template.shape[1]):
            turned = weights @ torch.cat([part[:, span] for part in parts])
            for place, part in self._parts():
                part[:, span] = turned[place : place + len(part)]

    def trim(self) -> None:
        """Give back the memory of blocks without rows."""
        del self._blocks[-(-self._count // BLOCK) :]

    def remainders(
        self, images: Float[torch.Tensor, "k P"], values: Float[np.ndarray, " k"]
    ) -> None:
        """Subtract from every image its row times a value, in place.

        Args:
            images: One row a row, changed.
            values: The values.
        """
        scales = torch.from_numpy(values).to(images)[:, None]
        for start, part in self._parts():
            stop = start + len(part)
            images[start:stop].addcmul_(scales[start:stop], part, value=-1)

    def _parts(
        self, first: int = 0
    ) -> Iterator[tuple[int, Float[torch.Tensor, "_ P"]]]:
        """Go through the rows from the first on, in parts with their places."""
        for index, block in enumerate(self._blocks):
            start = max(first - index * BLOCK, 0)
            stop = min(self._count - index * BLOCK, BLOCK)
            if start < stop:
                yield index * BLOCK + start, block[start:stop]


def _spans(length: int) -> Iterator[slice]:
    for start in range(0, length, COLUMNS):
        yield slice(start, start + COLUMNS)


def rotate(
    rows: Float[torch.Tensor, "k P"], coefficients: Float[torch.Tensor, "k k"]
) -> None:
    """Replace rows by as many linear combinations of them, in place.

    Args:
        rows: The rows, changed.
        coefficients: One column a combination.
    """
    weights = coefficients.T.to(rows)
    for span in _spans(rows.shape[1]):
        rows[:, span] = weights @ rows[:, span]


def inner_products(
    first: Float[torch.Tensor, "r P"], second: Float[torch.Tensor, "k P"]
) -> Float64[torch.Tensor, "r k"]:
    """Multiply long rows with each other, accurately.

    Args:
        first: Some rows.
        second: Other rows.

    Returns:
        The inner product of every pair.
    """
    length = first.shape[1]
    # On a GPU the library sums in many parts of its own accord.
    summands = SUMMANDS if first.device.type == "cpu" else length
    total = first.new_zeros(len(first), len(second), dtype=torch.float64)
    for start in range(0, length, summands):
        span = slice(start, start + summands)
        total += first[:, span] @ second[:, span].T
    return total
