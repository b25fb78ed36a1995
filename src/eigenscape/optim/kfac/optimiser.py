"""KroneckerOptimiser: what KFAC, EKFAC and DampedKFAC have in common."""

from __future__ import annotations

import math
import warnings
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, cast

import torch
from torch import nn
from torch.nn import Parameter

from eigenscape.curvature.risk.validation import require_recordable
from eigenscape.optim.dense_optimiser import DenseOptimiser
from eigenscape.optim.kfac.curvature import Directions, KroneckerCurvature, Loss
from eigenscape.optim.kfac.discovery import Discovery
from eigenscape.optim.kfac.momentum import descend
from eigenscape.optim.kfac.settings import FactorSettings

DELAY = 20
"""Updates of the factors before coupled weight decay begins; from the public training
code of Granziol and Baskerville, arXiv 2011.08181, as are the defaults below."""

_torch: Any = torch  # whose _foreach_ functions carry no types

Group = dict[str, Any]

Params = Iterable[Parameter] | Iterable[Group]


class KroneckerOptimiser(DenseOptimiser):
    """Momentum on gradients divided by a Kronecker-factored curvature.

    A step computes v = P⁻¹ ḡ, layer by layer, and scales it by
    ν = min(1, √(κ/∑ η² v·ḡ)); then d = ν v + ω w, m ← μ m + d, w ← w − η m. The model
    is to be called as a whole; ``close``, leaving a ``with`` block, or the end of the
    optimiser takes everything off it again.

    Attributes:
        settings: How the factors are measured and damped.
        layers: The names of the layers that have factors.
        unknown: Modules with parameters that have none and are no norm or embedding.
        skipped: Measurements left out because something was not finite.
    """

    def __init__(
        self,
        model: nn.Module,
        params: Params | None = None,
        *,
        lr: float | torch.Tensor = 0.1,
        momentum: float = 0.9,
        damping: float = 1.0,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        kl_clip: float | None = 0.01,
        maximize: bool = False,
        foreach: bool | None = None,
        settings: FactorSettings | None = None,
        loss: Loss | None = None,
        generator: torch.Generator | None = None,
        grad_scaler: torch.amp.GradScaler | None = None,
    ) -> None:
        """Attach to a model.

        Args:
            model: The model.
            params: Its parameters to be optimised, or groups of these; all that are
                trainable if None.
            lr: Learning rate η.
            momentum: Momentum μ.
            damping: Damping δ, in units of the curvature.
            weight_decay: Weight decay ω; coupled, it begins after 20 updates of the
                factors, as published.
            decoupled_weight_decay: Whether w ← (1 − ηω) w instead, from the start.
            kl_clip: Bound κ on η² v·ḡ; None for no bound.
            maximize: Whether to ascend.
            foreach: Whether parameters are updated all at once; yes if None.
            settings: How factors are measured; the published way if None.
            loss: The loss, to draw targets from; for ``settings.fisher`` "sampled".
            generator: Source of these targets, on the processor.
            grad_scaler: The scaler of the loss. It is needed only if gradients are
                unscaled before the step, such as to clip them.

        Raises:
            ValueError: If an argument is out of range, or one for sampled targets is
                missing.
        """
        require_recordable(model)
        if kl_clip is not None and not kl_clip > 0:
            message = f"kl_clip: expected a positive number or None, got {kl_clip}"
            raise ValueError(message)
        self.settings = settings or FactorSettings()
        self.skipped = 0
        self._kl_clip = kl_clip
        self._grad_scaler = grad_scaler
        self._step_supports_amp_scaling = True
        self._steps = 0
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "damping": damping,
            "weight_decay": weight_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
        }
        if params is None:
            params = [p for p in model.parameters() if p.requires_grad]
        super().__init__(cast("Any", params), defaults)
        found = self._discover(model, set(self._groups()))
        self.layers = tuple(layer.name for layer in found.layers)
        self.unknown = found.unknown
        if found.unknown:
            message = (
                f"{type(self).__name__}: no Kronecker factors for "
                f"{', '.join(found.unknown)}; their curvature is taken as diagonal"
            )
            warnings.warn(message, stacklevel=2)
        self._curvature = KroneckerCurvature(
            model, found, self.settings, loss, generator
        )

    @abstractmethod
    def _discover(self, model: nn.Module, params: set[Parameter]) -> Discovery:
        """Find the layers of the model."""

    def close(self) -> None:
        """Take all hooks off the model; steps go on with the factors as they are."""
        self._curvature.close()

    def __enter__(self) -> KroneckerOptimiser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def sample(self, output: torch.Tensor, targets: torch.Tensor) -> None:
        """Measure factors with targets drawn from the model, at steps that need it.

        To be called between forward and backward pass; ``.grad`` stays as it is.

        Args:
            output: The output of the model.
            targets: The targets of the data, of which some losses take weights.
        """
        params = [p for p in self._groups() if p.requires_grad]
        self._curvature.sample(output, targets, params)

    def _update(self) -> None:
        """Take a step; measure factors and invert them when that is due."""
        scale = self._loss_scale()
        if scale is None:
            self._curvature.forget(record=self._curvature.recording)
            return
        if self._curvature.recording:
            self._measure(scale)
        if self._steps % self.settings.eigen_interval == 0:
            self._curvature.refresh()
        self._descend()
        self._steps += 1
        self._curvature.forget(record=self._due())

    def add_param_group(self, param_group: Group) -> None:
        """Add a group of parameters; those added later have diagonal curvature.

        Args:
            param_group: As for any optimiser of torch.

        Raises:
            ValueError: If an option is out of range, or a parameter is complex.
        """
        group = self.defaults | param_group
        for name in ("lr", "damping", "weight_decay"):
            if not 0 <= group[name] < math.inf:
                message = f"{name}: expected a number in [0, ∞), got {group[name]}"
                raise ValueError(message)
        if not 0 <= group["momentum"] < 1:
            message = f"momentum: expected a number in [0, 1), got {group['momentum']}"
            raise ValueError(message)
        super().add_param_group(param_group)
        if any(p.is_complex() for p in self.param_groups[-1]["params"]):
            message = "params: expected real ones, got complex; use their real views"
            raise ValueError(message)

    def state_dict(self) -> dict[str, Any]:
        """Give all that is needed to go on, the factors included.

        Returns:
            The state as of any optimiser of torch, and the key "curvature".
        """
        curvature = self._curvature.state(self._numbers())
        counts = {"steps": self._steps, "skipped": self.skipped}
        return super().state_dict() | {"curvature": curvature | counts}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where another optimiser was.

        Args:
            state_dict: What ``state_dict`` gave, of the same kind of optimiser of the
                same kind of model.
        """
        curvature = state_dict.get("curvature", {})
        self._curvature.require(curvature)
        super().load_state_dict(state_dict)
        self._curvature.restore(curvature, self._numbers())
        self._steps, self.skipped = int(curvature["steps"]), int(curvature["skipped"])
        self._curvature.forget(record=self._due())

    def __getstate__(self) -> dict[str, Any]:
        message = (
            f"{type(self).__name__}: expected no copy or pickle of an optimiser that "
            "listens to its model; make one of the other model, and load a state_dict"
        )
        raise TypeError(message)

    def _due(self) -> bool:
        return self._steps % self.settings.factor_interval == 0

    def _groups(self) -> dict[Parameter, Group]:
        groups = self.param_groups
        return {param: group for group in groups for param in group["params"]}

    def _numbers(self) -> dict[Parameter, int]:
        return {param: number for number, param in enumerate(self._groups())}

    def _loss_scale(self) -> float | None:
        """Read what a GradScaler has left here, and unscale the gradients.

        Returns:
            The factor on the loss of the recorded passes; None if the step is to be
            skipped.

        Raises:
            ValueError: If the scale cannot be known.
        """
        found = getattr(self, "found_inf", None)
        if found is None:
            return 1.0
        if float(found):
            return None
        scale = getattr(self, "grad_scale", None)
        if scale is not None:
            gradients = [p.grad for p in self._groups() if p.grad is not None]
            _torch._foreach_mul_(gradients, 1 / float(scale))
            return float(scale)
        if self._grad_scaler is None:
            message = (
                "grad_scaler: expected the scaler of the loss, as its gradients were "
                "unscaled before the step, got None; pass it to the optimiser"
            )
            raise ValueError(message)
        return float(self._grad_scaler.get_scale())

    def _measure(self, scale: float) -> None:
        if self._curvature.measure(list(self._groups()), scale):
            return
        if not self.skipped:
            message = (
                f"{type(self).__name__}: curvature not finite at step {self._steps}; "
                "what is not is left out of the running means"
            )
            warnings.warn(message, stacklevel=2)
        self.skipped += 1

    def _descend(self) -> None:
        groups = self._groups()
        curved, plain = self._curvature.directions({
            param: group["damping"] for param, group in groups.items()
        })
        share = 1.0 if self._kl_clip is None else self._share(curved, self._kl_clip)
        late = self._steps >= DELAY * self.settings.factor_interval
        for group in self.param_groups:
            decoupled = group["decoupled_weight_decay"]
            for directions, scale in ((curved, share), (plain, 1.0)):
                params = [p for p in group["params"] if p in directions]
                descend(
                    params,
                    [directions[p] for p in params],
                    self._buffers(params) if group["momentum"] else None,
                    scale=-scale if group["maximize"] else scale,
                    rate=float(group["lr"]),
                    momentum=group["momentum"],
                    weight_decay=group["weight_decay"] if late or decoupled else 0.0,
                    decoupled=decoupled,
                    foreach=group["foreach"] is not False,
                )

    def _share(self, directions: Directions, bound: float) -> float:
        """Compute ν = min(1, √(κ/∑ η² v·ḡ)).

        Returns:
            The factor on directions.
        """
        total = 0.0
        for group in self.param_groups:
            dots = [
                torch.dot(along.flatten(), p.grad.flatten().to(along.dtype))
                for p in group["params"]
                if (along := directions.get(p)) is not None
            ]
            if dots:
                part = float(torch.stack(dots).double().sum())
                total += part * float(group["lr"]) ** 2
        return min(1.0, math.sqrt(bound / total)) if total > 0 else 1.0

    def _buffers(self, params: Sequence[Parameter]) -> list[torch.Tensor]:
        for parameter in params:
            if "momentum_buffer" not in self.state[parameter]:
                state = self.state[parameter]
                state["momentum_buffer"] = torch.zeros_like(parameter)
        return [self.state[parameter]["momentum_buffer"] for parameter in params]
