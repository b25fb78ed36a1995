from dataclasses import replace

import numpy as np
import pytest

from eigenscape.spectra import BatchDraws, advise
from surveys import planted_survey


@pytest.fixture
def checkpoint():
    return planted_survey().checkpoints[-1]


def with_tops(checkpoint, tops, *, top=None):
    """The same checkpoint with chosen top eigenvalues and no law."""
    batches = tuple(
        BatchDraws(
            b,
            np.full((2, 1), float(t)),
            np.zeros((2, 1)),
            checkpoint.batches[0].splits[:2],
        )
        for b, t in tops.items()
    )
    largest = checkpoint.largest if top is None else np.array([top, top / 2])
    return replace(
        checkpoint,
        batches=batches,
        scaling=None,
        largest=largest,
        largest_residuals=np.zeros_like(largest),
    )


def test_the_learning_rate_is_two_over_the_top(checkpoint):
    advice = advise(with_tops(checkpoint, {4: 20, 8: 10}, top=8.0), momentum=0.5)[0]
    assert "2/λ_max = 0.25 on all the data" in advice.answer
    rows = {r[0]: r for r in advice.table.rows}
    assert "(0.375 with momentum 0.5)" in advice.answer
    assert rows[4][3:] == pytest.approx((0.1, 0.1))
    assert rows["all"][3:] == pytest.approx((0.25, 0.25))


def test_gradient_descent_diverges_just_above_the_stated_rate(checkpoint):
    """The rule against the iteration itself, plain and with momentum."""
    advice = advise(with_tops(checkpoint, {4: 8}, top=8.0), momentum=0.9)[0]
    plain = {r[0]: r for r in advice.table.rows}["all"][3]
    heavy = float(advice.answer.split("(")[1].split(" with momentum 0.9")[0])
    for rate, beta in ((plain, 0.0), (heavy, 0.9)):
        for factor, stays in ((0.99, True), (1.01, False)):
            x, v = 1.0, 0.0
            for _ in range(4000):
                v = beta * v - factor * rate * 8.0 * x
                x += v
            assert (abs(x) < 1) is stays


def test_the_batch_size_is_the_first_from_which_all_are_near(checkpoint):
    tops = {4: 30, 8: 10.5, 16: 12, 32: 10.9, 64: 10.1}
    advice = advise(with_tops(checkpoint, tops, top=10.0))[1]
    assert "from b = 32 on" in advice.answer
    far = advise(with_tops(checkpoint, {4: 30, 8: 20}, top=10.0))[1]
    assert "still moves λ_max by 100 % at b = 8" in far.answer
    near = advise(with_tops(checkpoint, {4: 10, 8: 10}, top=10.0))[1]
    assert "from b = 4 on" in near.answer


def test_a_standing_law_is_read_off(checkpoint):
    assert checkpoint.scaling is not None
    advice = advise(checkpoint)[1]
    fit = checkpoint.scaling.fit(checkpoint.scaling.best)
    if fit.p_value is not None and fit.p_value >= 0.01 and "≈" in advice.answer:
        size = float(advice.answer.split("≈ ")[1].split()[0])
        near = np.interp(size, fit.curve_batch_sizes, fit.curve[:, 0])
        assert near / checkpoint.largest[0] - 1 == pytest.approx(0.1, abs=0.02)
    else:
        assert "from b =" in advice.answer or "still moves" in advice.answer


def test_the_signal_is_counted(checkpoint):
    advice = advise(checkpoint)[2]
    assert advice.answer.startswith(f"{checkpoint.split.upper.size} direction")
    assert advice.table.rows[-1] == ("all", float(checkpoint.split.upper.size))


def test_nothing_curves_upwards(checkpoint):
    flat = with_tops(checkpoint, {4: -1}, top=-1.0)
    answers = [a.answer for a in advise(flat)]
    assert "no direction curves upwards" in answers[0]
    assert "undefined here" in answers[1]


def test_without_batches_there_is_no_batch_advice(checkpoint):
    assert len(advise(replace(checkpoint, batches=(), scaling=None))) == 2
