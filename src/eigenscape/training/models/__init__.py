"""Model architectures the experiments train."""

from eigenscape.training.models.lenet import (
    lenet,
)
from eigenscape.training.models.mlp import mlp
from eigenscape.training.models.pre_activation_resnet import (
    pre_activation_resnet,
)
from eigenscape.training.models.vgg import (
    vgg,
)

__all__ = [
    "lenet",
    "mlp",
    "pre_activation_resnet",
    "vgg",
]
