"""Measure the curvature of a network: eigenpairs, density, parts, layers, noise.

Run in an empty directory; prints a page of numbers in under a minute.
"""

import torch
from torch import nn

from eigenscape.curvature import (
    EmpiricalRisk,
    GaussNewton,
    GradientCovariance,
    Hessian,
    Residual,
    batch_noise,
    block_spectral_measures,
    example_curvature,
    extreme_eigenpairs,
    frobenius_norm,
    plan,
    spectral_measure,
    trace,
)
from eigenscape.spectra import measure_moments

torch.manual_seed(0)
inputs = torch.randn(2000, 20)
targets = (inputs[:, :4].sum(1) > 0).long() + (inputs[:, 4] > 1).long()
model = nn.Sequential(nn.Linear(20, 16), nn.LayerNorm(16), nn.GELU(), nn.Linear(16, 3))
loss = nn.CrossEntropyLoss()
optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
for _ in range(100):
    optimiser.zero_grad()
    loss(model(inputs), targets).backward()
    optimiser.step()

generator = torch.Generator().manual_seed(0)
risk = EmpiricalRisk(model, loss, (inputs, targets), batch_size=500)
hessian = Hessian(risk)
print("forecast:", plan(hessian, "spectral_measure", probes=10, steps=60))

top = extreme_eigenpairs(hessian, 5, generator=generator)
print("largest eigenvalues:", top.values.round(4), "after", top.products, "products")
print("each within:", top.residuals.round(6))
low = extreme_eigenpairs(hessian, 2, which="smallest", generator=generator)
print("smallest:", low.values.round(4))

density = spectral_measure(hessian, probes=10, steps=60, generator=generator)
mean, square = (moment.value for moment in measure_moments(density, 2))
print(f"mean {mean:.5f}, spread {(square - mean**2) ** 0.5:.5f}")

for name, operator in [
    ("Hessian", hessian),
    ("Gauss-Newton", GaussNewton(risk)),
    ("residual", Residual(risk)),
    ("gradient covariance", GradientCovariance(risk)),
    ("noise of batches of 50", batch_noise(hessian, 50, generator=generator)),
]:
    total = trace(operator, probes=40, generator=generator, method="xtrace")
    size = frobenius_norm(operator, probes=40, generator=generator)
    print(
        f"{name}: trace {total.value:.3f} ± {total.standard_error:.3f}, "
        f"norm {size.value:.3f} ± {size.standard_error:.3f}"
    )

layers = block_spectral_measures(
    hessian, risk.groups("layer"), probes=4, steps=40, generator=generator
)
for name, measure in layers.items():
    print(f"layer {name}: largest eigenvalue about {measure.nodes.max():.4f}")

first = example_curvature(risk.select(torch.arange(100)))
print(
    "curvature of single examples: traces from "
    f"{first.traces.min():.3f} to {first.traces.max():.3f}"
)
