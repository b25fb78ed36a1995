"""Survey a network of your own: the ten lines of the README, complete.

Run in an empty directory; writes runs/mine/report.html.
"""

import torch
from torch import nn
from torch.utils.data import TensorDataset

from eigenscape.curvature import EmpiricalRisk
from eigenscape.report import render
from eigenscape.survey import survey

torch.manual_seed(0)
inputs = torch.randn(2000, 20)
targets = (inputs[:, :4].sum(1) > 0).long() + (inputs[:, 4] > 1).long()
dataset = TensorDataset(inputs, targets)
model = nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 3))
loss = nn.CrossEntropyLoss()

optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for _ in range(60):
    optimiser.zero_grad()
    loss(model(inputs), targets).backward()
    optimiser.step()

risk = EmpiricalRisk(model, loss, dataset)
result = survey(risk, batch_sizes=[16, 64, 256, 1024], draws=10, seed=0)
print(result.summary())
render(result, "runs/mine")
