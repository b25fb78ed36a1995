import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.utils.data import TensorDataset

from eigenscape.training import STAGES, TrainingConfig, fit_model, mlp


def problem(seed=0, *, dropout=False):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(60, 4, generator=generator)
    data = TensorDataset(inputs, (inputs[:, 0] > 0).long())
    model = mlp((4, 8, 2), generator=generator)
    if dropout:
        model = nn.Sequential(model[0], nn.Dropout(0.5), *model[1:])
    return model, data


CONFIG = TrainingConfig(epochs=6, batch_size=16, learning_rate=0.1)


def states(checkpoints):
    return [c.state for c in checkpoints]


def assert_same(first, second):
    for one, other in zip(first, second, strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[k], other[k]) for k in one)


def test_training_lowers_the_loss_and_keeps_three_checkpoints():
    model, data = problem()
    checkpoints = fit_model(model, cross_entropy, data, CONFIG, seed=1)
    assert [c.name for c in checkpoints] == list(STAGES)
    assert [c.epoch for c in checkpoints] == [0, 3, 6]
    losses = checkpoints[-1].losses
    assert len(losses) == 6
    assert losses[-1] < losses[0]


def test_the_steps_are_those_of_torch_sgd():
    """One epoch of full batches against the update written out."""
    model, data = problem()
    config = TrainingConfig(2, 60, learning_rate=0.1, momentum=0.9, weight_decay=0.01)
    theta = torch.nn.utils.parameters_to_vector(model.parameters()).detach().clone()
    inputs, targets = data.tensors
    velocity = torch.zeros_like(theta)
    shadow, _ = problem()
    for _ in range(2):
        torch.nn.utils.vector_to_parameters(theta, shadow.parameters())
        loss = cross_entropy(shadow(inputs), targets)
        gradient = torch.cat([
            g.flatten() for g in torch.autograd.grad(loss, list(shadow.parameters()))
        ])
        velocity = 0.9 * velocity + gradient + 0.01 * theta
        theta = theta - 0.1 * velocity
    fit_model(model, cross_entropy, data, config, seed=0)
    got = torch.nn.utils.parameters_to_vector(model.parameters())
    # the shuffled batch sums in another order: float32 rounding only
    np.testing.assert_allclose(got.detach(), theta, rtol=1e-4, atol=1e-6)


def test_the_same_seed_gives_the_same_bits_and_global_states_are_kept():
    runs = []
    for disturbance in (0, 99):
        torch.manual_seed(disturbance)
        before = torch.random.get_rng_state()
        model, data = problem(dropout=True)
        runs.append(fit_model(model, cross_entropy, data, CONFIG, seed=3))
        assert torch.equal(before, torch.random.get_rng_state())
    assert_same(states(runs[0]), states(runs[1]))
    model, data = problem(dropout=True)
    other = fit_model(model, cross_entropy, data, CONFIG, seed=4)
    assert not torch.equal(*(r[-1].state["0.weight"] for r in (runs[0], other)))


@pytest.mark.parametrize("stop_after", [1, 2, 4, 5])
def test_interrupted_training_resumes_to_the_same_bits(tmp_path, stop_after):
    model, data = problem(dropout=True)
    whole = fit_model(model, cross_entropy, data, CONFIG, seed=5)
    calls = 0

    def dying(output, target):
        nonlocal calls
        calls += 1
        if calls > stop_after * 4:
            raise KeyboardInterrupt
        return cross_entropy(output, target)

    model, data = problem(dropout=True)
    with pytest.raises(KeyboardInterrupt):
        fit_model(model, dying, data, CONFIG, seed=5, directory=tmp_path)
    model, data = problem(dropout=True)
    resumed = fit_model(model, cross_entropy, data, CONFIG, seed=5, directory=tmp_path)
    assert_same(states(whole), states(resumed))
    assert [c.losses for c in whole] == [c.losses for c in resumed]


def test_the_mode_is_restored():
    model, data = problem(dropout=True)
    model.eval()
    fit_model(model, cross_entropy, data, CONFIG, seed=0)
    assert not model.training


def test_a_loss_that_explodes_is_said():
    model, data = problem()
    config = TrainingConfig(epochs=4, learning_rate=1e30)
    with pytest.raises(ValueError, match="lower the learning rate 1e[+]30"):
        fit_model(
            model, lambda o, t: mse_loss(o[:, 0], t.float()), data, config, seed=0
        )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 1),
        ("batch_size", 0),
        ("learning_rate", 0.0),
        ("momentum", 1.0),
        ("weight_decay", -1.0),
    ],
)
def test_bad_settings_are_refused(field, value):
    with pytest.raises(ValueError, match=f"{field}: expected"):
        TrainingConfig(**{field: value})


def test_the_published_schedule():
    """Constant to 150 of 300, linear to a hundredth at 270, constant to the end."""
    config = TrainingConfig(300, learning_rate=0.1, schedule="linear decay")
    assert config.rate(0) == config.rate(150) == 0.1
    assert config.rate(210) == pytest.approx(0.1 * (1 - 0.99 * 0.5))
    assert config.rate(270) == config.rate(299) == pytest.approx(0.001)
    assert TrainingConfig(300, learning_rate=0.1).rate(299) == 0.1


def test_the_schedule_sets_the_steps():
    """With momentum 0 and full batches, each step is the rate times the gradient."""
    model, data = problem()
    config = TrainingConfig(
        10, 60, 0.1, 0.0, 0.0, schedule="linear decay", checkpoint_every=1
    )
    kept = fit_model(model, cross_entropy, data, config, seed=0)
    inputs, targets = data.tensors
    for before, after in itertools.pairwise(kept):
        shadow, _ = problem()
        shadow.load_state_dict(before.state)
        cross_entropy(shadow(inputs), targets).backward()
        for name, parameter in shadow.named_parameters():
            moved = parameter.detach() - config.rate(before.epoch) * parameter.grad
            torch.testing.assert_close(after.state[name], moved, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("epochs", "every", "kept"), [(6, 2, [0, 2, 4, 6]), (7, 3, [0, 3, 6, 7])]
)
def test_checkpoints_are_kept_every_so_many_epochs(epochs, every, kept):
    model, data = problem()
    config = TrainingConfig(epochs, 16, 0.1, checkpoint_every=every)
    found = fit_model(model, cross_entropy, data, config, seed=1)
    assert [c.epoch for c in found] == kept
    assert [c.name for c in found] == [f"epoch-{epoch}" for epoch in kept]


def noisy(inputs, generator):
    return inputs + torch.randn(inputs.shape, generator=generator)


def test_augmentation_is_a_stream_of_its_own(tmp_path):
    config = TrainingConfig(4, 16, 0.1, checkpoint_every=2)
    runs = []
    for directory in (None, tmp_path):
        model, data = problem()
        if directory is not None:  # the first half now, the rest by another call
            with pytest.raises(KeyboardInterrupt):
                fit_model(
                    model,
                    cross_entropy,
                    data,
                    config,
                    seed=1,
                    directory=directory,
                    augment=interrupted_after(8),
                )
            model, data = problem()
        runs.append(
            fit_model(
                model,
                cross_entropy,
                data,
                config,
                seed=1,
                directory=directory,
                augment=noisy,
            )
        )
    assert_same(states(runs[0]), states(runs[1]))
    model, data = problem()
    plain = fit_model(model, cross_entropy, data, config, seed=1)
    assert not torch.equal(plain[-1].state["0.weight"], runs[0][-1].state["0.weight"])


def interrupted_after(calls):
    done = []

    def augment(inputs, generator):
        done.append(1)
        if len(done) > calls:
            raise KeyboardInterrupt
        return noisy(inputs, generator)

    return augment


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("schedule", "cosine", "schedule: expected 'constant' or 'linear decay'"),
        ("checkpoint_every", 0, "checkpoint_every: expected at least 1, got 0"),
    ],
)
def test_other_recipes_are_refused(name, value, told):
    config = TrainingConfig()
    vars(config)[name] = value  # past the type check of the tests
    with pytest.raises(ValueError, match=told):
        config.__post_init__()
