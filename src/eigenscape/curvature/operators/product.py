"""Product: how the operator of one minibatch multiplies, parameter by parameter."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

Pieces = Sequence[torch.Tensor | None]
"""One tensor a parameter; None stands for zeros."""

Product = Callable[[Pieces, Sequence[int], bool], Pieces]
"""Maps a direction in parameter space to the wanted parameters' pieces of a product. The
last argument says whether the graph is needed again, or may be freed on the way."""
