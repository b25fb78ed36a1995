"""What is true: products and eigenvalues in float64, by plain double backward."""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh

from networks import Workload


class Reference:
    """The Hessian of a workload in float64, one minibatch after the other."""

    def __init__(self, workload: Workload) -> None:
        model = workload.network().double()
        self.params = list(model.parameters())
        self.graphs = []
        for inputs, targets in workload.batches:
            wide = inputs.double() if inputs.is_floating_point() else inputs
            loss = workload.loss(model(wide), targets)
            gradient = torch.autograd.grad(loss, self.params, create_graph=True)
            share = len(targets) / len(workload.targets)
            self.graphs.append((flat(gradient), share))
        self.size = workload.size

    def product(self, vector: torch.Tensor) -> torch.Tensor:
        total = torch.zeros(self.size, dtype=torch.float64)
        for gradient, share in self.graphs:
            pieces = torch.autograd.grad(
                gradient, self.params, vector.double(), retain_graph=True
            )
            total.add_(flat(pieces), alpha=share)
        return total

    def product_error(self, products: torch.Tensor, vectors: torch.Tensor) -> float:
        """Relative error of a (P,) or (P, c) product, in the Frobenius norm."""
        columns = vectors.reshape(self.size, -1).unbind(1)
        exact = torch.stack([self.product(column) for column in columns], dim=1)
        given = products.detach().double().reshape(self.size, -1)
        return float(torch.linalg.norm(given - exact) / torch.linalg.norm(exact))

    def largest(self) -> float:
        """Compute the largest eigenvalue to rounding, by ARPACK."""
        operator = LinearOperator(
            (self.size, self.size),
            matvec=lambda array: self.product(torch.from_numpy(array).flatten()),
            dtype=np.float64,
        )
        start = np.random.default_rng(0).standard_normal(self.size)
        return float(
            eigsh(operator, 1, which="LA", v0=start, return_eigenvectors=False)[0]
        )

    def worst_residual(self, rows: torch.Tensor) -> float:
        """Largest ‖H u − (u·H u) u‖ over rows u, relative to the largest eigenvalue."""
        residuals, values = [], []
        for row in rows.double():
            unit = row / torch.linalg.vector_norm(row)
            image = self.product(unit)
            values.append(float(unit @ image))
            residuals.append(float(torch.linalg.vector_norm(image - values[-1] * unit)))
        return max(residuals) / max(values)


def flat(pieces: object) -> torch.Tensor:
    """Join a list of tensors to a vector; a tensor stays as it is."""
    if isinstance(pieces, torch.Tensor):
        return pieces
    return torch.cat([piece.reshape(-1) for piece in pieces])
