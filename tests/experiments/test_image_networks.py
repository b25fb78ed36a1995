import pytest
import torch
from torch import nn

from cifar_archives import batch, images
from eigenscape.experiments.image_networks import (
    ImagesConfig,
    NetworkConfig,
    accuracy,
    image_task,
)
from eigenscape.training.data.image_split import ImageSplit

SMALL = {
    "mlp": NetworkConfig("mlp", hidden=(5,)),
    "resnet": NetworkConfig("resnet", width=2, depth=8, bottleneck=False),
    "vgg": NetworkConfig("vgg", width=2),
    "vgg-batch-norm": NetworkConfig("vgg-batch-norm", width=2),
}


def task(network, data):
    generator = torch.Generator().manual_seed(0)
    return image_task(network, data, seed=0, generator=generator)


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    for name, seed in (("train", 0), ("test", 1)):
        pixels, labels = images(12, classes=100, seed=seed)
        (folder / name).write_bytes(batch(pixels, labels, key=b"fine_labels"))
    return ImagesConfig("cifar-100", str(tmp_path), augment=True)


@pytest.mark.parametrize("kind", list(SMALL))
def test_every_network_classifies_images_of_the_archive(archive, kind):
    made = task(SMALL[kind], archive)
    assert made.data == "CIFAR-100 (a part: 12 of 50000 images for training)"
    assert made.model(made.train[0][:2]).shape == (2, 100)
    if kind != "mlp":
        assert made.name.endswith("of width 2")
        generator = torch.Generator().manual_seed(1)
        changed = made.augment(made.train[0], generator)
        assert changed.shape == made.train[0].shape
        assert not torch.equal(changed, made.train[0])


def test_digits_are_real_and_flat():
    made = task(SMALL["mlp"], ImagesConfig())
    assert made.name == "MLP 784-5-10"
    assert made.data.startswith("MNIST (4000 of the 5,000 bundled digits")
    assert made.train[0].shape == (4000, 784)
    assert made.augment is None


def test_fashion_is_called_a_stand_in(monkeypatch):
    pixels, targets = torch.zeros(3, 1, 32, 32), torch.arange(3)
    made = ImageSplit("Fashion-MNIST", 10, pixels, targets, pixels, targets)
    monkeypatch.setattr(
        "eigenscape.experiments.image_networks.fashion_mnist",
        lambda folder, padding: made,
    )
    found = task(SMALL["resnet"], ImagesConfig("fashion-mnist", "somewhere"))
    assert found.data == "Fashion-MNIST, a stand-in for CIFAR"


def test_accuracy_counts_what_is_right_in_evaluation_mode():
    model = nn.Sequential(nn.Dropout(0.9), nn.Linear(4, 4, bias=False))
    nn.init.eye_(model[1].weight)
    inputs = torch.eye(4)
    targets = torch.tensor([0, 1, 2, 0])
    assert accuracy(model, (inputs, targets), batch_size=3) == pytest.approx(0.75)
    assert model.training


@pytest.mark.parametrize(
    ("network", "data", "told"),
    [
        ("vgg", ImagesConfig(), "network: expected mlp for the bundled digits"),
        ("mlp", ImagesConfig("cifar-10"), "folder: expected where the files of cifar"),
    ],
)
def test_what_does_not_fit_is_refused(network, data, told):
    with pytest.raises(ValueError, match=told):
        task(SMALL[network], data)
