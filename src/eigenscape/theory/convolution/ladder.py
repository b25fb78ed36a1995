"""Newton's method down a ladder of Im z, for fixed points w = T(w; z).

From each rung Euler's prediction leads to the next, and from below a tenth of the scale
to z itself, on the real axis too. A point that fails comes down in smaller steps. Far
above the axis neighbours look alike: on a rung, points much nearer to each other than
to the axis share one solution and its slope, until they come apart.

References:
    Chhaibi, Daouda and Kahn (2022), Free probability for predicting the performance of
    feed-forward fully connected neural networks, for Newton's method along a path.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Complex, Float, Int

from eigenscape.theory.convolution.runs import Runs

Points: TypeAlias = Complex[np.ndarray, " n"]
Reals: TypeAlias = Float[np.ndarray, " n"]
Mask: TypeAlias = Bool[np.ndarray, " n"]
States: TypeAlias = Complex[np.ndarray, "k n"]

_EPS = float(np.finfo(float).eps)
_CERTAIN = 256 * _EPS  # residual of a solution, in units of the terms of T
_STALLED = 64 * _EPS
_ROUNDING = 4 * _EPS
_UNITY = 1 + 1e-7  # at an edge |T′| = 1 is known to the root of a machine epsilon
_BLURRED = 1 + 1e-3  # where rounding hides how well
# Tuned on pairs of closed forms and of up to five atoms: six maps a point.
_FIRST = 1.0  # heights, in units of the scale
_LAST = 0.1
_RATIO = 0.03
_LOOSE = 0.1  # a rung is done when a step moves w by this part of its height
_TIGHT = 1e-9  # which the quadratic convergence squares
_LOW = 1e-6  # heights, in units of the scale, or of w where that is real
_STEPS = 10
_GUESSED_STEPS = 24  # each halves the distance to an edge, where guesses are coarse
_ROUNDS = 200


@dataclass(frozen=True)
class Linearisation:
    """A map at w, and Newton's step from there.

    Attributes:
        image: T(w; z).
        step: To the fixed point of the linearised map.
        slope: dw/dz along the fixed points.
        contraction: The multiplier T′; of several, the one of largest modulus.
        terms: What a relative error of 1 in w, z and the terms of T would make of T.
    """

    image: States
    step: States
    slope: States
    contraction: Points
    terms: Float[np.ndarray, "k n"]


System: TypeAlias = Callable[[States, Points], Linearisation]
Projection: TypeAlias = Callable[[States, Points], States]


@dataclass(frozen=True)
class Descent:
    """Where a descent ended.

    Attributes:
        w: The points reached.
        local: The map there.
        residual: |T(w) − w|, the largest of the k.
        certain: Whether w is the solution for certain.
        rounds: Rungs taken.
    """

    w: States
    local: Linearisation
    residual: Reals
    certain: Mask
    rounds: int


def lift(w: Complex[np.ndarray, "*k n"], z: Points) -> Complex[np.ndarray, "*k n"]:
    """Project w onto the half-plane Im w ≥ Im z.

    Args:
        w: Points of the plane.
        z: Points above the axis or on it.

    Returns:
        The nearest points of the half-plane.
    """
    lifted = w.copy()
    lifted.imag = np.maximum(np.imag(w), np.imag(z))
    return lifted


@dataclass(frozen=True)
class Ladder:
    """A map of k numbers for every z, ready to be solved.

    Attributes:
        system: (w, z) ↦ the map at w.
        start: w from z far above the axis.
        project: The nearest point to w of the domain that T(·; z) maps into itself.
        scale: A height from which z and w look alike.
        guess: w near the solutions, where such is known: points that Newton's method
            does not lead from there to a solution for certain come down the ladder.
    """

    system: System
    start: Callable[[Points], States]
    project: Projection
    scale: float
    guess: Callable[[Points], States] | None = None

    def descend(self, z: Points) -> Descent:
        """Solve at every point.

        Args:
            z: Points above the axis, or on it with imaginary part +0.

        Returns:
            The points reached, and which of them are certain: there the residual is
            at rounding, w lies in its domain and |T′| ≤ 1.
        """
        with np.errstate(all="ignore"):
            if self.guess is None:
                return self._certified(z, *self._down(z))
            exact = np.ones(z.size, bool)
            w, _, done = self._newton(z, self.guess(z), exact, _GUESSED_STEPS)
            found = self._certified(z, w, 0)
            lost = ~(found.certain & done)
            if lost.any():
                w[:, lost], rounds = self._down(z[lost])
                found = self._certified(z, w, rounds)
        return found

    def _down(self, z: Points) -> tuple[States, int]:
        rounds, order = 0, np.argsort(np.real(z), kind="stable")
        ordered = z[order]
        front = self._begin(ordered)
        while rounds < _ROUNDS:
            waiting = np.flatnonzero(front.height > np.imag(ordered))
            if waiting.size == 0:
                break
            self._next_rung(ordered, front, waiting)
            rounds += 1
        w = np.empty_like(front.w)
        w[:, order] = front.w
        return w, rounds

    def _certified(self, z: Points, w: States, rounds: int) -> Descent:
        w = self._settled_on_axis(z, w)
        local = self.system(w, z)
        residual = np.abs(local.image - w)
        certain = (residual <= _CERTAIN * local.terms).all(axis=0)
        certain &= (self.project(w, z) == w).all(axis=0)
        certain &= np.abs(local.contraction) <= _UNITY + self._doubt(z, w, local)
        return Descent(w, local, residual.max(axis=0), certain, rounds)

    def _begin(self, z: Points) -> _Front:
        # Strictly above z, so that the last step is always a tight one.
        height = np.maximum(_FIRST * self.scale, 2 * np.imag(z))
        waiting, raised = np.arange(z.size), _raised(z, height)
        w = np.empty((len(self.start(raised[:1])), z.size), np.complex128)
        front = _Front(height, np.full(z.size, _RATIO), w, np.ones_like(w))
        for _ in range(_ROUNDS):
            runs = Runs.of(raised, np.zeros(raised.size, bool))
            top = raised[runs.heads]
            found = self._newton(top, self.start(top), np.zeros(top.size, bool))
            found = runs.shared(raised, *found)
            front.put(waiting, height[waiting], *found)
            waiting = waiting[~found[2]]
            if waiting.size == 0:
                break
            height[waiting] *= 4
            raised = _raised(z[waiting], height[waiting])
        return front

    def _next_rung(
        self, z: Points, front: _Front, waiting: Int[np.ndarray, " m"]
    ) -> None:
        height, ratio = front.height[waiting], front.ratio[waiting]
        aim = _raised(z[waiting], ratio * height)
        reached = np.imag(aim)
        last = reached == np.imag(z[waiting])
        runs = Runs.of(aim, last)
        heads = runs.heads
        leading, top = waiting[heads], aim[heads]
        rise = 1j * (reached - height)[heads]
        guess = front.w[:, leading] + front.slope[:, leading] * rise
        found = self._newton(top, self.project(guess, top), last[heads])
        found = runs.shared(aim, *found)
        front.put(waiting, reached, *found)
        if (last & found[2]).all():
            return
        low = _raised(z[waiting], _RATIO * reached)
        crowded = Runs.of(low, np.imag(low) == np.imag(z[waiting])).crowded
        crowded &= reached > _LOW * self.scale
        near = np.where(crowded | (reached > _LAST * self.scale), _RATIO, 0.0)
        longer = np.where(ratio > _RATIO, np.maximum(ratio**2, _RATIO), near)
        shorter = np.where(ratio == 0, _RATIO, np.sqrt(ratio))
        front.ratio[waiting] = np.where(found[2], longer, shorter)

    def _newton(
        self, z: Points, w: States, tight: Mask, steps: int = _STEPS
    ) -> tuple[States, States, Mask]:
        w, slope, done = w.copy(), np.ones_like(w), np.zeros(z.size, bool)
        active, previous = np.arange(z.size), np.full(z.size, np.inf)
        u, x, exact = w, z, tight
        for _ in range(steps):
            local = self.system(u, x)
            residual = np.abs(local.image - u)
            relative = (residual / local.terms).max(axis=0)
            there = u + local.step
            moved = self.project(there, x)
            settled = np.zeros(x.size, bool)
            if not exact.all():
                settled = (np.abs(local.step) <= _LOOSE * np.imag(u)).all(axis=0)
            if exact.any():
                multiplier = np.abs(local.contraction)
                fine = _is_fine(local, u, x, residual) & (multiplier <= _UNITY)
                stalled = (relative > previous / 2) & (relative <= _STALLED)
                stalled &= exact & (multiplier <= _BLURRED)
                # Beside an edge the other solution repels by little more than that.
                fine |= self._not_repelling(u, x, local, stalled)
                settled = np.where(exact, fine, settled)
            # Off the domain without progress, T itself leads back in.
            stray = (moved != there).any(axis=0) & (relative > previous / 2) & ~settled
            if stray.any():
                moved = np.where(stray, local.image, moved)
            w[:, active], slope[:, active] = moved, local.slope
            done[active] = settled
            going = ~settled & np.isfinite(local.step).all(axis=0)
            if not going.any():
                break
            active, previous = active[going], relative[going]
            u, x, exact = moved[:, going], x[going], exact[going]
        return w, slope, done

    def _not_repelling(
        self, w: States, z: Points, local: Linearisation, among: Mask
    ) -> Mask:
        held = among.copy()
        if among.any():
            part = np.flatnonzero(among)
            multiplier = np.abs(local.contraction[part])
            here = Linearisation(
                local.image[:, part],
                local.step[:, part],
                local.slope[:, part],
                local.contraction[part],
                local.terms[:, part],
            )
            doubt = self._doubt(z[part], w[:, part], here)
            held[part] = multiplier <= _UNITY + doubt
        return held

    def _doubt(self, z: Points, w: States, local: Linearisation) -> Reals:
        # Beside an edge T′ is known no better than it changes over a Newton step.
        doubt = np.zeros(z.size)
        above = np.abs(local.contraction) > _UNITY
        if above.any():
            beside = self.system((w + local.step)[:, above], z[above])
            doubt[above] = 4 * np.abs(beside.contraction - local.contraction[above])
        return doubt

    def _settled_on_axis(self, z: Points, w: States) -> States:
        # In a gap w is real: rounding must not give it an imaginary part.
        height = np.imag(w)
        low = (np.imag(z) == 0) & ((height > 0).any(axis=0))
        low &= (height < _LOW * np.abs(w)).all(axis=0)
        if not low.any():
            return w
        real = np.real(w[:, low]) + 0j
        local = self.system(real, z[low])
        solves = np.abs(local.image - real) <= _ROUNDING * local.terms
        solves |= height[:, low] <= _EPS * np.abs(real)
        settled = w.copy()
        settled[:, low] = np.where(solves.all(axis=0), real, w[:, low])
        return settled


@dataclass(frozen=True)
class _Front:
    # How far down each point has come; the arrays are updated in place.
    height: Reals
    ratio: Reals  # of the next height to this one; 0 for z itself
    w: States
    slope: States  # dw/dz

    def put(
        self,
        where: Int[np.ndarray, " m"],
        height: Float[np.ndarray, " m"],
        w: Complex[np.ndarray, "k m"],
        slope: Complex[np.ndarray, "k m"],
        done: Bool[np.ndarray, " m"],
    ) -> None:
        where = where[done]
        self.height[where] = height[done]
        self.w[:, where], self.slope[:, where] = w[:, done], slope[:, done]


def _is_fine(
    local: Linearisation, w: States, z: Points, residual: Float[np.ndarray, "k n"]
) -> Mask:
    # The next step would be lost in rounding, or the residual is. The map may be
    # singular right below w: only steps small against the height square from there.
    size = np.abs(local.image)
    steepness = np.minimum(np.abs(1 - local.contraction), 1)
    near = np.maximum(_TIGHT * np.minimum(size, 8 * np.imag(w)), _ROUNDING * size)
    fine = np.abs(local.step) <= near * steepness
    lost = residual <= _ROUNDING * (size + np.abs(z))
    return np.all(fine, axis=0) | np.asarray(np.all(lost, axis=0))


def _raised(z: Points, height: Reals) -> Points:
    raised = z.copy()
    raised.imag = np.maximum(np.imag(z), height)
    return raised
