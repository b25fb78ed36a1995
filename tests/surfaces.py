"""Losses of a few parameters, with critical points and traps known by hand."""

import torch
from torch.func import grad, jacrev, vmap

from eigenscape.training.critical_points.least_squares_problem import (
    LeastSquaresProblem,
)


class Surface(LeastSquaresProblem):
    """Any smooth function of a few numbers."""

    def __init__(self, function, size, *, scale=1.0):
        self._function, self.size, self._scale = function, size, scale
        self.outputs = self.examples = 1

    def starts(self, count, *, generator):
        shape = (count, self.size)
        return self._scale * torch.randn(
            shape, generator=generator, dtype=torch.float64
        )

    def loss_and_gradient(self, points):
        return vmap(self._function)(points), vmap(grad(self._function))(points)

    def hessian_product(self, points, vectors):
        return (self.hessian(points) @ vectors[:, :, None])[:, :, 0]

    def hessian(self, points):
        return vmap(jacrev(grad(self._function)))(points)

    def gauss_newton(self, points):
        return self.hessian(points)


def saddle(x):
    """A saddle at 0 of index 1, curved by a quartic term."""
    return (x[0] ** 2 - 2 * x[1] ** 2) / 2 + x[0] ** 2 * x[1] ** 2 / 4


def trap(x):
    """No critical point; |∇L| is least, and H∇L zero, at the origin."""
    return x[0] ** 3 / 3 + x[0] + (x[1] ** 2) / 2


def escape(x):
    """No critical point but at infinity."""
    return torch.exp(-x[0]) + x[1] ** 2 / 2
