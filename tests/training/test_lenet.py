import torch

from eigenscape.training.models.lenet import lenet


def test_it_has_the_published_size_and_its_own_generator():
    state = torch.get_rng_state()
    first, second = (
        lenet(classes=10, generator=torch.Generator().manual_seed(1)) for _ in range(2)
    )
    assert torch.equal(torch.get_rng_state(), state)
    assert sum(p.numel() for p in first.parameters()) == 19_217
    assert all(
        map(torch.equal, first.state_dict().values(), second.state_dict().values())
    )
    assert first(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
