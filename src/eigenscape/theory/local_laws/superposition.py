"""Spectra laid over each other: m independent blocks of the orthogonal ensemble.

A matrix that falls apart into blocks, by a symmetry or by zeros, has the levels of all
blocks, which do not repel each other. Blocks are of equal density 1/m here, and the
mean density of all is one. One block is the ensemble itself; many blocks are Poisson.

References:
    Rosenzweig and Porter (1960), "Repulsion of energy levels" in complex atomic
    spectra, Physical Review 120; Giraud, Macé, Vernier and Alet (2022), Probing
    symmetries of quantum many-body systems through gap ratio statistics, Physical
    Review X 12.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.theory.fredholm import quadrature
from eigenscape.theory.laws.pointwise import pointwise
from eigenscape.theory.local_laws.number_variance import (
    number_variance,
    spectral_rigidity,
)

_RATE = 9 / (4 * math.pi)
"""a of p(s, t) ∝ st(s + t) exp(−a(s² + st + t²)), where the mean spacing is one."""
_NORM = 9 * _RATE**2.5 / math.sqrt(math.pi)
_REACH = 7.0  # mean spacings of one block: p is below 1e-30 of its peak there
_NODES = 60
_TAIL_NODES = 40


@pointwise(0)
def superposed_number_variance(
    length: Float[np.ndarray, "*shape"], blocks: int
) -> Float[np.ndarray, "*shape"]:
    """Evaluate Σ² = m Σ²₁(L/m): variances of independent blocks add.

    Args:
        length: L, in mean spacings of all levels, at least 0.
        blocks: m, at least 1.

    Returns:
        Σ²(L).
    """
    require_blocks(blocks)
    return blocks * number_variance(length / blocks, 1)


@pointwise(0)
def superposed_rigidity(
    length: Float[np.ndarray, "*shape"], blocks: int
) -> Float[np.ndarray, "*shape"]:
    """Evaluate Δ₃ = m Δ₃₁(L/m), by the linearity of Δ₃ in Σ².

    Args:
        length: L, in mean spacings of all levels, at least 0.
        blocks: m, at least 1.

    Returns:
        Δ₃(L).
    """
    require_blocks(blocks)
    return blocks * spectral_rigidity(length / blocks, 1)


@pointwise(0)
def superposed_spacing_pdf(
    s: Float[np.ndarray, "*shape"], blocks: int
) -> Float[np.ndarray, "*shape"]:
    """Evaluate the density of spacings, P = (d²/ds²) E(s/m)ᵐ.

    E(x) = erfc(√π x/2), the gap probability that belongs to Wigner's surmise.

    Args:
        s: Spacings in mean spacings of all levels, at least 0.
        blocks: m, at least 1.

    Returns:
        P(s).

    References:
        Rosenzweig and Porter (1960), Physical Review 120.
    """
    require_blocks(blocks)
    x = s / blocks
    empty = scipy.special.erfc(math.sqrt(math.pi) / 2 * x)
    edge = np.exp(-math.pi / 4 * x**2)
    same = empty ** (blocks - 1) * math.pi / 2 * x * edge
    if blocks == 1:
        return same
    return (same + (blocks - 1) * empty ** (blocks - 2) * edge**2) / blocks


@pointwise(0)
def superposed_ratio_pdf(
    r: Float[np.ndarray, " n"], blocks: int
) -> Float[np.ndarray, " n"]:
    """Evaluate the density of ratios of neighbouring spacings, p(r) = ∫ s P(s, rs) ds.

    P(s, t) sums over which blocks own the three levels. It is exact given the joint
    law p(s, t) of neighbouring spacings of one block, for which stands that of
    3 × 3 matrices.

    Args:
        r: Ratios, at least 0.
        blocks: m, at least 1.

    Returns:
        p(r); twice it is the density of min(r, 1/r) on [0, 1].

    References:
        Giraud, Macé, Vernier and Alet (2022), Physical Review X 12, who superpose
        surmises in this way.
    """
    require_blocks(blocks)
    nodes, weights = quadrature(0.0, 1.0, _NODES)
    # the two spacings together reach over at most 7 spacings of one block
    s = _REACH * nodes / (1 + r[:, None])
    density = _joint(s, r[:, None] * s, blocks)
    return ((s * density) @ weights) * _REACH / (1 + r)


@functools.cache
def superposed_ratio_surmise_mean(blocks: int) -> float:
    """Integrate the mean of min(r, 1/r) under `superposed_ratio_pdf`.

    Args:
        blocks: m, at least 1.

    Returns:
        0.5359 for one block, 0.4234 for two, 0.4033 for three.
    """
    nodes, weights = quadrature(0.0, 1.0, _NODES)
    return float(2 * (nodes * superposed_ratio_pdf(nodes, blocks)) @ weights)


def require_blocks(blocks: int) -> None:
    """Refuse a number of blocks below one.

    Args:
        blocks: m.

    Raises:
        ValueError: It is below one.
    """
    if blocks < 1:
        message = f"blocks: expected at least 1, got {blocks}"
        raise ValueError(message)


def _joint(
    s: Float[np.ndarray, "*shape"], t: Float[np.ndarray, "*shape"], blocks: int
) -> Float[np.ndarray, "*shape"]:
    # spacings s, t after a level of one block, in spacings of a block: owners of the
    # three levels are one block (1,1,1), two (1,1,2), (1,2,1), (1,2,2), or three
    others = blocks - 1
    density = _pair(s, t) * _empty(s + t) ** others
    if not others:
        return density
    one_fewer = _empty(s + t) ** (others - 1)
    apart = _after(t, s) + _after(s, t)
    density += others * one_fewer * apart * _edge(s + t)
    density += others * one_fewer * _spacing(s + t) * _both(s, t)
    if others > 1:
        two_fewer = _empty(s + t) ** (others - 2)
        third = _edge(s + t) ** 2 * _both(s, t)
        density += others * (others - 1) * two_fewer * third
    return density


def _pair(s: np.ndarray, t: np.ndarray) -> np.ndarray:
    # p(s, t) of 3 × 3 matrices
    form = np.exp(-_RATE * (s**2 + s * t + t**2))
    return _NORM * s * t * (s + t) * form


def _after(s: np.ndarray, t: np.ndarray) -> np.ndarray:
    # ∫ₜ^∞ p(s, u) du: a spacing s, then none up to t; with v = u + s/2 it is
    # ∫ (v² − s²/4) exp(−a(v² + 3s²/4)) dv
    v = t + s / 2
    tail = (1 / (4 * _RATE) - s**2 / 8) * math.sqrt(math.pi / _RATE)
    beyond = v / (2 * _RATE) * np.exp(-_RATE * v**2)
    beyond += tail * scipy.special.erfc(math.sqrt(_RATE) * v)
    return _NORM * s * np.exp(-0.75 * _RATE * s**2) * beyond


def _spacing(s: np.ndarray) -> np.ndarray:
    return _after(s, np.zeros_like(s))


def _edge(s: np.ndarray) -> np.ndarray:
    # ∫ₛ^∞ p(u) du: no level for s after a level
    return _both(s, np.zeros_like(s))


def _both(s: np.ndarray, t: np.ndarray) -> np.ndarray:
    # ∫ₛ^∞ ∫ₜ^∞ p: a level with none for s before it and for t after it
    nodes, weights = _tail_rule()
    return _after(s[..., None] + nodes, t[..., None]) @ weights


def _empty(s: np.ndarray) -> np.ndarray:
    # E(s) = ∫ₛ^∞ (u − s) p(u) du
    nodes, weights = _tail_rule()
    return _spacing(s[..., None] + nodes) @ (weights * nodes)


def _tail_rule() -> tuple[np.ndarray, np.ndarray]:
    return quadrature(0.0, _REACH, _TAIL_NODES)
