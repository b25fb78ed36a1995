"""ThickRestart as a process: what it asks for, when it stops, how it goes on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from eigenscape.curvature import Dense, extreme_eigenpairs, process
from eigenscape.curvature.krylov.block_lanczos import BlockLanczos
from eigenscape.curvature.krylov.thick_restart import ThickRestart
from eigenscape.curvature.krylov.wanted import Wanted
from eigenscape.curvature.process import drive

SIZE = 80
COPIES = Wanted(3, "largest", 1e-6)


def dense(dtype: torch.dtype = torch.float64) -> Dense:
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.standard_normal((SIZE, SIZE)))[0]
    eigenvalues = np.append(rng.uniform(-1, 1, SIZE - 6), [4, 4, 4, 3, 2.9, -2])
    matrix = basis * eigenvalues @ basis.T
    return Dense(torch.from_numpy((matrix + matrix.T) / 2).to(dtype))


def begun(wanted: Wanted, dtype=torch.float64, **changes) -> ThickRestart:
    settings = {"block": 1, "max_basis": 60, "max_products": 900, "verify": True}
    return ThickRestart(
        torch.empty(0, SIZE, dtype=dtype),
        wanted,
        generator=torch.Generator().manual_seed(changes.pop("seed", 0)),
        **{**settings, **changes},
    )


class Interrupted(Exception):
    pass


class Fragile(Dense):
    """Raises once after so many vectors, and counts all that it multiplied."""

    def __init__(self, whole: Dense, after: int) -> None:
        super().__init__(whole.matrix)
        self.left, self.counted = after, 0

    def matmat(self, matrix: torch.Tensor) -> torch.Tensor:
        self.left -= matrix.shape[1]
        if self.left < 0:
            raise Interrupted
        self.counted += matrix.shape[1]
        return super().matmat(matrix)

    def matvec(self, vector: torch.Tensor) -> torch.Tensor:
        return self.matmat(vector[:, None])[:, 0]

    def fingerprint(self) -> str:
        return "fragile"


@pytest.mark.parametrize(
    ("block", "dtype"), [(1, torch.float64), (1, torch.float32), (2, torch.float32)]
)
@pytest.mark.parametrize("after", [1, 13, 19, 26, 32, 38])
def test_an_interrupted_run_goes_on_to_the_same_bits(
    after, block, dtype, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(process, "SAVE_INTERVAL", 0.0)
    monkeypatch.setattr(process, "SAVE_SHARE", 0.0)
    arguments = {
        "tolerance": 1e-5,
        "block": block,
        "max_basis": 3 + 33,
    }

    def find(operator, **more):
        generator = torch.Generator().manual_seed(1)
        return extreme_eigenpairs(operator, 3, generator=generator, **arguments, **more)

    whole = find(dense(dtype))
    assert whole.products > after
    fragile = Fragile(dense(dtype), after)
    with pytest.raises(Interrupted):
        find(fragile, checkpoint=tmp_path / "run")
    fragile.left = 10**6
    found = find(fragile, checkpoint=tmp_path / "run")
    assert np.array_equal(found.vectors, whole.vectors)
    assert np.array_equal(found.values, whole.values)
    assert np.array_equal(found.residuals, whole.residuals)
    assert np.array_equal(found.measure.nodes, whole.measure.nodes)
    assert found.products == whole.products == fragile.counted


@pytest.mark.parametrize("verify", [False, True])
@pytest.mark.parametrize("tolerance", [1e-3, 1e-6])
def test_a_run_taken_over_before_every_product_ends_alike(verify, tolerance) -> None:
    operator, wanted = dense(torch.float32), Wanted(4, "both", tolerance)
    straight = begun(wanted, dtype=torch.float32, verify=verify)
    drive(straight, operator)
    run = begun(wanted, dtype=torch.float32, verify=verify)
    while (vectors := run.wanted) is not None:
        state = {name: part.clone() for name, part in run.state().items()}
        run = begun(wanted, dtype=torch.float32, verify=verify)
        run.restore(state)
        run.receive(operator.matmat(vectors))
    assert torch.equal(run.rows, straight.rows)
    assert np.array_equal(run.residuals, straight.residuals)
    assert run.products == straight.products


@pytest.mark.parametrize("verify", [False, True])
def test_one_product_checks_the_pairs_of_the_first_run(verify, monkeypatch) -> None:
    polish, polished = BlockLanczos.polish, []

    def noted(self, images):
        polished.append(len(images))
        return polish(self, images)

    monkeypatch.setattr(BlockLanczos, "polish", noted)
    for wanted, added in ((Wanted(4, "smallest", 1e-6), False), (COPIES, verify)):
        run, operator = begun(wanted, verify=verify), dense()
        widths = []
        while (vectors := run.wanted) is not None:
            widths.append(vectors.shape[1])
            run.receive(operator.matmat(vectors))
        assert polished == [3] * added  # where a search adds two copies of 4
        assert set(widths) == ({1, 3} if added else {1})
        assert (np.diff(run.values) <= 0).all()
        columns = run.rows.numpy().T
        remainders = operator.matrix.numpy() @ columns - columns * run.values
        true = np.linalg.norm(remainders, axis=0)
        assert (true <= run.residuals + 1e-14).all()
        assert (run.residuals <= true + 1e-12).all()


@pytest.mark.parametrize("kind", ["noise", "magnitudes"])
def test_what_is_no_matrix_is_found_out(kind) -> None:
    """Each deviates by 1e-3 of the norm; the runs see nothing of it themselves."""
    generator = torch.Generator().manual_seed(2)

    class Faulty(Dense):
        def matvec(self, vector):
            other = vector.abs()
            if kind == "noise":
                other = torch.randn(SIZE, generator=generator).double() / SIZE**0.5
            return super().matvec(vector) + 4e-3 * other

        def matmat(self, matrix):
            return torch.stack([self.matvec(column) for column in matrix.T], 1)

    operator = Faulty(dense().matrix)
    run = begun(Wanted(5, "smallest", 1e-5), verify=False)
    drive(run, operator)
    assert not run.converged
    assert 1e-4 < run.worst() < 1e-2


def test_a_finished_run_asks_for_nothing(tmp_path) -> None:
    fragile = Fragile(dense(), 10**6)
    wanted = Wanted(3, "largest", 1e-6)
    first = begun(wanted)
    drive(first, fragile, checkpoint=tmp_path / "run")
    fragile.left = 0
    again = begun(wanted)
    drive(again, fragile, checkpoint=tmp_path / "run")
    assert again.converged
    assert torch.equal(first.rows, again.rows)


def test_the_identity_tells_settings_and_seeds_but_not_the_budget() -> None:
    wanted = Wanted(3, "largest", 1e-6)
    changes = [
        {},
        {"seed": 1},
        {"block": 2},
        {"max_basis": 50},
        {"verify": False},
    ]
    identities = {begun(wanted, **change).identity for change in changes}
    identities.add(begun(Wanted(3, "smallest", 1e-6)).identity)
    identities.add(begun(Wanted(3, "largest", 1e-7)).identity)
    assert len(identities) == 7
    assert begun(wanted, max_products=8).identity in identities


def test_products_left_for_the_residuals() -> None:
    run = begun(Wanted(4, "largest", 1e-9), max_products=20)
    drive(run, dense())
    assert run.products == 16
    assert not run.converged
    assert run.most_products == 20
    assert 1e-9 < run.worst() < 1


def test_true_residuals_that_miss_the_tolerance_are_corrected(monkeypatch) -> None:
    """The first run stops much too early; what follows aims at what is asked for."""
    safety = "eigenscape.curvature.krylov.thick_restart.SAFETY"
    monkeypatch.setattr(safety, 1e5)
    polish, begin, events = BlockLanczos.polish, BlockLanczos.begin, []

    def polished(self, images):
        monkeypatch.setattr(safety, 0.7)
        events.append("polish")
        return polish(self, images)

    def begun_again(self, block):
        events.append("begin")
        begin(self, block)

    monkeypatch.setattr(BlockLanczos, "polish", polished)
    monkeypatch.setattr(BlockLanczos, "begin", begun_again)
    run, operator = begun(Wanted(5, "largest", 1e-9)), dense()
    while "polish" not in events:
        run.receive(operator.matmat(run.wanted))
    resumed = begun(Wanted(5, "largest", 1e-9))
    resumed.restore({name: part.clone() for name, part in run.state().items()})
    events.clear()
    drive(run, operator)
    assert events == ["polish"]  # pairs were searched for before, not again
    assert run.converged
    expected = np.sort(np.linalg.eigvalsh(operator.matrix.numpy()))[::-1][:5]
    np.testing.assert_allclose(run.values, expected, atol=4e-9)
    assert run.residuals.max() <= 1e-9 * run.norm
    drive(resumed, operator)
    assert torch.equal(run.rows, resumed.rows)
    assert run.products == resumed.products


def test_a_correction_that_gains_nothing_ends_the_run() -> None:
    run = begun(Wanted(4, "largest", 1e-12), dtype=torch.float32)
    drive(run, dense(torch.float32))
    assert not run.converged
    assert run.wanted is None
    assert run.products < 200
    # what single precision allows: a few spacings times the root of the steps
    assert run.worst() < 50 * torch.finfo(torch.float32).eps


def test_products_that_are_not_finite_are_refused() -> None:
    class Broken(Dense):
        def matvec(self, vector):
            return super().matvec(vector) * torch.nan

    with pytest.raises(ValueError, match=r"operator: expected finite .* product 1$"):
        drive(begun(Wanted(2, "largest", 1e-3)), Broken(dense().matrix))
