"""BlockLanczos: a basis grown by blocks, and the operator projected on it."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from jaxtyping import Float, Float64, Int

from eigenscape.curvature.krylov.basis import KrylovBasis, inner_products, rotate
from eigenscape.curvature.krylov.inner_product import norm as norm_of
from eigenscape.curvature.krylov.lanczos import BREAKDOWN, Ritz
from eigenscape.curvature.process import State

CANCELLATION = 0.1
"""A vector whose norm fell below this part of what it was is swept again: else
orthogonality is lost to more than ten spacings of the type."""

DEFERRAL = 4
"""A sweep is put off by one step where a remainder exceeds so many roots of the type's
spacing ε, relative to the operator's norm. One step makes of the spacing a defect
δ ≤ √ε/4 then; it is swept away with the next product, and what it has done to T by that
time is of order δ² ≤ ε/16."""


@final
class BlockLanczos:
    """Orthonormal rows V with A Vᵀ = Vᵀ T + Qᵀ C, and fixed rows orthogonal to them.

    T is the projected matrix, Q the next block of rows, and C couples it to V, so that
    a Ritz pair (θ, Vᵀ s) has the residual ‖C s‖. What A takes from V into the fixed
    rows is left out: they stand for an invariant space.

    Products are freed of their components along the rows that they are coupled to, and
    then of what rounding left along all rows, in one sweep over the basis for two steps
    where that is safe: a quarter of the traffic of two full passes of Gram–Schmidt. A
    further sweep follows on demand.

    Attributes:
        basis: The fixed rows, then V.
        fixed: Number of fixed rows.
        projected: T, symmetric.
        coupling: C.
        block: Q; no rows if V spans an invariant space.
        swept: Whether Q is orthogonal to all rows, or to be swept with its product.

    References:
        Golub and Underwood (1977), in Mathematical Software III, Sec. 3.
        Wu and Simon (2000), SIAM J. Matrix Anal. Appl. 22, 602, Sec. 2 and 3.
        Daniel, Gragg, Kaufman and Stewart (1976), Math. Comp. 30, Sec. 4.
    """

    def __init__(self, block: Float[torch.Tensor, "r P"]) -> None:
        """Start without fixed rows.

        Args:
            block: Vectors to start from, changed. They may depend on one another.
        """
        self.basis = KrylovBasis(block[:0])
        self.begin(block)

    @property
    def size(self) -> int:
        """Count the rows of V.

        Returns:
            Their number k.
        """
        return len(self.projected)

    def begin(self, block: Float[torch.Tensor, "r P"]) -> None:
        """Fix all rows, and start anew in their complement.

        Args:
            block: Vectors to start from, changed. They may depend on one another.
        """
        self.fixed = len(self.basis)
        self.projected = np.zeros((0, 0))
        for _ in range(2):
            self.basis.sweep(block)
            block, _, _ = _factorised(block, 0.0)
        self.block, self.swept = block, True
        self.coupling = np.zeros((len(block), 0))

    def expand(self, images: Float[torch.Tensor, "r P"], norm: float) -> None:
        """Take a step.

        Args:
            images: A times the rows of Q, changed.
            norm: What is known of the norm of A, by which rounding is judged.
        """
        coupled = np.flatnonzero(self.coupling.any(axis=0))
        nearest = int(coupled[0]) if len(coupled) else self.size
        self.basis.sweep(images, self.fixed + nearest)
        diagonal = _freed(images, self.block)
        self.projected = np.block([
            [self.projected, self.coupling.T],
            [self.coupling, (diagonal + diagonal.T) / 2],
        ])
        scale = max(norm, float(np.abs(self.projected).sum(axis=0).max()))
        spacing = torch.finfo(images.dtype).eps
        before = np.array([norm_of(row) for row in images])
        # A leaks into the fixed rows by more than rounding.
        unsafe = self.fixed or before.min() <= DEFERRAL * spacing**0.5 * scale
        deferred = self.swept and not unsafe
        if not deferred:
            images = self._sweep(images)
        self.swept = not deferred
        self.basis.extend(self.block)
        self._follow(images, before, BREAKDOWN * spacing * scale)

    def ritz(self) -> Ritz:
        """Diagonalise T.

        Returns:
            Ritz values, residuals ‖C s‖, and the coefficients s of the Ritz vectors.
        """
        values, vectors = _diagonalised(self.projected)
        residuals = np.linalg.norm(self.coupling @ vectors, axis=0)
        return Ritz(values, vectors[0] ** 2, residuals, vectors)

    def sum_of(self, count: int) -> Float[torch.Tensor, "1 P"]:
        """Add up some rows of V.

        Args:
            count: How many of the first ones.

        Returns:
            Their sum.
        """
        return self.basis.combine(self._behind_fixed(self._first(count)))

    def residual_bounds(
        self, image: Float[torch.Tensor, "1 P"], count: int
    ) -> Float[np.ndarray, " c"]:
        """Bound the residuals of Ritz vectors by the product of their sum.

        Where A Vᵀ = Vᵀ T + Qᵀ C + E, that of a row has its columns of C and of E. The
        product shows the sum of those of E: rounding, leaks into the fixed rows, what
        an operator that is not linear does. They have no common direction, and the
        vectors' signs are random: one is hardly longer than the sum.

        Args:
            image: A times the sum of the first rows, changed.
            count: How many they are.

        Returns:
            For each row the norm of its column of C, and that of the sum.
        """
        weights = self._first(count)
        image -= self.basis.combine(self._behind_fixed(self.projected @ weights))
        along = torch.from_numpy(self.coupling @ weights).to(image)
        image.addmm_(along[None], self.block, alpha=-1)
        return np.linalg.norm(self.coupling[:, :count], axis=0) + norm_of(image[0])

    def polish(self, images: Float[torch.Tensor, "c P"]) -> Float[np.ndarray, " c"]:
        """Replace all rows by the Ritz vectors of their span, none fixed.

        Args:
            images: A times the rows; they become the remainders A y − θ y.

        Returns:
            The Ritz values θ, descending.
        """
        projected = self.basis.components(images).cpu().numpy()
        values, vectors = _diagonalised((projected + projected.T) / 2)
        values, turn = values[::-1].copy(), torch.from_numpy(vectors[:, ::-1].copy())
        self.basis.rotate(turn)
        rotate(images, turn)
        self.basis.remainders(images, values)
        self.fixed = 0
        self.projected = np.diag(values)
        return values

    def continue_from(
        self, remainders: Float[torch.Tensor, "c P"], chosen: Int[np.ndarray, " r"]
    ) -> None:
        """Take remainders of polished Ritz vectors for Q.

        Args:
            remainders: The remainders of all rows.
            chosen: Which of them to expand by.
        """
        self.block, _, _ = _factorised(remainders[chosen], 0.0)
        self.coupling = np.zeros((len(self.block), 0))
        self._clean()
        self.coupling = inner_products(self.block, remainders).cpu().numpy()

    def keep(
        self,
        fixed: Int[np.ndarray, " f"],
        vectors: Float[np.ndarray, "k c"],
    ) -> None:
        """Replace the rows by some of the fixed ones and combinations of the others.

        Args:
            fixed: Positions of the fixed rows to keep.
            vectors: Eigenvectors of T as columns.
        """
        coefficients = np.zeros((len(self.basis), len(fixed) + vectors.shape[1]))
        coefficients[fixed, np.arange(len(fixed))] = 1
        coefficients[self.fixed :, len(fixed) :] = vectors
        self.basis.rotate(torch.from_numpy(coefficients))
        if not self.swept:
            self.basis.sweep(self.block)
            self.swept = True
        self.fixed = len(fixed)
        self.projected = vectors.T @ self.projected @ vectors
        self.coupling = np.matmul(self.coupling, vectors)

    def state(self) -> State:
        """Say everything.

        Returns:
            Named tensors.
        """
        return {
            "rows": self.basis.rows(),
            "block": self.block,
            "counts": torch.tensor([self.fixed, self.swept]),
            "projected": torch.from_numpy(self.projected),
            "coupling": torch.from_numpy(self.coupling),
        }

    def restore(self, state: State) -> None:
        """Go back to a state.

        Args:
            state: What ``state()`` returned.
        """
        self.basis = KrylovBasis(state["rows"])
        self.block = state["block"]
        self.fixed, swept = state["counts"].tolist()
        self.swept = bool(swept)
        self.projected = state["projected"].cpu().numpy()
        self.coupling = state["coupling"].cpu().numpy()

    def _first(self, count: int) -> Float[np.ndarray, " k"]:
        return 1.0 * (np.arange(self.size) < count)

    def _behind_fixed(
        self, weights: Float[np.ndarray, " k"]
    ) -> Float64[torch.Tensor, "_ 1"]:
        return torch.from_numpy(np.append(np.zeros(self.fixed), weights)[:, None])

    def _sweep(self, images: Float[torch.Tensor, "r P"]) -> Float[torch.Tensor, "r P"]:
        """Free images of rounding, and Q with them if that was put off."""
        if self.swept:
            self.basis.sweep(images)
        else:
            both = torch.cat([self.block, images])
            self.basis.sweep(both)
            self.block, images = both.split([len(self.block), len(images)])
        _freed(images, self.block)
        return images

    def _follow(
        self,
        remainders: Float[torch.Tensor, "c P"],
        before: Float[np.ndarray, " c"],
        floor: float,
    ) -> None:
        self.block, factor, origin = _factorised(remainders, floor)
        rank = len(self.block)
        self.coupling = np.zeros((rank, self.size))
        self.coupling[:, self.size - len(factor) :] = factor.T
        left = factor[origin, np.arange(rank)]
        if np.any(left < CANCELLATION * before[origin]):
            self._clean()

    def _clean(self) -> None:
        """Sweep Q until it is orthogonal; what falls twice lies in the span."""
        for _ in range(2):
            self.basis.sweep(self.block)
            self.block, _, origin = _factorised(self.block, CANCELLATION)
            self.coupling = self.coupling[origin]
        self.swept = True


def _diagonalised(
    matrix: Float[np.ndarray, "k k"],
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, "k k"]]:
    # Torch keeps to its own number of threads; many are slower on small matrices.
    values, vectors = torch.linalg.eigh(torch.from_numpy(matrix))
    return values.numpy(), vectors.numpy()


def _freed(
    vectors: Float[torch.Tensor, "r P"], rows: Float[torch.Tensor, "k P"]
) -> Float64[np.ndarray, "r k"]:
    """Subtract components along orthonormal rows, in place, and return them."""
    along = inner_products(vectors, rows)
    vectors.addmm_(along.to(vectors), rows, alpha=-1)
    return along.cpu().numpy()


def _factorised(
    rows: Float[torch.Tensor, "c P"], floor: float
) -> tuple[Float[torch.Tensor, "r P"], Float[np.ndarray, "c r"], Int[np.ndarray, " r"]]:
    """Write rows as a lower triangular matrix times orthonormal rows, in place.

    Args:
        rows: The rows, changed.
        floor: A row of which no more than this is left depends on those before it.

    Returns:
        The r orthonormal rows, the matrix, and which row each of them came from.
    """
    factor = np.zeros((len(rows), len(rows)))
    origin: list[int] = []
    for index in range(len(rows)):
        rank, row = len(origin), rows[index]
        for _ in range(2 if rank else 0):
            factor[index, :rank] += _freed(row[None], rows[:rank])[0]
        left = norm_of(row)
        if left > floor:
            torch.div(row, left, out=rows[rank])
            factor[index, rank] = left
            origin.append(index)
    rank = len(origin)
    return rows[:rank], factor[:, :rank], np.array(origin, dtype=np.int64)
