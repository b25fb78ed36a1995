"""An operator that counts its products, and fails after so many."""

from __future__ import annotations

import torch

from eigenscape.curvature import LinearOperator


class OutOfProductsError(Exception):
    """Raised in place of a product."""


class Interrupted(LinearOperator):
    def __init__(self, operator, last):
        self.operator, self.left, self.given = operator, last, 0

    size = property(lambda self: self.operator.size)
    dtype = property(lambda self: self.operator.dtype)
    device = property(lambda self: self.operator.device)

    def fingerprint(self):
        return self.operator.fingerprint()

    def matvec(self, vector):
        return self.matmat(vector[:, None])[:, 0]

    def matmat(self, matrix: torch.Tensor):
        if self.given + matrix.shape[1] > self.left:
            raise OutOfProductsError
        self.given += matrix.shape[1]
        if matrix.shape[1] == 1:
            return self.operator.matvec(matrix[:, 0])[:, None]
        return self.operator.matmat(matrix)
