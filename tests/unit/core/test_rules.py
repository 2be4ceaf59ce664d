"""Ways of playing a round, on the game min over x, max over y of xy, whose iterates have a closed form; unrolling."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gansmith.core import (
    Backend,
    Game,
    GameError,
    OptimisticAdam,
    Player,
    Scene,
    Stage,
    State,
    Term,
    Turn,
    extragradient,
    flow,
    mix,
    optimistic,
    play,
    simultaneous,
    unrolled,
)

ETA = 0.1


class Ones:
    """A source for games that read no data."""

    drawn = 0

    def __next__(self):
        self.drawn += 1
        return {"one": torch.ones(4)}

    def state_dict(self):
        return {"drawn": self.drawn}

    def load_state_dict(self, state):
        self.drawn = state["drawn"]


class Number(nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value))


class Product(Scene):
    X: Number
    Y: Number
    one: torch.Tensor

    @flow
    def product(self):
        return self.X.value * self.Y.value


def bilinear(rule=None, optim=None, **rest):
    optim = optim or partial(torch.optim.SGD, lr=ETA)
    players = {"x": Player(("X",), optim), "y": Player(("Y",), optim)}
    turns = (Turn("x", {"xy": Term(lambda s: s.product)}), Turn("y", {"xy": Term(lambda s: -s.product)}))
    game = Game({"X": Number(1.0), "Y": Number(0.5)}, Product, players, (Stage(turns),), rule=rule, **rest)
    return State(game, Ones(), backend=Backend(dtype=torch.float64))


def point(state):
    return np.array([state.game.nets[n].value.item() for n in "XY"])


def path(matrix, rounds, start=(1.0, 0.5)):
    return np.linalg.matrix_power(np.array(matrix), rounds) @ np.array(start)


@pytest.mark.parametrize("rounds", [1, 2, 50])
def test_iterates_of_the_bilinear_game(rounds):
    ways = {
        None: [[1, -ETA], [ETA, 1 - ETA**2]],  # y sees the new x
        simultaneous: [[1, -ETA], [ETA, 1]],
        extragradient: [[1 - ETA**2, -ETA], [ETA, 1 - ETA**2]],
    }
    for rule, matrix in ways.items():
        state = bilinear(rule)
        play(state, rounds)
        assert np.allclose(point(state), path(matrix, rounds), rtol=1e-12)


def test_simultaneous_steps_leave_alternating_steps_circle_extragradient_arrives():
    far = {}
    for rule in (None, simultaneous, extragradient):
        state = bilinear(rule)
        play(state, 400)
        far[rule] = np.linalg.norm(point(state))
    start = math.hypot(1.0, 0.5)
    assert far[simultaneous] > 5 * start and 0.5 * start < far[None] < 2 * start and far[extragradient] < 0.2 * start


def test_optimistic_steps_are_gradient_steps_twice_the_present_less_the_last():
    """With a vast eps Adam's direction is the gradient over eps: the iterates of optimistic gradient descent."""
    eps = 1e8
    optim = partial(OptimisticAdam, lr=ETA * eps, betas=(0.0, 0.9), eps=eps)
    state = bilinear(simultaneous, optim)
    x, y, last = 1.0, 0.5, (0.0, 0.0)
    for _ in range(300):
        now = (y, -x)
        x, y = x - ETA * (2 * now[0] - last[0]), y - ETA * (2 * now[1] - last[1])
        last = now
    play(state, 300)
    assert np.allclose(point(state), (x, y), rtol=1e-4) and np.linalg.norm(point(state)) < 0.3


def test_optimistic_adam_follows_the_paper():
    torch.manual_seed(0)
    net = nn.Linear(3, 2).double()
    values = [p.detach().numpy().copy() for p in net.parameters()]
    optim = optimistic(partial(torch.optim.Adam, lr=0.02, betas=(0.5, 0.9), eps=1e-6))(list(net.parameters()))
    x = torch.randn(5, 3, dtype=torch.float64)
    m, v, last = ([np.zeros_like(w) for w in values] for _ in range(3))
    for t in range(1, 8):
        optim.zero_grad()
        net(x).square().sum().backward()
        for i, p in enumerate(net.parameters()):
            g = p.grad.numpy()
            m[i], v[i] = 0.5 * m[i] + 0.5 * g, 0.9 * v[i] + 0.1 * g**2
            now = m[i] / (1 - 0.5**t) / (np.sqrt(v[i] / (1 - 0.9**t)) + 1e-6)
            values[i] = values[i] - 2 * 0.02 * now + 0.02 * last[i]
            last[i] = now
        optim.step()
        assert all(np.allclose(p.detach(), w, rtol=1e-10) for p, w in zip(net.parameters(), values, strict=True))


def test_extragradient_with_adam_is_extra_adam():
    """Algorithm 4 of Gidel et al. 2019: the moments see both gradients, the weights step from where they stood."""
    lr, b1, b2, eps = 0.05, 0.5, 0.9, 1e-8
    state = bilinear(extragradient, partial(torch.optim.Adam, lr=lr, betas=(b1, b2), eps=eps))
    w, m, v = np.array([1.0, 0.5]), np.zeros(2), np.zeros(2)
    t = 0
    for _ in range(6):
        at = w
        for _half in range(2):
            t += 1
            g = np.array([at[1], -at[0]])
            m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
            at = w - lr * m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps)
        w = at
    play(state, 6)
    assert np.allclose(point(state), w, rtol=1e-12)


def test_extragradient_sees_two_batches_and_new_noise_a_round():
    noise = []

    class Noisy(Product):
        @flow
        def product(self):
            noise.append(self.draws.normal().sum().item())
            return self.X.value * self.Y.value

    game = replace(bilinear(extragradient).game, scene=Noisy)
    state = State(game, Ones())
    play(state, 3)
    assert state.source.drawn == 6 and state.clock.samples == 24 and len(set(noise)) == len(noise) == 12


def test_a_gate_holds_a_player_where_it_stood():
    state = bilinear(extragradient)
    x, y = state.game.stages[0].turns
    shut = replace(state.game, stages=(Stage((replace(x, gate=lambda loss: False), y)),))
    state = State(shut, Ones(), backend=Backend(dtype=torch.float64))
    play(state, 5)
    assert np.allclose(point(state), [1.0, 0.5 + 5 * ETA])


@pytest.mark.parametrize("rule", [simultaneous, extragradient])
def test_a_turn_that_is_not_due_moves_nobody(rule):
    game = bilinear(rule).game
    x, y = game.stages[0].turns
    lazy = replace(x, terms={"xy": replace(x.terms["xy"], every=2)})
    state = State(replace(game, stages=(Stage((lazy, y)),)), Ones(), backend=Backend(dtype=torch.float64))
    play(state, 1)
    before = point(state)
    play(state, 1)
    assert point(state)[0] == before[0] and point(state)[1] == pytest.approx(before[1] + ETA * before[0])


def test_two_turns_of_a_player_add_up():
    game = bilinear(simultaneous).game
    x, y = game.stages[0].turns
    state = State(replace(game, stages=(Stage((x, x, y)),)), Ones(), backend=Backend(dtype=torch.float64))
    play(state, 1)
    assert np.allclose(point(state), [1 - 2 * ETA * 0.5, 0.5 + ETA])


def test_several_moves_of_a_player_are_refused():
    game = bilinear(extragradient).game
    x, y = game.stages[0].turns
    state = State(replace(game, stages=(Stage((x, replace(y, repeat=2))),)), Ones())
    with pytest.raises(GameError, match="y moves several times"):
        play(state, 1)


def test_only_plain_adam_can_be_optimistic():
    with pytest.raises(GameError, match="not SGD"):
        optimistic(partial(torch.optim.SGD, lr=0.1))(list(nn.Linear(1, 1).parameters()))


# --- unrolling


@pytest.mark.parametrize("steps", [1, 3])
def test_unrolled_bilinear_game(steps):
    """After k steps y is y + k eta x, so x feels y + 2 k eta x, the slope of x (y + k eta x)."""
    state = State(unrolled(bilinear().game, "y", steps), Ones(), backend=Backend(dtype=torch.float64))
    x, y = 1.0, 0.5
    for _ in range(20):
        x = x - ETA * (y + 2 * steps * ETA * x)
        y = y + ETA * x
    play(state, 20)
    assert np.allclose(point(state), [x, y], rtol=1e-12)


class Pair(Scene):
    G: nn.Module
    D: nn.Module
    one: torch.Tensor

    @flow
    def real(self):
        return self.draws.normal(2) + 2

    @flow
    def fake(self):
        return self.G(self.draws.normal(3))

    @flow
    def d_fake(self):
        return self.D(self.fake)

    @flow
    def loss(self):
        return F.softplus(-self.D(self.real)).mean() + F.softplus(self.d_fake).mean()


def test_unrolling_through_adam_equals_a_hand_written_double_loop():
    """Adam's moments go on from those that D has; the weights that G's gradient is taken through are functions of G."""
    torch.manual_seed(0)
    g = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    d = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    adam = partial(torch.optim.Adam, lr=0.05, betas=(0.5, 0.9))
    turns = (
        Turn("D", {"adv": Term(lambda s: s.loss, 2.0)}),
        Turn("G", {"adv": Term(lambda s: F.softplus(-s.d_fake).mean())}),
    )
    players = {"D": Player(("D",), adam), "G": Player(("G",), adam)}
    nets = {"D": copy.deepcopy(d), "G": copy.deepcopy(g)}
    game = unrolled(Game(nets, Pair, players, (Stage(turns),)), "D", 3, keep=("fake",))
    state = State(game, Ones(), backend=Backend(dtype=torch.float64))
    play(state, 4)

    def critic(w, x):
        return torch.tanh(x @ w[0].T + w[1]) @ w[2].T + w[3]

    od, og = adam(list(d.parameters())), adam(list(g.parameters()))
    for r in range(4):
        noise = [torch.Generator().manual_seed(mix(0, r, slot)) for slot in (0, 1)]

        def normal(k, width, noise=noise):
            return torch.randn(4, width, generator=noise[k]).double()

        od.zero_grad()
        w = list(d.parameters())
        real, fake = normal(0, 2) + 2, g(normal(0, 3)).detach()
        (2 * (F.softplus(-critic(w, real)).mean() + F.softplus(critic(w, fake)).mean())).backward()
        od.step()
        fake = g(normal(1, 3))
        w = [p.detach().clone().requires_grad_() for p in w]
        m, v = ([od.state[p][k].clone() for p in d.parameters()] for k in ("exp_avg", "exp_avg_sq"))
        for i in range(3):
            loss = 2 * (F.softplus(-critic(w, normal(1, 2) + 2)).mean() + F.softplus(critic(w, fake)).mean())
            slopes = torch.autograd.grad(loss, w, create_graph=True)
            t = r + 1 + i + 1
            m = [0.5 * a + 0.5 * s for a, s in zip(m, slopes, strict=True)]
            v = [0.9 * a + 0.1 * s * s for a, s in zip(v, slopes, strict=True)]
            w = [
                p - 0.05 * (a / (1 - 0.5**t)) / ((b / (1 - 0.9**t)).sqrt() + 1e-8)
                for p, a, b in zip(w, m, v, strict=True)
            ]
        og.zero_grad()
        answer = torch.autograd.grad(F.softplus(-critic(w, fake)).mean(), list(g.parameters()))
        for p, slope in zip(g.parameters(), answer, strict=True):
            p.grad = slope
        og.step()
    for mine, theirs in ((g, "G"), (d, "D")):
        pairs = zip(mine.parameters(), state.game.nets[theirs].parameters(), strict=True)
        assert all(torch.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in pairs)


def test_what_can_not_be_unrolled_is_refused():
    with pytest.raises(GameError, match="one after the other"):
        unrolled(bilinear(extragradient).game, "y", 1)
    with pytest.raises(GameError, match="no player 'z' to unroll; known: x, y"):
        unrolled(bilinear().game, "z", 1)
    with pytest.raises(GameError, match="not RMSprop"):
        unrolled(bilinear(optim=partial(torch.optim.RMSprop, lr=0.1)).game, "y", 1)
    with pytest.raises(GameError, match="micro-batches would change what Y"):
        State(unrolled(bilinear().game, "y", 1), Ones(), backend=Backend(micro=2))
