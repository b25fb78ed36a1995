"""The contestants: the same jobs, each asked for as its package documents it.

A *product* contestant is made once a workload and then multiplies; a *job* contestant
is timed from building its operator to its answer. None checks itself unless its name
says "defaults". Every one has a copy of the network of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.sparse.linalg import eigsh

from eigenscape.curvature import (
    EmpiricalRisk,
    Hessian,
    extreme_eigenpairs,
    lanczos,
    ritz,
    spectral_measure,
)
from networks import Workload

Call = Callable[[], Any]

OUR_OPERATORS: dict[str, dict[str, Any]] = {
    "eigenscape": {},
    "eigenscape, compiled": {"compiled": True},
}
"""The ways to build our operator that the one-product rows compare: name, options."""


@dataclass(frozen=True)
class Spectrum:
    """What a job gave: nodes, the rows of its eigenvectors if any, products spent."""

    nodes: np.ndarray
    rows: torch.Tensor | None
    products: int


def gradient(workload: Workload) -> Call:
    model = workload.network()
    params = list(model.parameters())

    def run() -> Any:
        pieces: Any = 0
        for inputs, targets in workload.batches:
            loss = workload.loss(model(inputs), targets)
            pieces = torch.autograd.grad(loss, params)
        return pieces

    return run


def our_hessian(workload: Workload, **options: Any) -> Hessian:
    risk = EmpiricalRisk(
        workload.network(),
        workload.loss,
        (workload.inputs, workload.targets),
        batch_size=workload.batch_size,
    )
    return Hessian(risk, **options)


def our_products(workload: Workload, vectors: torch.Tensor, **options: Any) -> Call:
    operator = our_hessian(workload, check=False, **options)
    if vectors.shape[1] == 1:
        return lambda: operator.matvec(vectors[:, 0])
    return lambda: operator.matmat(vectors)


def pyhessian(workload: Workload) -> Any:
    from pyhessian import hessian

    torch.eig = _eig  # the release on the index calls what PyTorch has removed
    data = (workload.inputs, workload.targets)
    return hessian(workload.network(), workload.loss, data=data, cuda=False)


def pyhessian_product(workload: Workload, vectors: torch.Tensor) -> Call:
    from pyhessian import hessian_vector_product

    peer = pyhessian(workload)
    pieces = vectors[:, 0].split([param.numel() for param in peer.params])
    direction = [
        piece.view_as(param) for piece, param in zip(pieces, peer.params, strict=True)
    ]
    return lambda: hessian_vector_product(peer.gradsH, peer.params, direction)


def eigenthings(workload: Workload) -> Any:
    from hessian_eigenthings.loss_fns import supervised_loss
    from hessian_eigenthings.operators import HessianOperator

    loss = supervised_loss(workload.loss)
    return HessianOperator(workload.network(), workload.batches, loss)


def eigenthings_products(workload: Workload, vectors: torch.Tensor) -> Call:
    operator = eigenthings(workload)
    columns = vectors.T.contiguous()
    if len(columns) == 1:
        return lambda: operator.matvec(columns[0])
    return lambda: torch.stack([operator.matvec(column) for column in columns], 1)


def curvlinops(workload: Workload) -> Any:
    from curvlinops import HessianLinearOperator

    model = workload.network()
    return HessianLinearOperator(
        model,
        workload.loss,
        list(model.parameters()),
        workload.batches,
        check_deterministic=False,
        num_data=len(workload.inputs),
    )


def curvlinops_products(workload: Workload, vectors: torch.Tensor) -> Call:
    operator = curvlinops(workload)
    columns = vectors.T.contiguous()
    if len(columns) == 1:
        return lambda: operator @ columns[0]
    return lambda: torch.stack([operator @ column for column in columns], 1)


def curvlinops_block(workload: Workload, vectors: torch.Tensor) -> Call:
    operator = curvlinops(workload)
    return lambda: operator @ vectors


def our_eigenpairs(
    workload: Workload, count: int, tolerance: float, *, defaults: bool
) -> Spectrum:
    pairs = extreme_eigenpairs(
        our_hessian(workload, check=defaults),
        count,
        tolerance=tolerance,
        generator=torch.Generator().manual_seed(0),
        verify=defaults,
    )
    return Spectrum(pairs.values, torch.from_numpy(pairs.vectors), pairs.products)


def eigenthings_eigenpairs(workload: Workload, count: int, tolerance: float) -> Call:
    """Lanczos from its default of 2 ``count`` steps, doubled until it reports success.

    Its own flag holds each residual against its own eigenvalue; here all are held
    against the largest, which is easier.
    """

    def run() -> Spectrum:
        operator, steps, spent = eigenthings(workload), count, 0
        while True:
            steps *= 2
            found = _eigenthings_lanczos(operator, count, steps)
            spent += found.iterations
            if found.residuals.max() <= tolerance * found.eigenvalues.max():
                return Spectrum(found.eigenvalues.numpy(), found.eigenvectors, spent)

    return run


def eigenthings_last_run(workload: Workload, count: int, tolerance: float) -> Call:
    """Only the last run of the above, as if the steps it needs were known."""
    spent = eigenthings_eigenpairs(workload, count, tolerance)().products
    steps = spent // 2 + count  # the runs of 2, 4, ... count steps before add up so

    def run() -> Spectrum:
        found = _eigenthings_lanczos(eigenthings(workload), count, steps)
        return Spectrum(found.eigenvalues.numpy(), found.eigenvectors, steps)

    return run


def _eigenthings_lanczos(operator: Any, count: int, steps: int) -> Any:
    from hessian_eigenthings.algorithms import lanczos as peer_lanczos

    # Above 50 steps it would not reorthogonalise, and repeat eigenvalues.
    return peer_lanczos(
        operator, k=count, max_iter=steps, which="LA", seed=0, reorthogonalize=True
    )


def curvlinops_eigenpairs(workload: Workload, count: int, tolerance: float) -> Spectrum:
    operator = curvlinops(workload)
    spent = 0

    def multiply(vector: torch.Tensor) -> Any:
        nonlocal spent
        spent += 1
        return product(vector)

    product, operator._matmat = operator._matmat, multiply  # count them
    start = np.random.default_rng(0).standard_normal(workload.size)
    scipy = operator.to_scipy(dtype=np.float32)
    values, vectors = eigsh(
        scipy, count, which="LA", tol=tolerance, v0=start.astype(np.float32)
    )
    return Spectrum(values, torch.from_numpy(vectors.T.copy()), spent)


def our_density(
    workload: Workload, probes: int, steps: int, *, defaults: bool
) -> Spectrum:
    generator = torch.Generator().manual_seed(0)
    operator = our_hessian(workload, check=defaults)
    measure = spectral_measure(
        operator, probes=probes, steps=steps, generator=generator
    )
    return Spectrum(measure.nodes.ravel(), None, probes * steps)


def our_lanczos(workload: Workload, steps: int, *, defaults: bool) -> Spectrum:
    operator = our_hessian(workload, check=defaults)
    krylov = lanczos(operator, workload.vectors(1)[:, 0], steps=steps)
    return Spectrum(ritz(krylov).values, None, steps)


def pyhessian_density(workload: Workload, probes: int, steps: int) -> Spectrum:
    torch.manual_seed(0)
    nodes, _ = pyhessian(workload).density(iter=steps, n_v=probes)
    return Spectrum(np.array(nodes).ravel(), None, probes * steps)


def _eig(
    matrix: torch.Tensor, *, eigenvectors: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Stand in for the removed ``torch.eig`` on symmetric matrices."""
    del eigenvectors
    values, vectors = torch.linalg.eigh(matrix)
    return torch.stack([values, torch.zeros_like(values)], dim=1), vectors
