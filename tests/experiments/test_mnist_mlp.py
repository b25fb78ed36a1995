import torch

from eigenscape.experiments.mnist_mlp import TRAIN, build


def test_the_network_and_the_digits():
    model, loss, data = build(seed=3)
    assert sum(p.numel() for p in model.parameters()) == 26_506
    assert len(data) == TRAIN
    inputs, targets = data.tensors
    # ten classes, He initialisation: the loss starts within a few nats of log 10
    assert 1.0 < loss(model(inputs), targets).item() < 6.0
    again = build(seed=3)[0]
    assert torch.equal(model[0].weight, again[0].weight)
    assert not torch.equal(model[0].weight, build(seed=4)[0][0].weight)
