"""ThickRestart: the process that finds extreme eigenpairs in bounded memory."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from jaxtyping import Float, Int

from eigenscape.curvature.krylov.block_lanczos import BlockLanczos
from eigenscape.curvature.krylov.inner_product import norm as norm_of
from eigenscape.curvature.krylov.lanczos import Ritz
from eigenscape.curvature.krylov.wanted import Wanted, largest_magnitude
from eigenscape.curvature.probes import gaussian
from eigenscape.curvature.process import Process, State
from eigenscape.curvature.resume import digest

SEARCH_STEPS = 32
"""Most steps of a search that finds nothing. At P = 10⁵, an eigenvalue that was missed
and stands above all that remain by 3 % of their spread stays hidden with a probability
below 1.648 √P exp(−√0.03 (2·32 − 1)) = 0.01 (Kuczyński and Woźniakowski, 1992). On 250
spectra of 200 values with multiplicities up to 5, 16 steps missed a copy 29 times, 24
steps 7 times, 32 steps once, for 127, 139 and 147 products in all."""

SAFETY = 0.7
"""Part of the tolerance that a run aims at, which leaves the rest for the rounding
between estimated and true residuals; a Lanczos step gains more than this factor."""

KEPT = 0.3
"""Part of the Ritz vectors not wanted that a restart keeps."""

ROWS_PER_STEP = 32
"""Convergence is asked for every k/32 + 1 steps at k rows."""

STALLED = 0.5
"""A correction that leaves more than this part of the worst residual gains nothing."""

EXPANDING, CHECKING, POLISHING, CONVERGED, STUCK = range(5)


@final
class ThickRestart(Process):
    """Lanczos runs with thick restarts, each orthogonal to the pairs found before.

    When a run has used up the rows allowed, it shrinks to the Ritz vectors nearest to
    the wanted end. It ends when the pairs it adds to the found ones have converged by
    ‖C s‖ or, after the first run, when none is left to add. The residuals of the first
    run are known but for rounding and faults of the operator, which one product bounds.
    Where they miss the tolerance, or a search adds pairs, a Rayleigh–Ritz step gives
    them by a product each. If these miss it too, a run that starts from them follows.

    Attributes:
        values: Eigenvalues found; descending in the end.
        residuals: Their residuals; infinite where nothing was checked yet.
        norm: Largest |λ| seen.
        rule: Nodes and weights of the quadrature of the first run.

    References:
        Wu and Simon (2000), SIAM J. Matrix Anal. Appl. 22, 602, Sec. 2 and 3.
        Parlett (1998), The Symmetric Eigenvalue Problem, Ch. 11 and 13.
    """

    def __init__(
        self,
        template: Float[torch.Tensor, "0 P"],
        wanted: Wanted,
        *,
        generator: torch.Generator,
        block: int,
        max_basis: int,
        max_products: int,
        verify: bool,
    ) -> None:
        """Begin with random vectors.

        Args:
            template: Length, type and device of the vectors.
            wanted: What to find: fewer pairs than P.
            generator: Source of random vectors, on the processor.
            block: Vectors of a block in the first run; a search has one.
            max_basis: Most rows of the basis.
            max_products: Most products to ask for; not part of the identity, so that
                a run that stopped there can go on.
            verify: Whether to search for missed pairs without a sign of any.
        """
        seed = digest([generator.get_state()])
        self._identity = f"thick-restart {wanted} {block} {max_basis} {verify} {seed}"
        self._wanted = wanted
        self._generator = generator
        self._max_basis = max_basis
        self._max_products = max_products
        self._verify = verify
        self._template = template
        self._size = template.shape[1]
        self.values = np.zeros(0)
        self.residuals = np.zeros(0)
        self.rule = np.zeros((2, 0))
        self.norm = 0.0
        self._phase = EXPANDING
        self._products = self._steps = 0
        self._settled = self._searching = False
        self._worst = np.inf
        self._lanczos = BlockLanczos(self._random(block))

    @property
    def identity(self) -> str:
        """Name all settings but the budget, with a digest of the generator's state."""
        return self._identity

    @property
    def products(self) -> int:
        """See Process."""
        return self._products

    @property
    def most_products(self) -> int:
        """See Process."""
        return self._max_products

    @property
    def converged(self) -> bool:
        """Tell whether all true residuals are within the tolerance."""
        return self._phase == CONVERGED

    @property
    def rows(self) -> Float[torch.Tensor, "c P"]:
        """Give the vectors found, in the order of the values."""
        return self._lanczos.basis.rows()

    @property
    def wanted(self) -> Float[torch.Tensor, "P c"] | None:
        """See Process; the last product checks what was found."""
        if self._phase in {CONVERGED, STUCK}:
            return None
        if self._phase == POLISHING:
            vectors = self.rows
        elif self._phase == CHECKING:
            vectors = self._lanczos.sum_of(self._wanted.total)
        else:
            vectors = self._lanczos.block
        needed = len(vectors) + self._wanted.total * (self._phase == EXPANDING)
        return vectors.T if self._products + needed <= self._max_products else None

    def receive(self, products: Float[torch.Tensor, "P c"]) -> None:
        """See Process.

        Args:
            products: The products of the vectors wanted.

        Raises:
            ValueError: If a product is not finite.
        """
        size, width = products.shape
        # Through one axis: else a single row keeps odd strides, at a cost of digits.
        images = products.T.flatten().view(width, size)
        self._products += width
        if self._phase != EXPANDING:
            (self._polish if self._phase == POLISHING else self._check)(images)
            return
        self._lanczos.expand(images, self.norm)
        if not np.isfinite(self._lanczos.projected).all():
            message = (
                "operator: expected finite products, got others by product "
                f"{self._products}"
            )
            raise ValueError(message)
        self._steps += 1
        self._review()

    def worst(self) -> float:
        """Estimate how far the run is from its end.

        Returns:
            The largest residual of the wanted pairs, relative to the norm.
        """
        if self._phase == STUCK:
            return self._worst
        ritz = self._lanczos.ritz()
        _, added = self._wanted.select(self.values, ritz.values)
        norm = max(self.norm, largest_magnitude(ritz.values))
        return float(ritz.residuals[added].max(initial=0.0)) / (norm or 1.0)

    def _random(self, width: int) -> Float[torch.Tensor, "r P"]:
        return gaussian(
            self._size,
            min(width, self._size - len(self.values)),
            generator=self._generator,
            dtype=self._template.dtype,
            device=self._template.device,
        ).T.clone()

    def _review(self) -> None:
        """Decide between another step, a restart, and the end of the run."""
        rows, following = len(self._lanczos.basis), len(self._lanczos.block)
        exhausted = not following or rows == self._size
        crowded = rows + following > self._max_basis
        due = self._steps % (rows // ROWS_PER_STEP + 1) == 0
        if not (exhausted or crowded or (due and rows >= self._wanted.total)):
            return
        ritz = self._lanczos.ritz()
        self.norm = max(self.norm, largest_magnitude(ritz.values))
        kept, added = self._wanted.select(self.values, ritz.values)
        ended = exhausted or self._ended(ritz, kept, added)
        if (ended or crowded) and not self.rule.size:
            self.rule = np.stack([ritz.values, ritz.weights])
        if ended:
            self._end_run(ritz, kept, added, exhausted=exhausted)
        elif crowded:
            self._restart(ritz, kept, added)

    def _ended(
        self, ritz: Ritz, kept: Int[np.ndarray, " f"], added: Int[np.ndarray, " a"]
    ) -> bool:
        if len(kept) + len(added) < self._wanted.total:
            return False
        if not len(added):
            return self._steps >= SEARCH_STEPS or self._nothing_hidden()
        aim = SAFETY * self._wanted.tolerance * self.norm
        return bool(ritz.residuals[added].max() <= aim)

    def _nothing_hidden(self) -> bool:
        lanczos = self._lanczos
        if self._steps != lanczos.size:  # restarted: T is not that of a Lanczos run
            return False
        diagonal, beside = np.diag(lanczos.projected), np.diag(lanczos.projected, -1)
        beside, left = (
            np.append(beside, lanczos.coupling[0, -1]),
            self._size - lanczos.fixed,
        )
        return self._wanted.nothing_hidden(self.values, diagonal, beside, left)

    def _end_run(
        self,
        ritz: Ritz,
        kept: Int[np.ndarray, " f"],
        added: Int[np.ndarray, " a"],
        *,
        exhausted: bool,
    ) -> None:
        missing = len(kept) + len(added) < self._wanted.total
        unsure = len(added) > 0 and (exhausted or self._verify) and not self._settled
        self._searching = (missing or unsure) and len(self._lanczos.basis) < self._size
        first = not (len(kept) or missing or self._settled)
        added = added[np.argsort(-ritz.values[added], kind="stable")]
        if self._searching:
            kept, added = self._with_others(ritz, kept, added, missing=missing)
        signs = 2 * torch.randint(2, (len(added),), generator=self._generator) - 1
        self._lanczos.keep(kept, ritz.coefficients[:, added] * signs.numpy())
        self.values = np.concatenate([self.values[kept], ritz.values[added]])
        self.residuals = np.append(self.residuals[kept], np.full(len(added), np.inf))
        if first:
            self._phase = CHECKING
        else:
            self._go_on()

    def _check(self, image: Float[torch.Tensor, "1 P"]) -> None:
        count = self._wanted.total
        self.residuals[:count] = self._lanczos.residual_bounds(image, count)
        self._go_on()

    def _go_on(self) -> None:
        if self._searching:
            self._phase, self._steps = EXPANDING, 0
            self._lanczos.begin(self._random(1))
            return
        self._lanczos.basis.trim()
        met = self._wanted.met(self.residuals, self.norm)
        self._phase = CONVERGED if met else POLISHING

    def _with_others(
        self,
        ritz: Ritz,
        kept: Int[np.ndarray, " f"],
        added: Int[np.ndarray, " a"],
        *,
        missing: bool,
    ) -> tuple[Int[np.ndarray, " _"], Int[np.ndarray, " _"]]:
        """Add pairs without which a search is quicker, as far as there is room."""
        room = self._max_basis - SEARCH_STEPS - 1 - len(kept) - len(added)
        if not len(self.values) and not missing:
            values, residuals = ritz.values, ritz.residuals
            added = self._wanted.with_resolved(values, residuals, added, room)
        others = np.setdiff1d(np.arange(len(self.values)), kept)
        return np.concatenate([kept, others[: max(room, 0)]]), added

    def _restart(
        self, ritz: Ritz, kept: Int[np.ndarray, " f"], added: Int[np.ndarray, " a"]
    ) -> None:
        """Keep the wanted pairs and some of those next to them."""
        used = len(kept) + len(added)
        room = self._max_basis - used - 2 * len(self._lanczos.block)
        extra = min(int(KEPT * (len(ritz.values) - len(added))), room)
        added = self._wanted.with_nearest(ritz.values, added, extra)
        # Found pairs that Ritz values beat are beaten by eigenvalues, and can go.
        self._lanczos.keep(kept, ritz.coefficients[:, added])
        self.values, self.residuals = self.values[kept], self.residuals[kept]

    def _polish(self, images: Float[torch.Tensor, "c P"]) -> None:
        """Get residuals by a product each; correct those that miss the tolerance."""
        self.values = self._lanczos.polish(images)  # which leaves the remainders
        self.residuals = np.array([norm_of(row) for row in images])
        self.norm = max(self.norm, largest_magnitude(self.values))
        before, worst = self._worst, float(self.residuals.max())
        self._worst = worst / (self.norm or 1.0)
        if self._wanted.met(self.residuals, self.norm):
            self._phase = CONVERGED
        elif self._worst > STALLED * before:
            self._phase = STUCK
        else:
            aim = SAFETY * self._wanted.tolerance * self.norm
            order = np.argsort(-self.residuals)
            wrong = order[self.residuals[order] > aim]
            room = (self._max_basis - len(images)) // 2
            self._lanczos.continue_from(images, wrong[:room])
            self.values = self.residuals = np.zeros(0)
            self._phase, self._steps, self._settled = EXPANDING, 0, True

    def state(self) -> State:
        """See Process.

        Returns:
            All that changes.
        """
        counts = [self._phase, self._products, self._steps]
        numbers = [*counts, self._settled, self._searching]
        return {
            **self._lanczos.state(),
            "numbers": torch.tensor(numbers),
            "norms": torch.tensor([self.norm, self._worst], dtype=torch.float64),
            "values": torch.from_numpy(self.values),
            "residuals": torch.from_numpy(self.residuals),
            "rule": torch.from_numpy(self.rule),
            "generator": self._generator.get_state(),
        }

    def restore(self, state: State) -> None:
        """See Process.

        Args:
            state: What ``state()`` returned.
        """
        self._lanczos.restore(state)
        self._phase, self._products, self._steps, *flags = state["numbers"].tolist()
        self._settled, self._searching = map(bool, flags)
        self.norm, self._worst = state["norms"].tolist()
        self.values = state["values"].numpy()
        self.residuals = state["residuals"].numpy()
        self.rule = state["rule"].cpu().numpy()
        self._generator.set_state(state["generator"])
