"""The variance of batch curvature, against dense matrices and planted noise."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

from eigenscape.curvature import EmpiricalRisk, GaussNewton, Hessian
from eigenscape.curvature.curvature_variance import (
    NonFiniteCurvatureError,
    block_curvature_variance,
    curvature_variance,
)
from networks import digits_like, network


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def digits_risk(count=64, batch_size=8):
    data = digits_like(count).tensors
    return EmpiricalRisk(network(), cross_entropy, data, batch_size=batch_size)


def batch_matrices(operator):
    """Dense matrices of the minibatches, by derivatives of PyTorch's own."""
    risk = operator.risk
    shapes = {name: p.shape for name, p in zip(risk.names, risk.params, strict=True)}
    lengths = [shape.numel() for shape in shapes.values()]
    flat = torch.cat([p.detach().reshape(-1) for p in risk.params])

    def outputs(vector, inputs):
        pieces = zip(shapes.items(), vector.split(lengths), strict=True)
        named = {name: piece.view(shape) for (name, shape), piece in pieces}
        return torch.func.functional_call(risk.model, named, (inputs,))

    def hessian(inputs, targets):
        def loss(vector):
            return cross_entropy(outputs(vector, inputs), targets)

        return torch.autograd.functional.hessian(loss, flat)

    def gauss_newton(inputs, targets):
        p = outputs(flat, inputs).softmax(1)
        middle = torch.diag_embed(p) - p[:, :, None] * p[:, None]
        jacobian = torch.autograd.functional.jacobian(
            lambda vector: outputs(vector, inputs), flat
        )
        return torch.einsum("ica,icd,idb->ab", jacobian, middle, jacobian) / len(p)

    dense = hessian if isinstance(operator, Hessian) else gauss_newton
    pairs = list(risk.batches())
    return np.array([dense(*pair).detach().numpy() for *pair, _ in pairs])


def unit_vectors(operator, blocks, probes, seed):
    """The random vectors once more, of length 1 in each block."""
    rows = []
    generator = seeded(seed)
    for _ in range(probes):
        row = torch.randn(operator.size, generator=generator).double().numpy()
        unit = np.zeros_like(row)
        for names in blocks.values():
            where = operator.risk.positions(names).numpy()
            unit[where] = row[where] / np.linalg.norm(row[where])
        rows.append(unit)
    return rows


@pytest.mark.parametrize("kind", [Hessian, GaussNewton])
@pytest.mark.parametrize("by", ["all", "layer"])
@pytest.mark.parametrize("probes", [1, 3])
def test_is_the_definition_on_dense_matrices(kind, by, probes):
    operator = kind(digits_risk(40), check=False)
    risk = operator.risk
    blocks = {"all": risk.names} if by == "all" else risk.groups()
    found = block_curvature_variance(
        operator, blocks, generator=seeded(5), probes=probes
    )
    matrices, count = batch_matrices(operator), risk.minibatches
    rows = unit_vectors(operator, blocks, probes, 5)
    for name, names in blocks.items():
        where = risk.positions(names).numpy()
        own = matrices[:, where][:, :, where]
        size, noise, mean, spread, seen = where.size, [], [], [], []
        for z in (row[where] for row in rows):
            products = own @ z
            average = products.mean(0)
            noise.append((products**2).sum(1).mean() - average @ average)
            mean.append(z @ average)
            seen.append(((average - mean[-1] * z) ** 2).sum())
            gram = products @ products.T
            along = products @ z
            pairs = gram - np.outer(along, along)  # (z·H_k H_l z) less its mean part
            off = pairs.sum() - np.trace(pairs)
            spread.append(off / (count * (count - 1)) * (size + 2) / size)
        one = found[name]
        assert (one.size, one.minibatches, one.batch_size) == (size, count, 8)
        # Products in float64; a few hundred roundings of numbers of order one.
        near = {"rel": 1e-9, "abs": 1e-12}
        assert one.published_noise == pytest.approx(np.mean(noise), **near)
        unbiased = np.mean(noise) * count / (count - 1)
        assert one.noise.value == pytest.approx(unbiased, **near)
        assert one.mean == pytest.approx(np.mean(mean), **near)
        assert one.spread == pytest.approx(np.mean(spread), **near)
        assert one.seen_spread == pytest.approx(np.mean(seen), **near)
        share = max(0, 1 - np.mean(noise) / (count * np.mean(seen)))
        assert one.published_signal == pytest.approx(share, **near)
        assert one.moments.noise == one.noise.value


class Quadratics(nn.Module):
    """∑ ½ wᵀ A w at w = 0: an example is a matrix for each w, the Hessian's block."""

    def __init__(self, count, size):
        super().__init__()
        zeros = torch.zeros(size, dtype=torch.float64)
        self.weights = nn.ParameterList(
            nn.Parameter(zeros.clone()) for _ in range(count)
        )

    def forward(self, matrices):
        pairs = zip(self.weights, matrices.unbind(1), strict=True)
        return 0.5 * sum(((a @ w) @ w for w, a in pairs), torch.zeros(()))


def planted(matrices):
    """The variance of matrices (blocks, examples, P, P), each block by itself."""
    data = torch.from_numpy(matrices.swapaxes(0, 1).copy())
    risk = EmpiricalRisk(
        Quadratics(len(matrices), data.shape[-1]),
        lambda out, _: out.mean(),
        (data, torch.zeros(len(data))),
    ).with_batch_size(1)
    return Hessian(risk, check=False, memory=0)


def planted_variances(matrices, *, probes=1):
    found = []
    generator = seeded()
    for some in np.array_split(matrices, -(-len(matrices) // 30)):
        operator = planted(some)
        blocks = operator.risk.groups("parameter")
        found += block_curvature_variance(
            operator, blocks, generator=generator, probes=probes
        ).values()
    return found


def wigner(count, size, noise, rng):
    """Off-diagonal variance s²/P, diagonal 2s²/P: E ‖Xz‖² = s² (1 + 1/P)."""
    entries = rng.standard_normal((*count, size, size))
    return (entries + entries.swapaxes(-1, -2)) * np.sqrt(noise / (2 * size))


def test_planted_wigner_noise_comes_out_unbiased():
    rng = np.random.default_rng(0)
    size, noise, count = 10, 0.7, 4
    spectrum = np.linspace(-1, 3, size)
    found = planted_variances(
        np.diag(spectrum) + wigner((150, count), size, noise, rng)
    )
    truth = {
        "noise": noise * (1 + 1 / size),
        "mean": spectrum.mean(),
        "spread": spectrum.var(),
    }
    for name, value in truth.items():
        samples = np.array([getattr(one.moments, name) for one in found])
        error = samples.std(ddof=1) / len(samples) ** 0.5
        assert abs(samples.mean() - value) <= 4 * error, name
        assert error <= 0.05 * value, "small enough to tell 1 from K/(K − 1)"


@pytest.mark.parametrize(("probes", "minibatches"), [(1, 6), (3, 5)])
def test_standard_errors_cover(probes, minibatches):
    """Anisotropic noise: with several vectors, their choice is in the error."""
    rng = np.random.default_rng(1)
    size, trials = 12, 120
    scale = np.linspace(0.2, 1.8, size)
    scale /= np.sqrt(np.mean(scale**2))
    anisotropic = np.outer(scale, scale) if probes > 1 else np.ones((size, size))
    variances = anisotropic**2 * (1 + np.eye(size)) / size
    truth = variances.sum() / size
    noise = wigner((trials, minibatches), size, 1.0, rng) * anisotropic
    found = [one.noise for one in planted_variances(noise, probes=probes)]
    degrees = min(minibatches - 2, probes - 1) if probes > 1 else minibatches - 2
    width = stats.t.ppf(0.95, degrees)
    inside = sum(abs(e.value - truth) <= width * e.standard_error for e in found)
    # 90 % of 120 is 108 ± 3.3; squares of few normal numbers are skew
    assert 98 <= inside <= 118


def test_noise_falls_as_one_over_the_batch():
    fine = curvature_variance(
        Hessian(digits_risk(240, 4), check=False), generator=seeded(), probes=3
    ).noise
    coarse = curvature_variance(
        Hessian(digits_risk(240, 16), check=False), generator=seeded(), probes=3
    ).noise
    error = np.hypot(4 * coarse.standard_error, fine.standard_error)
    assert abs(4 * coarse.value - fine.value) <= 3 * error


def test_some_minibatches_only_and_incomplete_ones_left_out():
    operator = Hessian(digits_risk(), check=False)
    matrices = batch_matrices(operator)[[1, 3, 4]]
    found = curvature_variance(operator, generator=seeded(), chosen={1, 3, 4})
    z = unit_vectors(operator, {"all": operator.risk.names}, 1, 0)[0]
    expected = (matrices @ z).var(axis=0, ddof=1).sum()
    assert found.noise.value == pytest.approx(expected, rel=1e-9)
    longer = Hessian(digits_risk(67), check=False)
    whole = curvature_variance(longer, generator=seeded())
    assert whole.minibatches == 8


def test_leaves_everything_as_it_was():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Linear(4, 3)).double()
    data = digits_like(32)
    loss = cross_entropy(model(data.tensors[0]), data.tensors[1])
    loss.backward()
    gradients = [p.grad.clone() for p in model.parameters()]
    state = {k: v.clone() for k, v in model.state_dict().items()}
    model.eval()
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()
    values = {}
    for mode in ("train", "eval"):
        risk = EmpiricalRisk(
            model, cross_entropy, DataLoader(data, batch_size=8), mode=mode
        )
        operator = Hessian(risk, check=False)
        values[mode] = curvature_variance(operator, generator=seeded())
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]
    assert not any(module.training for module in model.modules())
    for param, gradient in zip(model.parameters(), gradients, strict=True):
        assert torch.equal(param.grad, gradient)
    assert all(torch.equal(v, state[k]) for k, v in model.state_dict().items())
    assert values["train"].noise.value != values["eval"].noise.value


def test_single_precision_agrees():
    data = digits_like(64).tensors
    single = EmpiricalRisk(
        network().float(), cross_entropy, (data[0].float(), data[1]), batch_size=8
    )
    found = curvature_variance(Hessian(single, check=False), generator=seeded())
    double = curvature_variance(Hessian(digits_risk(), check=False), generator=seeded())
    # 24 bits, and a graph of some tens of operations
    assert found.noise.value == pytest.approx(double.noise.value, rel=1e-4)


@pytest.mark.parametrize("count", [3, 8, 15])
def test_a_probe_set_below_two_batches_is_refused(count):
    operator = Hessian(digits_risk(count, 8), check=False)
    with pytest.raises(ValueError, match=r"^probe set: expected at least two .*; pass"):
        curvature_variance(operator, generator=seeded())


def test_refusals():
    operator = Hessian(digits_risk(), check=False)
    with pytest.raises(ValueError, match=r"^probes: expected at least 1"):
        curvature_variance(operator, generator=seeded(), probes=0)
    with pytest.raises(ValueError, match=r"^probe set: .*minibatches \[1, 2, 9"):
        curvature_variance(operator, generator=seeded(), chosen={1, 9, 2})
    two = curvature_variance(operator, generator=seeded(), chosen={1, 2})
    assert two.noise.standard_error == np.inf


def test_curvature_that_is_not_finite_has_an_error_of_its_own():
    operator = planted(np.ones((1, 4, 3, 3)))
    with torch.no_grad():
        operator.risk.params[0].fill_(torch.nan)
    with pytest.raises(NonFiniteCurvatureError, match="curvature: parameter: expected"):
        curvature_variance(operator, generator=seeded())
    matrices = np.ones((1, 4, 3, 3))
    matrices[0, 2] = 1e308
    with pytest.raises(NonFiniteCurvatureError, match="on minibatch 2"):
        curvature_variance(planted(matrices), generator=seeded())


def test_what_pytorch_gets_wrong_is_mended_where_a_graph_is_used_once():
    """Weight norm, whose second derivative in PyTorch is wrong."""
    inputs, targets = torch.randn(12, 3).double(), torch.randint(2, (12,))
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    nn.utils.parametrizations.weight_norm(model[0])
    risk = EmpiricalRisk(model, cross_entropy, (inputs, targets), batch_size=4)
    operator = Hessian(risk)
    found = curvature_variance(operator, generator=seeded(3))
    (vector,) = unit_vectors(operator, {"all": risk.names}, 1, 3)
    products = []
    for first in (0, 4, 8):
        part = (inputs[first : first + 4], targets[first : first + 4])
        whole = Hessian(EmpiricalRisk(model, cross_entropy, part))
        assert whole.risk.names == risk.names
        products.append(whole.matvec(torch.from_numpy(vector)).numpy())
    expected = np.array(products).var(axis=0, ddof=1).sum()
    assert found.noise.value == pytest.approx(expected, rel=1e-10)
