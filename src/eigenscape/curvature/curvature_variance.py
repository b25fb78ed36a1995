"""How much curvature varies from batch to batch, by products over a fixed probe set."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import Any, final

import numpy as np
import torch

from eigenscape.core import Estimate
from eigenscape.curvature.kernels import CheapSecondDerivatives
from eigenscape.curvature.operators.block_diagonal import BlockDiagonal
from eigenscape.curvature.operators.operator import Product
from eigenscape.curvature.operators.risk_operator import RiskOperator
from eigenscape.curvature.risk.isolation import keep_random_state
from eigenscape.theory.shrinkage.damping import CurvatureMoments

_Vector = Sequence[torch.Tensor]


class NonFiniteCurvatureError(ValueError):
    """Report that a loss or a product with its curvature is infinite or no number."""


@final
@dataclass(frozen=True)
class CurvatureVariance:
    """The curvature of a block of parameters, and its noise from batch to batch.

    For products v_k = H_k z of K minibatches with a random unit vector z, and their
    mean v̄.

    Attributes:
        size: P, the parameters of the block.
        minibatches: K.
        batch_size: Examples of each.
        noise: s², unbiased: ∑ ‖v_k − v̄‖² / (K − 1). For Wigner noise of variance σ² off
            the diagonal it is P σ² in expectation, and the noise fills ±2s.
        mean: μ = tr H / P, unbiased: z·v̄.
        spread: d² = ‖H − μI‖² / P, unbiased, hence at times negative.
        seen_spread: ‖v̄ − (z·v̄) z‖², which has a part of the noise.
    """

    size: int
    minibatches: int
    batch_size: int
    noise: Estimate
    mean: float
    spread: float
    seen_spread: float

    @property
    def published_noise(self) -> float:
        """(1/K) ∑ ‖v_k‖² − ‖v̄‖², low by the factor 1 − 1/K, as in public code.

        References:
            The function loss_stats of the public code of Granziol and Baskerville,
            github.com/diegogranziol/rmt_damping_dl.
        """
        return self.noise.value * (1 - 1 / self.minibatches)

    @property
    def published_signal(self) -> float:
        """max(0, 1 − s²/(K d²)), the share to keep of the mean of the K minibatches.

        References:
            As for `published_noise`, whose s² it takes, with `seen_spread` for d².
        """
        if self.seen_spread <= 0:
            return 0.0
        noise = self.published_noise / self.minibatches
        return max(0.0, 1 - noise / self.seen_spread)

    @property
    def moments(self) -> CurvatureMoments:
        """The unbiased μ, d² and s²."""
        return CurvatureMoments(self.mean, self.spread, self.noise.value)


def curvature_variance(
    operator: RiskOperator,
    *,
    generator: torch.Generator,
    probes: int = 1,
    chosen: Collection[int] | None = None,
) -> CurvatureVariance:
    """Estimate the noise of batch curvature, over the minibatches of a risk.

    The cost is a gradient and r products for each minibatch, the memory two vectors for
    each of the r random vectors, one product, and the graph of one minibatch. Batch
    norm acts in the mode of the risk; published runs have it in training mode. The last
    minibatch is left out if it is smaller than the others.

    Args:
        operator: A Hessian or a Gauss-Newton matrix, of a risk on the probe set whose
            ``batch_size`` is that of the training batches.
        generator: Source of the random vectors, on the processor.
        probes: Random vectors r; one as published. The standard error of the noise,
            of K − 2 degrees of freedom, covers the choice of examples; with two vectors
            or more that of the vectors too. It is infinite for two minibatches.
        chosen: Which minibatches to take, counted from 0; all if None.

    Returns:
        The variance with the moments that the best shrinkage wants.

    References:
        As for `CurvatureVariance.published_noise`; the unbiased forms are ours.
    """
    everything = {"all": operator.risk.names}
    found = block_curvature_variance(
        operator, everything, generator=generator, probes=probes, chosen=chosen
    )
    return found["all"]


def block_curvature_variance(
    operator: RiskOperator,
    blocks: Mapping[str, Sequence[str]],
    *,
    generator: torch.Generator,
    probes: int = 1,
    chosen: Collection[int] | None = None,
) -> dict[str, CurvatureVariance]:
    """Estimate the noise of the diagonal blocks of batch curvature.

    A block has a random unit vector of its own. All share the graph of a minibatch; for
    L blocks the second derivatives cost about L/2 times those of a whole product.

    Args:
        operator: See `curvature_variance`.
        blocks: For each block the names of its parameters, such as ``risk.groups()``.
        generator: See `curvature_variance`.
        probes: See `curvature_variance`.
        chosen: See `curvature_variance`.

    Returns:
        The variance of each block.

    Raises:
        ValueError: If there are fewer than two minibatches or no vector; if the loss or
            a product is not finite, a `NonFiniteCurvatureError`.
    """
    if probes < 1:
        message = f"probes: expected at least 1, got {probes}; raise it"
        raise ValueError(message)
    sums = _Sums(BlockDiagonal(operator, blocks), probes, generator)
    risk = operator.risk
    with keep_random_state(risk.device), risk.prepared():
        for index, (inputs, targets, share) in enumerate(risk.batches()):
            complete = round(share * risk.examples) == risk.batch_size
            if complete and (chosen is None or index in chosen):
                with CheapSecondDerivatives(kept=sums.products > 1):
                    sums.add(_linearised(operator, inputs, targets, index), index)
                if chosen is not None and sums.count == len(chosen):
                    break
    if sums.count < (2 if chosen is None else max(2, len(chosen))):
        asked = "" if chosen is None else f" among the minibatches {sorted(chosen)}"
        message = (
            "probe set: expected at least two complete minibatches of "
            f"{risk.batch_size}, got {risk.examples} examples and {sums.count} of "
            f"them{asked}; pass more examples, or a risk of a smaller batch_size"
        )
        raise ValueError(message)
    return sums.results()


def _linearised(
    operator: RiskOperator, inputs: Any, targets: Any, index: int
) -> Product:
    """Build the graph of a minibatch, and tell a loss that is not finite."""
    try:
        return operator.linearise(inputs, targets, index)
    except ValueError as error:
        loss = operator.risk.loss(operator.risk.output(inputs), targets)
        if bool(torch.isfinite(loss)):
            raise
        message = f"curvature: {error}"
        raise NonFiniteCurvatureError(message) from error


class _Sums:
    """The running mean of the products, and how far each is from those before it.

    By Welford's identity ∑ ‖v_k − v̄‖² is the sum of the squares ‖v_k − v̄_{k−1}‖² (k −
    1)/k over k ≥ 2, each of expectation s²; for normal products they are independent.
    """

    def __init__(
        self, operator: BlockDiagonal, probes: int, generator: torch.Generator
    ) -> None:
        risk = operator.operator.risk
        self._risk, self._names, self._blocks = risk, operator.names, operator.blocks
        self._rows = [self._unit_vectors(generator) for _ in range(probes)]
        self._means = [list(map(torch.zeros_like, row)) for row in self._rows]
        self._steps: list[list[list[float]]] = []
        self._along: list[list[list[float]]] = []

    @property
    def count(self) -> int:
        return len(self._along)

    @property
    def products(self) -> int:
        """How many are taken with a minibatch."""
        return len(self._rows) * len(self._blocks)

    def add(self, product: Product, index: int) -> None:
        past, steps, along = self.count, [], []
        for j, (row, mean) in enumerate(zip(self._rows, self._means, strict=True)):
            found = self._multiplied(product, row, last=j + 1 == len(self._rows))
            along.append(self._inner(row, found))
            squares = self._moved(mean, found, 1 / (past + 1))
            if not all(map(math.isfinite, squares)):
                message = (
                    "curvature: expected finite products, got NaN or infinity on "
                    f"minibatch {index}; lower the learning rate"
                )
                raise NonFiniteCurvatureError(message)
            steps.append([past / (past + 1) * square for square in squares])
        self._along.append(along)
        if past:
            self._steps.append(steps)

    def results(self) -> dict[str, CurvatureVariance]:
        steps, along = np.array(self._steps), np.array(self._along)
        squares = np.array([self._inner(mean, mean) for mean in self._means])
        return {
            name: self._result(k, steps[:, :, k], along[:, :, k], squares[:, k])
            for k, name in enumerate(self._names)
        }

    def _result(
        self, block: int, steps: np.ndarray, along: np.ndarray, squares: np.ndarray
    ) -> CurvatureVariance:
        count, size = self.count, self._size(block)
        noise, mean = steps.mean(axis=0), along.mean(axis=0)
        seen = squares - mean**2
        signal = seen - noise / count + along.var(axis=0, ddof=1) / count
        return CurvatureVariance(
            size,
            count,
            self._risk.batch_size,
            Estimate(float(noise.mean()), _standard_error(steps), count),
            float(mean.mean()),
            float(signal.mean()) * (size + 2) / size,
            max(0.0, float(seen.mean())),
        )

    def _multiplied(
        self, product: Product, row: _Vector, *, last: bool
    ) -> list[torch.Tensor]:
        total: dict[int, torch.Tensor | None] = {}
        for block in self._blocks:
            inside = [piece if k in block else None for k, piece in enumerate(row)]
            keep = not (last and block is self._blocks[-1])
            total |= zip(block, product(inside, block, keep), strict=True)
        pieces = [total.get(k) for k in range(len(row))]
        return [
            torch.zeros_like(own) if piece is None else piece
            for own, piece in zip(row, pieces, strict=True)
        ]

    def _moved(self, mean: _Vector, found: _Vector, share: float) -> list[float]:
        """Move a mean towards what was found, and give the squared gaps before."""
        each: list[torch.Tensor] = []
        for known, piece in zip(mean, found, strict=True):
            gap = piece - known
            each.append(_dot(gap, gap))
            known.add_(gap, alpha=share)
        return self._by_block(each)

    def _inner(self, first: _Vector, second: _Vector) -> list[float]:
        pairs = zip(first, second, strict=True)
        return self._by_block(list(starmap(_dot, pairs)))

    def _by_block(self, each: _Vector) -> list[float]:
        sums = torch.stack(list(each)).double()
        return [float(sums[list(block)].sum()) for block in self._blocks]

    def _unit_vectors(self, generator: torch.Generator) -> list[torch.Tensor]:
        """One vector, of length 1 in each block and 0 outside."""
        risk = self._risk
        # In single precision whatever the type of the parameters: ten times as fast.
        row = torch.randn(risk.size, generator=generator).to(risk.device, risk.dtype)
        pieces = risk.unflatten(row)
        lengths = [math.sqrt(square) for square in self._inner(pieces, pieces)]
        scales = {
            k: 1 / length
            for block, length in zip(self._blocks, lengths, strict=True)
            for k in block
        }
        return [piece.mul_(scales.get(k, 0.0)) for k, piece in enumerate(pieces)]

    def _size(self, block: int) -> int:
        return sum(self._risk.params[k].numel() for k in self._blocks[block])


def _dot(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    return torch.dot(first.reshape(-1), second.reshape(-1))


def _standard_error(steps: np.ndarray) -> float:
    """Of the mean over steps and probes; infinite for a single step."""
    count, probes = steps.shape
    if count < 2:
        return math.inf
    variance = float(steps.mean(axis=1).var(ddof=1)) / count
    if probes > 1:
        variance += float(steps.mean(axis=0).var(ddof=1)) / probes
    return math.sqrt(variance)
