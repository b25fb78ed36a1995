"""Top eigenvalues of many batch matrices: known directions and private ones.

A batch matrix is H = B + ∑ᵢ (zᵢ + √ρᵢ qᵢ)(zᵢ + √ρᵢ qᵢ)ᵀ: B and the zᵢ live on the K
known directions, the qᵢ are orthonormal and outside them, the part of a row of which
nothing is known but its length. On the K directions and some qᵢ, H is an ordinary
matrix; the other rows enter by their Schur complement ∑ zᵢzᵢᵀ ρᵢ/(λ − ρᵢ), which for
small ρᵢ hardly depends on λ.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

_SMALL = 0.25  # rows of ρ ≤ λ/4 go by their Schur complement
_REFINEMENTS = 4


def top_eigenvalues(
    base: Float[np.ndarray, "*d K K"],
    rows: Float[np.ndarray, "d m K"],
    rest: Float[np.ndarray, "d m"],
    count: int,
) -> Float[np.ndarray, "d k"]:
    """Find the largest eigenvalues of every batch matrix.

    Exact up to the first-order dependence of the Schur complement on λ; exact where
    no row, or every row, has ρ above a quarter of the least eigenvalue sought.

    Args:
        base: B, one for all or one a draw.
        rows: z, one matrix a draw; rows of zeros are padding.
        rest: ρ ≥ 0, one a row.
        count: k, how many eigenvalues.

    Returns:
        The eigenvalues, descending; 0 where a matrix has fewer.
    """
    inner = base + rows.transpose(0, 2, 1) @ rows
    if not rest.any():
        return _padded(np.linalg.eigvalsh(inner)[:, ::-1], count)
    order = np.argsort(-rest, axis=1)
    rest = np.take_along_axis(rest, order, 1)
    rows = np.take_along_axis(rows, order[:, :, None], 1)
    inside = _padded(np.linalg.eigvalsh(inner)[:, ::-1], count)
    # by interlacing, no eigenvalue sought lies below either
    least = np.maximum(inside[:, -1], _padded(rest, count)[:, -1])
    private = int((rest > _SMALL * least[:, None]).sum(1).max())
    own, light = rows[:, :private], rows[:, private:]
    shares = rest[:, private:]
    first = np.maximum(np.maximum(inside[:, 0], rest[:, 0]), least)
    middle = np.sqrt(first * np.maximum(least, 1e-300))[:, None]
    scaled = light * np.sqrt(_complement(shares, middle))[:, :, None]
    inner += scaled.transpose(0, 2, 1) @ scaled
    values, vectors = _bordered(inner, own, rest[:, :private], count)
    energies = (light @ vectors) ** 2
    fixed = np.einsum("dm,dmk->dk", _complement(shares, middle), energies)
    refined = values
    for _ in range(_REFINEMENTS):
        floor = np.maximum(refined, np.maximum(least[:, None], 1e-300))
        change = [
            np.einsum("dm,dm->d", _complement(shares, floor[:, [i]]), energies[:, :, i])
            for i in range(values.shape[1])
        ]
        refined = values + np.stack(change, axis=1) - fixed
    return _padded(np.sort(refined, axis=1)[:, ::-1], count)


def _complement(
    rest: Float[np.ndarray, "d m"], level: Float[np.ndarray, "d 1"]
) -> Float[np.ndarray, "d m"]:
    return rest / np.maximum(level - rest, 1e-300)


def _bordered(
    inner: Float[np.ndarray, "d K K"],
    own: Float[np.ndarray, "d h K"],
    rest: Float[np.ndarray, "d h"],
    count: int,
) -> tuple[Float[np.ndarray, "d j"], Float[np.ndarray, "d K j"]]:
    draws, private, known = own.shape
    whole = np.zeros((draws, known + private, known + private))
    whole[:, :known, :known] = inner
    border = own * np.sqrt(rest)[:, :, None]
    whole[:, known:, :known] = border
    whole[:, :known, known:] = border.transpose(0, 2, 1)
    index = np.arange(known, known + private)
    whole[:, index, index] = rest
    values, vectors = np.linalg.eigh(whole)
    return values[:, : -count - 1 : -1], vectors[:, :known, : -count - 1 : -1]


def _padded(values: Float[np.ndarray, "d j"], count: int) -> Float[np.ndarray, "d k"]:
    short = max(count - values.shape[1], 0)
    return np.pad(values[:, :count], ((0, 0), (0, short)))
