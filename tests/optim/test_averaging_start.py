"""Rules for the start of averaging, on sequences worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.optim.averaging_start import NoImprovement, NonMonotone

NUMBERS = st.lists(st.integers(0, 20).map(float), min_size=1, max_size=40)


def first_firing(rule, observed):
    observed = [float(value) for value in observed]
    firing = (t for t in range(1, len(observed) + 1) if rule.fires(observed[:t]))
    return next(firing, None)


@pytest.mark.parametrize(
    ("observed", "when"),
    [
        ([1, 2, 3, 3, 3, 3, 3, 3], 8),  # a tie is no improvement
        ([5, 1, 1, 1, 1, 1], 6),
        ([5, 1, 1, 1, 1, 6, 1, 1, 1, 1, 1], 11),
        ([1, 2, 3, 4, 5, 6, 7, 8], None),
        ([5, 1, 1, 1, 1], None),
    ],
)
def test_no_improvement_fires_five_after_the_best(observed, when):
    assert first_firing(NoImprovement(), observed) == when


@pytest.mark.parametrize(
    ("observed", "when"),
    [
        ([9, 8, 7, 6, 5, 4, 3, 2], None),
        ([3, 9, 9, 9, 9, 9, 9], 7),  # the first older than five others is the first
        ([3, 9, 9, 9, 9, 9, 2], None),
        ([9, 5, 4, 4, 4, 4, 4, 4, 4], None),  # above, not equal
        ([9, 5, 4, 4, 4, 4, 4, 6], 8),
    ],
)
def test_non_monotone_fires_above_the_old_minimum(observed, when):
    assert first_firing(NonMonotone(), observed) == when


@given(NUMBERS, st.integers(1, 8))
def test_no_improvement_counts_from_the_best(observed, patience):
    best = max(observed)
    since = len(observed) - 1 - observed.index(best)
    assert NoImprovement(patience).fires(observed) == (since >= patience)


@given(NUMBERS, st.integers(1, 8))
def test_non_monotone_follows_the_published_loop(observed, interval):
    """Algorithm 1 of Merity et al. (2018): t > n and v > min logs[0 … t − n − 1]."""
    logs, fired = [], False
    for value in observed:
        t = len(logs)
        fired = t > interval and value > min(logs[: t - interval])
        logs.append(value)
    assert NonMonotone(interval).fires(observed) == fired


@pytest.mark.parametrize("rule", [NoImprovement, NonMonotone])
def test_no_patience_is_refused(rule):
    with pytest.raises(ValueError, match="expected at least 1, got 0"):
        rule(0)
