"""plan: what a run will take, before it starts."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

import torch

from eigenscape.curvature.extremes import default_max_basis, default_max_products
from eigenscape.curvature.memory import available_memory
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.operators.risk_operator import RiskOperator

Algorithm = Literal["lanczos", "spectral_measure", "extreme_eigenpairs", "trace"]

WORKING_VECTORS = 4
"""Vectors of a Lanczos run besides its basis: two of the recurrence, a product, and one
more while it is made."""

TIMED_PRODUCTS = 3
"""Products timed, after one that builds the graphs."""

SWEEPS = 4
"""Times that an orthogonalisation reads the basis at most: two passes, each for the
components and for their subtraction. In a thick restart the basis is on average three
quarters full, and its rotation costs the fourth quarter."""

TIMED_BYTES = 2**26
"""Bytes of rows on which reading is timed, of at least two rows: beyond the caches."""

REMEDIES = {
    "lanczos": "reorthogonalise='none' holds 4 vectors",
    "spectral_measure": "fewer probes at a time hold 4 vectors each",
    "extreme_eigenpairs": "fewer pairs, or a smaller max_basis, hold fewer vectors",
    "trace": "method='hutchinson' holds 32 vectors",
}


@dataclass(frozen=True)
class Forecast:
    """Time and memory of a run.

    Attributes:
        products: Most products.
        seconds: Time of so many products, and of the work on vectors.
        vector_seconds: The part of it spent on vectors, mostly on keeping a basis
            orthogonal.
        vectors: Most vectors of length P held at once.
        memory: Bytes of these vectors and of the graphs kept.
        available: Bytes that could be taken now; None where the system does not say.
        remedy: What to change if it does not fit.
    """

    products: int
    seconds: float
    vector_seconds: float
    vectors: int
    memory: int
    available: int | None
    remedy: str

    @property
    def fits(self) -> bool:
        """Tell whether the memory suffices.

        Returns:
            Whether it does, as far as is known.
        """
        return self.available is None or self.memory <= self.available

    def __str__(self) -> str:
        each = 1000 * (self.seconds - self.vector_seconds) / self.products
        line = (
            f"at most {self.products} products of {each:.3g} ms, {self.seconds:.3g} s, "
            f"{self.vector_seconds:.3g} s of it on vectors; "
            f"{self.vectors} vectors and graphs, {self.memory / 1e9:.3g} GB"
        )
        if self.available is not None:
            line += f" of {self.available / 1e9:.3g} GB available"
        return line if self.fits else f"{line}: does not fit; {self.remedy}"


def plan(
    operator: LinearOperator,
    algorithm: Algorithm,
    *,
    steps: int = 100,
    probes: int = 10,
    count: int = 10,
    reorthogonalise: bool = True,
) -> Forecast:
    """Forecast time and memory of an algorithm by timing a few products.

    Args:
        operator: The operator; its graphs are built, and kept if it keeps them.
        algorithm: The verb to be called.
        steps: Lanczos steps, of "lanczos" and "spectral_measure".
        probes: Probes of "spectral_measure", products of "trace".
        count: Pairs of "extreme_eigenpairs", with its default bounds.
        reorthogonalise: Whether "lanczos" keeps its basis.

    Returns:
        The forecast.

    Raises:
        ValueError: If a number is less than 1 or the algorithm unknown.
    """
    if min(steps, probes, count) < 1:
        message = (
            f"steps, probes, count: expected at least 1 each, got {steps}, {probes} "
            f"and {count}"
        )
        raise ValueError(message)
    basis = default_max_basis(count, 1)
    needs = {
        "lanczos": (
            steps,
            WORKING_VECTORS + steps * reorthogonalise,
            SWEEPS * steps * reorthogonalise / 2,
        ),
        "spectral_measure": (steps * probes, WORKING_VECTORS * probes, 0.0),
        "extreme_eigenpairs": (
            default_max_products(count),
            max(basis + WORKING_VECTORS, 3 * count),
            SWEEPS * basis,
        ),
        "trace": (probes, probes + 32, 0.0),
    }
    if algorithm not in needs:
        message = f"algorithm: expected one of {list(needs)}, got {algorithm!r}"
        raise ValueError(message)
    products, vectors, read = needs[algorithm]
    vectors = min(vectors, operator.size + WORKING_VECTORS * probes)
    each = torch.empty(0, dtype=operator.dtype).element_size() * operator.size
    graphs = operator.graph_memory() if isinstance(operator, RiskOperator) else 0
    on_vectors = products * (read + WORKING_VECTORS) * _reading_seconds(operator)
    return Forecast(
        products=products,
        seconds=products * _seconds(operator) + on_vectors,
        vector_seconds=on_vectors,
        vectors=vectors,
        memory=vectors * each + graphs,
        available=available_memory(operator.device),
        remedy=REMEDIES[algorithm],
    )


def _seconds(operator: LinearOperator) -> float:
    vector = torch.ones(operator.size, dtype=operator.dtype, device=operator.device)
    times: list[float] = []
    for _ in range(1 + TIMED_PRODUCTS):
        began = time.perf_counter()
        float(operator.matvec(vector)[0])  # waits for an accelerator
        times.append(time.perf_counter() - began)
    return min(times[1:])


def _reading_seconds(operator: LinearOperator) -> float:
    """Time the reading of one vector of a basis."""
    each = operator.size * torch.empty(0, dtype=operator.dtype).element_size()
    rows = torch.ones(
        max(TIMED_BYTES // each, 2),
        operator.size,
        dtype=operator.dtype,
        device=operator.device,
    )
    vector = rows[0].clone()
    times: list[float] = []
    for _ in range(1 + TIMED_PRODUCTS):
        began = time.perf_counter()
        components = rows @ vector
        vector.addmv_(rows.T, components, alpha=1e-30)
        float(vector[0])  # waits for an accelerator
        times.append(time.perf_counter() - began)
    return min(times[1:]) / (2 * len(rows))
