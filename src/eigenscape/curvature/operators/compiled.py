"""Products compiled to machine code, for long runs on a fixed batch."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from torch.fx.experimental.proxy_tensor import make_fx

from eigenscape.curvature.operators.operator import Pieces, Product

PROBE_SEED = 0

AGREEMENT = {torch.float32: 1e-4, torch.float64: 1e-10}
"""Relative difference allowed between compiled and plain products: a hundred times and
more what another order of sums makes."""


def compile_product(product: Product, params: Sequence[torch.Tensor]) -> Product:
    """Compile the products with one minibatch.

    The operations of one product through the retained graph are recorded, with what
    the graph holds as constants, and compiled as a whole: a linear map without a
    forward pass. Products of blocks stay as they are. Compilation takes from seconds to
    minutes, and pays after some hundred products.

    Args:
        product: The plain product.
        params: The parameters.

    Returns:
        The compiled product, held against the plain one for one vector.

    Raises:
        ValueError: If the product cannot be recorded or compiled, or differs.
    """
    everything = range(len(params))

    def whole(*direction: torch.Tensor) -> list[torch.Tensor]:
        pieces = product(direction, everything, True)
        return [
            torch.zeros_like(param) if piece is None else piece
            for param, piece in zip(params, pieces, strict=True)
        ]

    generator = torch.Generator().manual_seed(PROBE_SEED)
    probe = [
        torch.randn(param.shape, generator=generator, dtype=param.dtype).to(param)
        for param in params
    ]
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the compiler, about itself
            with torch.enable_grad():
                recorded = cast("Callable[..., Any]", make_fx(whole))(*probe)
            run = cast("Callable[..., list[torch.Tensor]]", torch.compile(recorded))
            found = run(*probe)
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        message = (
            f"compiled: expected products that torch.compile takes, got {reason}; "
            "use compiled=False"
        )
        raise ValueError(message) from error
    _require_equal(found, whole(*probe))

    def fast(direction: Pieces, wanted: Sequence[int], keep: bool) -> Pieces:
        full = [piece for piece in direction if piece is not None]
        if len(full) < len(params) or list(wanted) != list(everything):
            return product(direction, wanted, keep)
        with torch.no_grad():
            return run(*(piece.contiguous() for piece in full))

    return fast


def _require_equal(
    found: Sequence[torch.Tensor], plain: Sequence[torch.Tensor]
) -> None:
    pairs = [(a.double(), b.double()) for a, b in zip(found, plain, strict=True)]
    gap = sum(float((a - b).square().sum()) for a, b in pairs) ** 0.5
    scale = sum(float(b.square().sum()) for _, b in pairs) ** 0.5
    if not gap <= AGREEMENT[plain[0].dtype] * scale:
        message = (
            f"compiled: expected products equal to the plain ones, got a relative "
            f"difference of {gap / scale if scale else gap:.3g}; use compiled=False"
        )
        raise ValueError(message)
