"""KrylovBasis: orthonormal rows that grow, and what Gram-Schmidt needs of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import torch
from jaxtyping import Float

BLOCK = 32
"""Rows allocated at once: a run of unknown length wastes less than so many."""


@final
class KrylovBasis:
    """Orthonormal vectors of length P, stored as rows of blocks.

    Blocks keep every sweep over the basis two matrix-vector products, and growing
    never copies what is there.
    """

    def __init__(self, rows: Float[torch.Tensor, "k P"]) -> None:
        """Start from some rows.

        Args:
            rows: Orthonormal rows, possibly none; they give length, type and device.
        """
        self._blocks = [rows] if len(rows) else []
        self._template = rows
        self._count = self._room = len(rows)

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
        if self._count == self._room:
            rows = min(BLOCK, self._template.shape[1])
            self._blocks.append(self._template.new_empty(rows, len(row)))
            self._room += rows
        last = self._blocks[-1]
        last[self._count - (self._room - len(last))] = row
        self._count += 1

    def rows(self) -> Float[torch.Tensor, "k P"]:
        """Join the rows.

        Returns:
            All of them, a copy if there are several blocks.
        """
        parts = list(self._parts())
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
        before = float(torch.linalg.vector_norm(vector))
        for _ in range(2):
            components = [(part, part @ vector) for part in self._parts()]
            for part, along in components:
                vector.addmv_(part.T, along, alpha=-1)
            left = float(torch.linalg.vector_norm(vector))
            if left > before / 2**0.5 or not self._count:
                return left
            before = left
        return float(torch.linalg.vector_norm(vector.zero_()))

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
        start = 0
        for part in self._parts():
            total.addmm_(weights[start : start + len(part)].T, part)
            start += len(part)
        return total

    def _parts(self) -> Iterator[Float[torch.Tensor, "_ P"]]:
        unused = self._room - self._count
        yield from self._blocks[:-1]
        if self._blocks:
            yield self._blocks[-1][: len(self._blocks[-1]) - unused]
