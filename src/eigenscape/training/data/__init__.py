"""Data sets: bundled digits, and official archives from a folder of the user's."""

from eigenscape.training.data.augmentation import (
    flip_and_crop,
)
from eigenscape.training.data.bike_sharing import (
    BikeSplit,
    bike_sharing,
)
from eigenscape.training.data.cifar import (
    cifar,
)
from eigenscape.training.data.embeddings import (
    EmbeddingSplit,
    embeddings,
)
from eigenscape.training.data.idx_images import (
    fashion_mnist,
    mnist,
)
from eigenscape.training.data.mnist_digits import DigitSplit, mnist_digits

__all__ = [
    "BikeSplit",
    "DigitSplit",
    "EmbeddingSplit",
    "bike_sharing",
    "cifar",
    "embeddings",
    "fashion_mnist",
    "flip_and_crop",
    "mnist",
    "mnist_digits",
]
