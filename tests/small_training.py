"""A network small enough to train in a test, and a way to train it step by step."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from eigenscape.curvature import EmpiricalRisk

EXAMPLES, BATCH = 48, 16


def network(seed: int = 0) -> tuple[nn.Module, EmpiricalRisk]:
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(EXAMPLES, 4, generator=generator, dtype=torch.float64)
    targets = torch.randint(3, (EXAMPLES,), generator=generator)
    model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3)).double()
    with torch.no_grad():
        for param in model.parameters():
            param.copy_(torch.randn(param.shape, generator=generator) / 2)
    return model, EmpiricalRisk(model, cross_entropy, (inputs, targets))


def train(model, risk, optimiser, schedule, steps, first=0):
    """Take steps on batches named by their number; list the rates used."""
    inputs, targets, _ = next(risk.batches())
    used = []
    for step in range(first, first + steps):
        generator = torch.Generator().manual_seed(step)
        chosen = torch.randperm(EXAMPLES, generator=generator)[:BATCH]
        optimiser.zero_grad()
        cross_entropy(model(inputs[chosen]), targets[chosen]).backward()
        used.append([group["lr"] for group in optimiser.param_groups])
        optimiser.step()
        schedule.step()
    return used


def dense_hessian(model, risk):
    names = list(dict(model.named_parameters()))
    shapes = [p.shape for p in model.parameters()]
    inputs, targets, _ = next(risk.batches())

    def loss(flat):
        pieces = flat.split([shape.numel() for shape in shapes])
        given = {n: p.view(s) for n, p, s in zip(names, pieces, shapes, strict=True)}
        return cross_entropy(torch.func.functional_call(model, given, inputs), targets)

    flat = torch.cat([p.detach().flatten() for p in model.parameters()])
    return torch.autograd.functional.hessian(loss, flat)
