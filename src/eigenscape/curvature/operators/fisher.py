"""Fisher: the covariance of the gradient under the model's own distribution."""

from __future__ import annotations

from typing import Any, final

import torch
from jaxtyping import Float

from eigenscape.curvature.operators.differences import output_difference
from eigenscape.curvature.operators.gauss_newton import sandwich
from eigenscape.curvature.operators.likelihood import Likelihood, likelihood_of
from eigenscape.curvature.operators.operator import Product
from eigenscape.curvature.operators.output_curvature import Outputs, outputs_of
from eigenscape.curvature.operators.risk_operator import RiskOperator
from eigenscape.curvature.risk import EmpiricalRisk


@final
class Fisher(RiskOperator):
    """The Fisher information matrix E_{y ~ p(y | x; θ)} ∇log p ∇log pᵀ, per example.

    For losses that are negative log-likelihoods: mean cross-entropy, squared error
    (variance half the number of outputs an example) and binary cross-entropy. The
    expectation over targets is exact, which is the Gauss-Newton matrix, or a mean over
    targets drawn from the model, unbiased for it. The *empirical* Fisher matrix, with
    the targets of the data, is ``GradientCovariance(risk, centred=False)``.

    Attributes:
        samples: Targets drawn at each position; None for the exact expectation.

    References:
        Martens (2020), JMLR 21, Sec. 9.
        Kunstner, Balles and Hennig (2019), NeurIPS, Sec. 2: three different matrices.
    """

    def __init__(
        self,
        risk: EmpiricalRisk,
        *,
        samples: int | None = None,
        generator: torch.Generator | None = None,
        check: bool = True,
        retain: bool = True,
        memory: int | None = None,
        compiled: bool = False,
    ) -> None:
        """Take in a risk, and choose how the expectation is taken.

        Args:
            risk: The risk.
            samples: Targets to draw at each position; None for the exact expectation.
            generator: Source of the targets, on the processor. One number is drawn
                from it, so that every product meets the same targets.
            check: See RiskOperator.
            retain: See RiskOperator.
            memory: See RiskOperator.
            compiled: See RiskOperator.

        Raises:
            ValueError: If there are fewer than one sample, or samples without a
                generator.
        """
        if samples is not None and samples < 1:
            message = f"samples: expected at least 1, got {samples}"
            raise ValueError(message)
        if samples is not None and generator is None:
            message = "generator: expected one, to draw samples, got None"
            raise ValueError(message)
        self.samples = samples
        self._seed = 0
        if samples is not None and generator is not None:
            self._seed = int(torch.randint(2**62, (), generator=generator))
        super().__init__(
            risk, check=check, retain=retain, memory=memory, compiled=compiled
        )

    def linearise(self, inputs: Any, targets: Any, index: int) -> Product:
        """See RiskOperator.

        Returns:
            The products with the minibatch's Fisher matrix.
        """
        output = self.risk.output(inputs)
        middle = self._middle(output, targets, index)
        return sandwich(outputs_of(output), self.risk.params, middle)

    def difference(
        self,
        risk: EmpiricalRisk,
        first: Float[torch.Tensor, " P"],
        second: Float[torch.Tensor, " P"],
        step: float,
    ) -> float:
        """See RiskOperator.

        Returns:
            Ju·∇²l Jv, with Ju and Jv by differences; ∇²l is checked by tests.
        """
        with risk.isolated():
            inputs, targets, _ = next(risk.batches())
            left, right = (
                output_difference(risk, inputs, direction, step)
                for direction in (first, second)
            )
            middle = self._middle(risk.output(inputs), targets, 0)
        pairs = zip(left, middle(right), strict=True)
        return sum(float((along * image).sum()) for along, image in pairs)

    def fingerprint(self) -> str:
        """See LinearOperator.

        Returns:
            Digits of the risk and the samples.
        """
        return f"{super().fingerprint()}-{self.samples}-{self._seed}"

    def _middle(self, output: Any, targets: Any, index: int) -> Any:
        likelihood = likelihood_of(self.risk.loss, output, targets)
        if likelihood is None:
            name = getattr(self.risk.loss, "__name__", type(self.risk.loss).__name__)
            message = (
                "Fisher: expected a loss that is a negative log-likelihood "
                "(torch's cross_entropy, mse_loss or binary_cross_entropy_with_logits, "
                f"mean, of one output tensor), got {name}; use GaussNewton"
            )
            raise ValueError(message)
        if self.samples is None:
            return likelihood.product
        return self._sampled(likelihood, self.samples, index)

    def _sampled(self, likelihood: Likelihood, samples: int, index: int) -> Any:
        generator = torch.Generator().manual_seed((self._seed + index) % 2**63)
        drawn = torch.stack([likelihood.sample(generator) for _ in range(samples)])

        def middle(vectors: Outputs) -> Outputs:
            along = likelihood.inner(drawn, vectors[0])
            return [(drawn * along).mean(0)]

        return middle
