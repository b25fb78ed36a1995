"""Floor 5b: train a model and keep checkpoints."""

from eigenscape.training.checkpoint import (
    Checkpoint,
    load_checkpoint,
    restore,
    save_checkpoint,
)
from eigenscape.training.data import (
    BikeSplit,
    DigitSplit,
    EmbeddingSplit,
    bike_sharing,
    cifar,
    embeddings,
    fashion_mnist,
    flip_and_crop,
    mnist,
    mnist_digits,
)
from eigenscape.training.loop import STAGES, TrainingConfig, fit_model
from eigenscape.training.models import (
    lenet,
    mlp,
    pre_activation_resnet,
    vgg,
)

__all__ = [
    "STAGES",
    "BikeSplit",
    "Checkpoint",
    "DigitSplit",
    "EmbeddingSplit",
    "TrainingConfig",
    "bike_sharing",
    "cifar",
    "embeddings",
    "fashion_mnist",
    "fit_model",
    "flip_and_crop",
    "lenet",
    "load_checkpoint",
    "mlp",
    "mnist",
    "mnist_digits",
    "pre_activation_resnet",
    "restore",
    "save_checkpoint",
    "vgg",
]
