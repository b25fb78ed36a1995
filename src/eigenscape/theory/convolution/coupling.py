"""k unknowns that meet in one number: of a sum its level u, of a product its u = 1/η.

With sᵢ the slope of a part, dΣᵢ/dwᵢ of a sum and d log Σᵢ/d log wᵢ of a product, and
pᵢ = 1/(1 − sᵢ) = dwᵢ/du, both have dz/du = 1 + ∑ sᵢpᵢ, in logarithms for a product.
"""

from __future__ import annotations

import numpy as np

from eigenscape.theory.convolution.ladder import Points, States


def one_more(shares: States, more: States, slopes: States) -> Points:
    """Form 1 + ∑ᵢ shareᵢ where one share may be near −1.

    Args:
        shares: The shares, one row a part.
        more: 1 + share of every part, without cancellation.
        slopes: Those of the parts: towards a pole of one its share cancels the 1.

    Returns:
        The sum.
    """
    steepest = np.abs(slopes).argmax(axis=0)[None]
    shares = shares.copy()
    np.put_along_axis(shares, steepest, np.take_along_axis(more, steepest, 0), 0)
    return shares.sum(axis=0)


def by_level(slopes: States) -> Points:
    """Form dz/du = 1 + ∑ sᵢpᵢ.

    Args:
        slopes: sᵢ, one row a part.

    Returns:
        The derivative.
    """
    p = 1 / (1 - slopes)
    return one_more(slopes * p, p, slopes)


def multiplier(slopes: States) -> Points:
    """Form the multiplier of each partial result against the next part.

    Args:
        slopes: sᵢ, one row a part.

    Returns:
        The one of largest modulus; at the solution on the axis it is at most 1.
    """
    # The steepest comes last: to its share near −1 nothing could be added.
    rising = np.take_along_axis(slopes, np.abs(slopes).argsort(axis=0), axis=0)
    gain = np.cumsum(rising / (1 - rising), axis=0)
    multipliers = gain[:-1] / (1 + gain[:-1]) * rising[1:]
    worst = np.abs(multipliers).argmax(axis=0)[None]
    return np.take_along_axis(multipliers, worst, axis=0)[0]
