"""DP-SGD: single samples' gradients, clipping, noise, and what can't be promised."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F

from gansmith.core import Game, GameError, Player, PrivateRounds, Scene, Stage, State, Term, Turn, play
from gansmith.core.backend import Backend
from gansmith.core.clipped import MARGIN, Clipped
from gansmith.core.private import secret_normal
from gansmith.nets.tabular import RowGenerator
from gansmith.types import Token

TOKENS = (Token(3), Token(2), Token(9, rising=1), Token(4, rising=0, part=True))


def row_net(depth: int = 2) -> RowGenerator:
    torch.manual_seed(0)
    net = RowGenerator(TOKENS, 8, depth).double()
    for param in net.parameters():
        param.data += 0.1 * torch.randn_like(param)
    return net


def rows_of(n: int, k: int, net: RowGenerator) -> tuple[Tensor, Tensor, Tensor]:
    tokens = (torch.rand(n, 4) * torch.tensor([3, 2, 9, 4])).long().repeat_interleave(k, 0)
    return tokens, *net.hidden(torch.rand(n * k, 5, dtype=torch.float64))


def single(net: RowGenerator, rows: tuple[Tensor, Tensor, Tensor], n: int) -> Tensor:
    """Gradients of single rows one after the other, `(n, parameters)`."""
    k, params = len(rows[0]) // n, list(net.parameters())
    found = []
    for i in range(n):
        own = [part[i * k : (i + 1) * k] for part in rows]
        found.append(torch.cat([g.flatten() for g in torch.autograd.grad(net.nats(*own).mean(), params)]))
    return torch.stack(found)


@pytest.mark.parametrize("k", [1, 3])
def test_clipped_sums_are_those_of_a_loop_over_rows(k):
    n, net = 7, row_net()
    rows, params = rows_of(n, k, net), list(net.parameters())
    each = single(net, rows, n)
    norms = each.norm(dim=1)
    bound = float(norms.median())  # some are clipped, some are not
    with Clipped(params) as noted:
        loss = net.nats(*rows).mean() * n
    sums, found = noted.sums(loss, n, bound)
    assert found == pytest.approx(norms, rel=1e-10)
    factors = (bound * (1 - MARGIN) / norms).clamp_max(1)
    assert 0 < int((factors < 1).sum()) < n
    whole = torch.cat([s.flatten() for s in sums])
    assert float((whole - (factors[:, None] * each).sum(0)).abs().max()) < 1e-12 * float(each.abs().max()) * n


def test_gradients_of_single_rows_are_those_of_torch_func():
    n, net = 5, row_net(1)
    tokens, rank, known = rows_of(n, 1, net)
    weights = {name: param.detach() for name, param in net.named_parameters()}

    def cost(weights: dict[str, Tensor], tokens: Tensor, is_known: Tensor) -> Tensor:
        return functional_call(net, weights, (tokens[None], is_known[None])).sum()

    with pytest.warns(UserWarning, match="performance drop"):
        each = vmap(grad(cost), (None, 0, 0))(weights, tokens, rank < known)
    norms = torch.stack([g.flatten(1).square().sum(1) for g in each.values()]).sum(0).sqrt()
    with Clipped(net.parameters()) as noted:
        loss = net(tokens, rank < known).sum()
    sums, found = noted.sums(loss, n, 1e9)
    assert found == pytest.approx(norms, rel=1e-10)
    for mine, theirs in zip(sums, each.values(), strict=True):
        assert float((mine - theirs.sum(0)).abs().max()) < 1e-12


def test_vectors_that_are_met_twice_count_twice():
    table = nn.Parameter(torch.randn(5, 3, dtype=torch.float64))
    index = torch.tensor([[0, 0, 4], [1, 0, 4], [2, 3, 3], [4, 4, 4]])

    def loss(rows: Tensor) -> Tensor:
        return F.embedding_bag(rows, table, mode="sum", padding_idx=4).square().sum()

    with Clipped([table]) as noted:
        whole = loss(index)
    _, norms = noted.sums(whole, 2, 1.0)
    alone = [float(torch.autograd.grad(loss(index[i : i + 2]), table)[0].norm()) for i in (0, 2)]
    assert norms.tolist() == pytest.approx(alone, rel=1e-12)


def test_an_unknown_use_of_a_parameter_is_refused():
    weight = nn.Parameter(torch.ones(3))
    with Clipped([weight]), pytest.raises(GameError, match="mul uses a parameter"):
        _ = torch.ones(2, 3) * weight
    with Clipped([weight]), pytest.raises(GameError, match="linear uses a parameter"):
        F.linear(torch.ones(2, 3), weight)


class Fit(Scene):
    """Numbers near which a net shall be."""

    G: nn.Linear
    x: Tensor

    def loss(self) -> Tensor:
        return self.G(self.x).square().sum(1).mean()


class Batches:
    """Batches that are given, one after the other."""

    def __init__(self, *batches: Tensor) -> None:
        self.batches, self.at = batches, 0

    def __next__(self) -> dict[str, Tensor]:
        self.at += 1
        return {"x": self.batches[(self.at - 1) % len(self.batches)]}

    def state_dict(self):
        return {"at": self.at}

    def load_state_dict(self, state):
        self.at = state["at"]


def state_of(*batches: Tensor, noise: float = 0.0, clip: float = 1.0, seed: int = 0, backend=None) -> State:
    torch.manual_seed(0)
    game = Game(
        {"G": nn.Linear(2, 3)},
        Fit,
        {"G": Player(("G",), lambda p: torch.optim.SGD(p, lr=1.0))},
        (Stage((Turn("G", {"fit": Term(lambda s: s.loss())}),)),),
        rule=PrivateRounds(4, clip, noise),
    )
    return State(game, Batches(*batches), seed, backend)


def weights(state: State) -> Tensor:
    return torch.cat([p.detach().flatten() for p in state.game.nets["G"].parameters()])


def test_a_sample_moves_the_weights_by_no_more_than_its_share():
    far = 1e4 * torch.randn(1, 2)
    rest = torch.randn(5, 2)
    with_it, without = state_of(torch.cat([rest, far])), state_of(rest)
    play(with_it, 1)
    play(without, 1)
    moved = float((weights(with_it) - weights(without)).norm())
    assert 0.9 / 4 < moved <= 1 / 4  # the step is 1, the bound 1, 4 samples are expected


def test_the_clock_counts_the_samples_that_are_expected():
    state = state_of(torch.randn(9, 2), torch.randn(1, 2))
    play(state, 2)
    assert state.clock.samples == 8


def test_an_empty_batch_is_a_step_of_noise():
    state = state_of(torch.zeros(0, 2), noise=2.0, clip=0.5)
    before = weights(state)
    play(state, 1)
    first = weights(state) - before
    drawn = [secret_normal(p.shape, 0, 0, "G", i).flatten() for i, p in enumerate(state.params["G"].values())]
    expected = torch.cat(drawn)
    assert -first == pytest.approx((2.0 * 0.5 / 4 * expected).float(), rel=1e-5)
    play(state, 1)
    assert not torch.allclose(weights(state) - before - first, first)


def test_noise_is_normal_and_another_for_every_secret():
    drawn = secret_normal(torch.Size([400_001]), 5, 3, "G", 0)
    assert len(drawn) == 400_001
    assert abs(float(drawn.mean())) < 5 / math.sqrt(len(drawn))
    assert float(drawn.std()) == pytest.approx(1, abs=5 / math.sqrt(2 * len(drawn)))
    below = (drawn.sort().values * torch.tensor(0.5).sqrt()).erf() / 2 + 0.5
    steps = torch.arange(1, len(drawn) + 1) / len(drawn)
    assert float((below - steps).abs().max()) < 2 / math.sqrt(len(drawn))  # Kolmogorov and Smirnov: one in 1,500
    assert abs(float((drawn[:200_000] * drawn[200_000:400_000]).mean())) < 5 / math.sqrt(200_000)
    other = secret_normal(torch.Size([1000]), 5 + 2**200, 3, "G", 0)
    assert abs(float((drawn[:1000] * other).mean())) < 0.2
    assert torch.equal(secret_normal(torch.Size([400_001]), 5, 3, "G", 0), drawn)


@pytest.mark.parametrize("backend", [Backend(micro=1), Backend(world=2)])
def test_what_can_not_be_promised_is_refused(backend):
    state = state_of(torch.randn(4, 2))
    state.backend = backend
    with pytest.raises(GameError, match="one turn in one process"):
        play(state, 1)
