import importlib

import numpy as np
import pytest
import torch

from eigenscape.core import NondeterministicOperatorError, StorageError, load
from eigenscape.curvature import EmpiricalRisk
from eigenscape.spectra import Survey, fit_bulk
from eigenscape.survey import Stage, prediction, survey
from networks import network, parts
from results import differences

MODULE = importlib.import_module("eigenscape.survey.survey")

SETTINGS = {
    "batch_sizes": [8, 16, 32, 64],
    "draws": 3,
    "probes": 2,
    "steps": 20,
    "extremes": 12,
    "seed": 0,
}
# for claims that do not rest on the numbers: ten parts, extremes the first of them
BRIEF = {**SETTINGS, "batch_sizes": [8, 16, 32], "draws": 2, "steps": 8, "extremes": 6}


def dense_hessian(risk, rows=slice(None)):
    """By torch's own functional Hessian, an independent route."""
    model = risk.model
    names = [n for n, p in model.named_parameters() if p.requires_grad]
    shapes = [dict(model.named_parameters())[n].shape for n in names]
    _, _, data = parts()
    inputs, targets = (t[rows] for t in data.tensors)

    def value(flat):
        pieces = flat.split([s.numel() for s in shapes])
        values = {n: p.view(s) for n, p, s in zip(names, pieces, shapes, strict=True)}
        output = torch.func.functional_call(model, values, (inputs,))
        return torch.nn.functional.cross_entropy(output, targets)

    flat = torch.cat([p.detach().flatten() for p in risk.params])
    return torch.autograd.functional.hessian(value, flat).numpy()


@pytest.fixture(scope="module", autouse=True)
def few_predicted_batches_and_fits():
    """Equal bulks, to the last bit, are fitted once."""
    fits = {}

    def fit_once(bulk):
        key = bulk.nodes.tobytes(), bulk.weights.tobytes(), bulk.dimension
        return fits[key] if key in fits else fits.setdefault(key, fit_bulk(bulk))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prediction, "BATCHES", 40)
        patch.setattr(prediction, "SIZES", 5)
        patch.setattr(MODULE, "fit_bulk", fit_once)
        yield


@pytest.fixture(scope="module")
def result():
    return survey(EmpiricalRisk(*parts()), **SETTINGS)


@pytest.fixture(scope="module")
def brief():
    return survey(EmpiricalRisk(*parts()), **BRIEF)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A directory with the finished brief survey."""
    place = tmp_path_factory.mktemp("survey") / "run"
    survey(EmpiricalRisk(*parts()), **BRIEF, directory=place)
    return place


def test_extremes_and_trace_are_those_of_the_dense_hessian(result):
    dense = dense_hessian(EmpiricalRisk(*parts()))
    exact = np.linalg.eigvalsh(dense)
    found = result.checkpoints[0]
    norm = np.abs(exact).max()
    assert found.largest_residuals.max() <= 1e-3 * norm
    # an eigenvalue errs by at most its residual
    np.testing.assert_allclose(
        found.largest, exact[::-1][: found.largest.size], atol=1e-3 * norm
    )
    np.testing.assert_allclose(
        found.smallest, exact[: found.smallest.size], atol=1e-3 * norm
    )
    # Gaussian or sign probes: Var tr ≤ 2 ‖H‖_F² / r
    deviation = np.sqrt(2 * (dense**2).sum() / found.trace.samples)
    assert abs(found.trace.value - exact.sum()) < 4 * deviation


def test_loss_and_gradient_are_those_of_the_model(result):
    model, loss, data = parts()
    value = loss(model(data.tensors[0]), data.tensors[1])
    gradient = torch.autograd.grad(value, list(model.parameters()))
    norm = torch.cat([g.flatten() for g in gradient]).norm()
    assert result.checkpoints[0].loss == pytest.approx(value.item(), rel=1e-12)
    assert result.checkpoints[0].gradient_norm == pytest.approx(norm.item(), rel=1e-10)


def test_the_prediction_rests_on_the_examples_of_the_model(result):
    """Against matrices by torch's own functions."""
    found = result.checkpoints[0].prediction
    assert found is not None
    population = found.population
    assert population.projections is None
    np.testing.assert_array_equal(population.spikes, result.checkpoints[0].largest)
    model, _, data = parts()
    inputs = data.tensors[0]
    with torch.no_grad():
        p = model(inputs).softmax(1)
    traces = []
    for i in range(4):
        j = torch.cat(
            [
                piece.flatten(1)
                for piece in torch.func.jacrev(
                    lambda w, i=i: torch.func.functional_call(model, w, inputs[i])
                )(dict(model.named_parameters())).values()
            ],
            dim=1,
        )
        middle = torch.diag(p[i]) - torch.outer(p[i], p[i])
        traces.append(float((j.T @ middle @ j).trace().detach()))
    own = population.example_eigenvalues.sum(1)[:4]
    np.testing.assert_allclose(own, traces, rtol=1e-10)
    assert found.curve.batch_sizes[[0, -1]].tolist() == [1, 120]
    np.testing.assert_allclose(
        found.curve.mean[-1], result.checkpoints[0].largest[:5], rtol=1e-6
    )
    assert found.competition is not None
    assert result.checkpoints[0].prediction_note == found.competition.verdict or (
        "Gauss-Newton" in result.checkpoints[0].prediction_note
    )


def test_where_nothing_can_be_predicted_the_survey_says_so_and_goes_on():
    """A loss that is not convex in the output."""
    model, _, data = parts()
    risk = EmpiricalRisk(model, lambda f, t: (f[:, 0] - t).cos().mean(), data)
    found = survey(risk, **BRIEF)
    assert found.checkpoints[0].prediction is None
    note = found.checkpoints[0].prediction_note
    assert note.startswith("no prediction: loss: expected one that is convex")
    assert "\n" not in note
    assert note in found.summary()


def test_every_draw_is_the_hessian_of_a_batch_of_its_size(result):
    """The mean of batch traces over draws estimates the trace of the whole."""
    batches = result.checkpoints[0].batches
    assert [b.batch_size for b in batches] == SETTINGS["batch_sizes"]
    for batch in batches:
        assert batch.values.shape == (3, 12)
        assert batch.residuals.shape == batch.values.shape
        assert (np.diff(batch.values, axis=1) <= 0).all()
        assert len({v.tobytes() for v in batch.values}) == 3


def test_a_batch_of_all_the_data_is_the_whole():
    risk = EmpiricalRisk(*parts())
    settings = {**SETTINGS, "batch_sizes": [60, 120], "draws": 1}
    found = survey(risk, **settings).checkpoints[0]
    whole = found.batches[-1].values[0, :12]
    np.testing.assert_allclose(whole, found.largest, atol=2e-3 * found.largest[0])


def test_the_same_seed_gives_the_same_bits_and_another_does_not(brief, finished):
    assert differences(brief, load(Survey, finished)) == []
    other = survey(EmpiricalRisk(*parts()), **{**BRIEF, "seed": 1})
    assert any("batches" in d for d in differences(brief, other))


def test_the_callers_model_and_random_states_are_untouched():
    model, loss, data = parts(dropout=0.3)
    model.eval()
    model[0].weight.grad = torch.ones_like(model[0].weight)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    states = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    survey(EmpiricalRisk(model, loss, data), **BRIEF)
    assert not model.training
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    assert torch.equal(model[0].weight.grad, torch.ones_like(model[0].weight))
    assert model[3].weight.grad is None
    assert torch.equal(states[0], torch.random.get_rng_state())
    np.testing.assert_array_equal(states[1], np.random.get_state()[1])


class Interrupted(BaseException):
    """A kill at a chosen moment."""


@pytest.mark.parametrize("parts_done", [1, 3, 7])
def test_an_interrupted_survey_resumes_to_the_same_bits(
    tmp_path, monkeypatch, brief, parts_done
):
    import eigenscape.survey.parts as module

    real, count = module.save, 0

    def dying(part, place):
        nonlocal count
        count += 1
        if count > parts_done:
            raise Interrupted
        real(part, place)

    monkeypatch.setattr(module, "save", dying)
    place = tmp_path / "run"
    with pytest.raises(Interrupted):
        survey(EmpiricalRisk(*parts()), **BRIEF, directory=place)
    monkeypatch.undo()
    resumed = survey(EmpiricalRisk(*parts()), **BRIEF, directory=place, resume=True)
    assert differences(brief, resumed) == []
    assert differences(brief, load(Survey, place)) == []
    assert not (place / "parts").exists()


def test_a_finished_survey_is_loaded_not_run_again(finished, brief, monkeypatch):
    monkeypatch.setattr(MODULE, "measure_draw", None)
    again = survey(EmpiricalRisk(*parts()), **BRIEF, directory=finished, resume=True)
    assert differences(brief, again) == []


def test_a_finished_survey_of_another_model_is_not_returned(finished):
    _, loss, data = parts()
    other = EmpiricalRisk(network(seed=5), loss, data)
    with pytest.raises(StorageError, match="begun with other fingerprints"):
        survey(other, **BRIEF, directory=finished, resume=True)


def test_tiny_eigenvalues_are_surveyed(brief):
    model, loss, data = parts()
    risk = EmpiricalRisk(model, lambda o, t: 1e-12 * loss(o, t), data)
    scaled = survey(risk, **BRIEF)
    assert scaled.checkpoints[0].largest[0] == pytest.approx(
        1e-12 * brief.checkpoints[0].largest[0], rel=1e-6
    )
    assert (scaled.checkpoints[0].scaling is None) == (
        brief.checkpoints[0].scaling is None
    )


def test_a_model_instead_of_a_risk_is_said():
    with pytest.raises(Exception, match=r"expected an EmpiricalRisk|Type-check"):
        survey(parts()[0], **SETTINGS)


def test_a_directory_in_use_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(StorageError, match="exists already; resume it or choose"):
        survey(EmpiricalRisk(*parts()), **SETTINGS, directory=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_parts_of_another_plan_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(MODULE, "advise", lambda *_, **__: 1 / 0)
    place = tmp_path / "run"
    with pytest.raises(ZeroDivisionError):
        survey(EmpiricalRisk(*parts()), **BRIEF, directory=place)
    monkeypatch.undo()
    changed = {**BRIEF, "draws": 3}
    with pytest.raises(StorageError, match="begun with other draws"):
        survey(EmpiricalRisk(*parts()), **changed, directory=place, resume=True)
    _, loss, data = parts()
    other = EmpiricalRisk(network(seed=5), loss, data)
    with pytest.raises(StorageError, match="begun with other fingerprints"):
        survey(other, **BRIEF, directory=place, resume=True)
    damaged = next((place / "parts" / "model").glob("probe-0/arrays.npz"))
    damaged.write_bytes(b"x")
    with pytest.raises(StorageError, match="damaged"):
        survey(EmpiricalRisk(*parts()), **BRIEF, directory=place, resume=True)


def test_several_checkpoints_make_one_survey():
    _, loss, data = parts()
    stages = [
        Stage(name, epoch, EmpiricalRisk(network(seed=i), loss, data))
        for i, (name, epoch) in enumerate([("start", 0.0), ("end", 3.0)])
    ]
    found = survey(stages, **BRIEF, learning_rate=0.1, momentum=0.5, name="two")
    assert [c.name for c in found.checkpoints] == ["start", "end"]
    assert found.checkpoints[0].largest[0] != found.checkpoints[1].largest[0]
    assert "0.5" in found.advice[0].answer
    lines = found.summary().splitlines()
    assert lines[0].startswith("two: 83 parameters, 120 examples")
    assert 8 <= len(lines) <= 13


def test_dropout_left_on_is_refused_before_anything_is_written(tmp_path):
    place = tmp_path / "run"
    with pytest.raises(NondeterministicOperatorError, match="eval"):
        survey(EmpiricalRisk(*parts(dropout=0.5)), **SETTINGS, directory=place)
    assert not place.exists()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"batch_sizes": [8, 121]}, "at most the 120 examples of the data, got 121"),
        ({"batch_sizes": []}, "batch_sizes: expected positive sizes"),
        ({"batch_sizes": [0, 4]}, "batch_sizes: expected positive sizes"),
        ({"draws": 0}, "draws: expected at least 1, got 0"),
        ({"probes": 1}, "probes: expected at least 2"),
        ({"tolerance": 0.0}, "tolerance: expected a number in"),
    ],
)
def test_bad_settings_are_refused(change, expected):
    with pytest.raises(ValueError, match=expected):
        survey(EmpiricalRisk(*parts()), **{**SETTINGS, **change})


def test_no_checkpoint_is_refused():
    with pytest.raises(ValueError, match="risk: expected at least one checkpoint"):
        survey([], **SETTINGS)


def test_two_sizes_or_one_draw_survey_without_a_law():
    risk = EmpiricalRisk(*parts())
    two = survey(risk, **{**BRIEF, "batch_sizes": [8, 16]}).checkpoints[0]
    assert two.scaling is None
    assert "at least 3" in two.scaling_note
    one = survey(risk, **{**BRIEF, "draws": 1}).checkpoints[0]
    assert one.scaling is None
    assert "2 draws" in one.scaling_note
