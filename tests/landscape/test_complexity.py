import numpy as np
import pytest

from eigenscape.landscape.activation_glass import ActivationGlass
from eigenscape.landscape.annealed import cumulative_complexity
from eigenscape.landscape.complexity import complexity
from eigenscape.landscape.gan.complexity import gan_complexity
from eigenscape.landscape.gan.model import GanGlass
from eigenscape.landscape.spin_glass import SpinGlass


def test_one_verb_for_all_models():
    energy = np.linspace(-1.7, 0, 5)
    glass = SpinGlass.pure(3)
    expected = cumulative_complexity(glass, energy, index=1)
    assert (complexity(glass, energy, index=1) == expected).all()
    model = ActivationGlass(3, (0.1, 0.0, 0.2))
    assert (complexity(model, energy, index=1) == expected).all()
    gan, losses = GanGlass(2, 1, 1.0, 0.5), np.array([[0.3, -0.5]])
    assert (complexity(gan, losses) == gan_complexity(gan, losses)).all()


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="^energy: expected a pair"):
        complexity(GanGlass(2, 1, 1.0, 0.5), np.zeros(3))
    with pytest.raises(ValueError, match="^energy: expected a vector"):
        complexity(SpinGlass.pure(3), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="^energy: expected a vector"):
        complexity(SpinGlass.pure(3), np.zeros(3), index=(0, 0))
