import struct

import numpy as np
import pytest
import torch

from eigenscape.core import MissingDataError
from eigenscape.experiments import published_tasks
from eigenscape.experiments.published_tasks import TaskConfig, published_task
from planted_digits import planted_digits


@pytest.fixture(autouse=True)
def few_digits(monkeypatch):
    monkeypatch.setattr(published_tasks, "mnist_digits", planted_digits)


def built(config):
    return published_task(config, seed=0, generator=torch.Generator().manual_seed(0))


def size(task):
    return sum(p.numel() for p in task.model.parameters())


@pytest.mark.parametrize(
    ("hidden", "parameters"),
    [((), 7850), ((10, 100), 9960), ((10, 100, 100), 20_060)],
)
def test_networks_on_digits_have_the_published_sizes(hidden, parameters):
    task = built(TaskConfig(hidden=hidden))
    assert size(task) == parameters
    assert task.parts["train"][0].min() == -1
    assert task.parts["test"][0].shape == (40, 784)
    value = task.loss(task.model(task.parts["test"][0][:5]), task.parts["test"][1][:5])
    assert torch.isfinite(value)


def test_initial_weights_are_those_of_torch():
    task = built(TaskConfig())
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        usual = torch.nn.Linear(784, 10)
    first = task.model[0]
    # uniform on ±1/28, of 7,840 weights and of ten biases
    for own, other in ((first.weight, usual.weight), (first.bias, usual.bias)):
        assert own.abs().max() <= 1 / 28
        assert other.abs().max() <= 1 / 28
        assert own.std().item() == pytest.approx(28**-1 * 3**-0.5, rel=0.5)
    assert first.weight.std().item() == pytest.approx(
        usual.weight.std().item(), rel=0.05
    )


def test_archives_of_the_user_are_read(tmp_path):
    folder = tmp_path / "mnist"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for part, count in (("train", 30), ("t10k", 10)):
        images = (255 * (rng.random((count, 28, 28)) < 0.13)).astype(np.uint8)
        for kind, array in (
            ("images", images),
            ("labels", (np.arange(count) % 10).astype(np.uint8)),
        ):
            head = struct.pack(">HBB", 0, 8, array.ndim)
            head += struct.pack(f">{array.ndim}I", *array.shape)
            name = f"{part}-{kind}-idx{array.ndim}-ubyte"
            (folder / name).write_bytes(head + array.tobytes())
    task = built(TaskConfig(data="mnist", path=str(folder)))
    pixels = task.parts["train"][0]
    assert pixels.shape == (30, 784)
    assert torch.equal(pixels.unique(), torch.tensor([-1.0, 1.0]))


def test_coarse_digits_are_averages():
    fine, coarse = (built(TaskConfig(side=side)) for side in (28, 7))
    assert coarse.parts["train"][0].shape == (60, 49)
    assert "7 × 7" in coarse.data
    block = fine.parts["train"][0][0].view(28, 28)[8:12, 12:16].mean()
    assert coarse.parts["train"][0][0].view(7, 7)[2, 3] == pytest.approx(block.item())


def test_bikes_and_embeddings_come_from_files(tmp_path):
    hours = tmp_path / "hour.csv"
    head = "instant,dteday,season,holiday,workingday,weathersit,hr,"
    head += "temp,atemp,hum,windspeed,cnt"
    lines = [
        f"{k},2011-01-{k:02d},1,0,1,1,{k},0.3,0.3,0.5,0.1,{k}" for k in range(1, 9)
    ]
    hours.write_text("\n".join([head, *lines]), encoding="utf-8")
    bikes = built(TaskConfig(hidden=(100, 100, 50), data="bike", path=str(hours)))
    assert size(bikes) == 16_601
    inputs, targets = bikes.parts["train"]
    assert torch.isfinite(bikes.loss(bikes.model(inputs), targets))
    features = tmp_path / "features.npz"
    np.savez(
        features,
        train_inputs=np.ones((20, 512)),
        train_targets=np.arange(20) % 10,
        test_inputs=np.ones((10, 512)),
        test_targets=np.arange(10),
    )
    config = TaskConfig(hidden=(), data="embeddings", path=str(features))
    assert size(built(config)) == 5130


def test_what_does_not_fit_is_refused(tmp_path):
    with pytest.raises(ValueError, match="side: expected a divisor of 28"):
        TaskConfig(side=5)
    with pytest.raises(ValueError, match="expected lenet for CIFAR-10"):
        TaskConfig(network="lenet")
    with pytest.raises(ValueError, match="path: expected where the files of mnist"):
        TaskConfig(data="mnist")
    with pytest.raises(MissingDataError):
        built(TaskConfig(network="lenet", data="cifar-10", path=str(tmp_path)))
