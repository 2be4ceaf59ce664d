"""The contract of the core, over every toy game: who moves, what resumes, what processes and micro-batches change."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from games import (
    BATCH_COUPLED,
    CARRYING,
    GAMES,
    adam,
    bigan,
    cyclegan,
    mlp,
    pix2pix,
    state_of,
    tensors,
    timegan,
    vanilla,
    wgan_gp,
)
from torch import nn
from torch.nn import functional as F

from gansmith.core import (
    EMA,
    Backend,
    Game,
    GameError,
    Player,
    Scene,
    SnapshotError,
    Stage,
    State,
    Term,
    Turn,
    cosine,
    flow,
    linear,
    look,
    mix,
    play,
    ramped_half_life,
)
from gansmith.core import loop as loop_module
from gansmith.core import rules as rules_module
from gansmith.core import unroll as unroll_module
from gansmith.types import Clock, Field
from toy import Toy


def same(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def apart(a: dict, b: dict) -> float:
    assert a.keys() == b.keys()
    return max((a[k].double() - b[k].double()).abs().max().item() for k in a if a[k].numel())


@pytest.mark.parametrize("name", GAMES)
def test_every_player_moves_with_finite_values(name):
    state = state_of(name)
    before, seen = copy.deepcopy({n: net.state_dict() for n, net in state.game.nets.items()}), set()

    def hook(_, log):
        seen.update(log)
        assert all(torch.isfinite(v) for v in log.values())

    play(state, 20, [hook])
    turns = [t for stage in state.game.stages for t in stage.turns]
    assert {k.split("/")[0] for k in seen} == {t.player for t in turns}
    assert {f"{t.player}/{k}" for t in turns for k in t.terms} <= seen
    for player in state.game.players.values():
        for net in player.nets:
            assert any(not torch.equal(before[net][k], v) for k, v in state.game.nets[net].state_dict().items()), net


@pytest.mark.parametrize("name", GAMES)
def test_only_the_mover_moves(name, monkeypatch):
    state, real = state_of(name), loop_module.move

    def guarded(state, turn, *args):
        mine = {
            id(t)
            for n in state.game.players[turn.player].nets
            for t in state.game.nets[n].state_dict(keep_vars=True).values()
        }
        owned = [state.game.nets[n] for n in state.owned]
        others = [t for net in owned for t in net.state_dict(keep_vars=True).values() if id(t) not in mine]
        others += [p for net in state.game.nets.values() for p in net.parameters() if id(p) not in mine]
        was = [t.detach().clone() for t in others]
        grads = [None if t.grad is None else t.grad.clone() for t in others]
        out = real(state, turn, *args)
        assert all(torch.equal(a, b) for a, b in zip(was, others, strict=True)), turn.player
        for a, b in zip(grads, others, strict=True):
            assert (a is None and b.grad is None) or torch.equal(a, b.grad)
        return out

    for module in (loop_module, rules_module, unroll_module):
        monkeypatch.setattr(module, "move", guarded)
    play(state, 18)


@pytest.mark.parametrize("name", GAMES)
def test_resume_is_exact(name):
    a = state_of(name, total=16 * 40)
    play(a, 9)
    kept = a.snapshot()
    play(a, 9)
    b = state_of(name, seed=7, total=16 * 40)
    b.restore(kept)
    play(b, 9)
    assert same(tensors(a), tensors(b)) and a.clock == b.clock and a.snapshot().meta == b.snapshot().meta


@pytest.mark.parametrize("name", GAMES)
def test_hooks_may_sample_without_changing_the_run(name):
    def nosy(state, log):
        torch.randn(3)
        for net in state.game.nets.values():
            assert not net.training
        look(state, next(Toy([f for f, need in state.game.fields.items() if need])))

    a, b = state_of(name), state_of(name)
    play(a, 6)
    play(b, 6, [nosy])
    assert same(tensors(a), tensors(b))


@pytest.mark.parametrize("name", sorted(GAMES.keys() - BATCH_COUPLED - CARRYING))
def test_micro_batches_give_the_whole_batch(name):
    whole, pieces = (state_of(name, backend=Backend(dtype=torch.float64, micro=m)) for m in (None, 6))
    play(whole, 8)
    play(pieces, 8)
    assert apart(tensors(whole), tensors(pieces)) < 1e-6


def test_micro_batches_are_refused_where_they_change_the_result():
    with pytest.raises(GameError, match="what G, D compute across the batch: leave --micro out"):
        state_of("vanilla_batchnorm", backend=Backend(micro=4))
    with pytest.raises(GameError, match="what pl compute"):
        state_of("stylegan2", backend=Backend(micro=4))
    with pytest.raises(GameError, match="carries"):
        state_of("cyclegan", backend=Backend(micro=4))


@pytest.mark.parametrize("norm", [False, True], ids=["plain", "batch norm"])
def test_carry_changes_cost_not_result(norm):
    """Also where the carried graph runs through running means, which others' moves must leave alone."""
    carried, plain = (state_of(lambda c=c: pix2pix(c, norm)) for c in (True, False))
    calls = {"carried": 0, "plain": 0}
    for tag, state in (("carried", carried), ("plain", plain)):
        state.game.nets["G"].register_forward_hook(lambda *_, tag=tag: calls.__setitem__(tag, calls[tag] + 1))
        play(state, 6)
    assert apart(tensors(carried), tensors(plain)) < 1e-7 and calls == {"carried": 6, "plain": 12}


def test_the_engine_equals_a_hand_written_loop_bit_for_bit():
    state = state_of(vanilla)
    g, d = copy.deepcopy(state.game.nets["G"]), copy.deepcopy(state.game.nets["D"])
    source = Toy(["x"])
    og, od = adam(list(g.parameters())), adam(list(d.parameters()))
    play(state, 12)

    def noise(r, slot):
        return torch.randn(16, 8, generator=torch.Generator().manual_seed(mix(0, r, slot)))

    for r in range(12):
        x = next(source)["x"]
        od.zero_grad()
        (F.softplus(-d(x)).mean() + F.softplus(d(g(noise(r, 0)).detach())).mean()).backward()
        od.step()
        og.zero_grad()
        F.softplus(-d(g(noise(r, 1)))).mean().backward()
        og.step()
    for mine, theirs in ((g, "G"), (d, "D")):
        pairs = zip(mine.parameters(), state.game.nets[theirs].parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)


def test_a_wgan_critic_sees_five_batches_a_round():
    state = state_of(wgan_gp)
    play(state, 3)
    assert state.source.i == 15 and state.clock.samples == 15 * 16


def test_stages_follow_each_other():
    state, movers = state_of(timegan), []
    play(state, 8, [lambda _, log: movers.append(tuple(sorted({k.split("/")[0] for k in log})))])
    assert movers == [("E0",)] * 3 + [("GS",)] * 3 + [("D", "E", "G")] * 2


def test_lazy_turns_and_empty_turns_are_skipped():
    state, counts = state_of("stylegan2"), {"pl": 0, "r1": 0}

    def count(_, log):
        for k in log:
            if k.split("/")[1] in counts:
                counts[k.split("/")[1]] += 1

    play(state, 32, [count])
    assert counts == {"pl": 8, "r1": 2}


# --- one weight, whose loss has gradient 1: the arithmetic by hand


class Tiny(Scene):
    N: nn.Module
    x: torch.Tensor

    @flow
    def grow(self):
        return self.N.weight.sum()


def tiny(terms, *, player=None, turn=None, backend=None, total=0, **rest):
    net = nn.Linear(1, 1, bias=False)
    nn.init.ones_(net.weight)
    who = Player(("N",), lambda ps: torch.optim.SGD(ps, lr=0.1), **(player or {}))
    game = Game({"N": net}, Tiny, {"P": who}, (Stage((Turn("P", terms, **(turn or {})),)),), **rest)
    return State(game, Toy(["x"]), backend=backend, total=total)


GROW = Term(lambda s: s.grow)


def test_a_lazy_term_is_skipped_and_rescaled():
    state, seen = tiny({"a": GROW, "b": Term(GROW.fn, every=4)}), []
    play(state, 4, [lambda s, log: seen.append((round(s.game.nets["N"].weight.item(), 4), "P/b" in log))])
    assert seen == [(0.5, True), (0.4, False), (0.3, False), (0.2, False)]  # 1 + 4 in the first round, then 1


def test_a_turn_whose_terms_are_all_lazy_and_not_due_is_skipped():
    state, logs = tiny({"b": Term(GROW.fn, every=2)}), []
    play(state, 3, [lambda _, log: logs.append(dict(log))])
    assert [bool(log) for log in logs] == [True, False, True]
    assert math.isclose(state.game.nets["N"].weight.item(), 1 - 0.1 * 4, abs_tol=1e-6)


def test_a_gate_blocks_the_step_and_still_logs():
    state, logs = tiny({"a": GROW}, turn={"gate": lambda loss: loss > 5}), []
    play(state, 3, [lambda _, log: logs.append(log)])
    assert state.game.nets["N"].weight.item() == 1.0 and all("P/a" in log for log in logs)


def test_schedules_reach_weights_and_optimiser_settings():
    state = tiny({"a": Term(GROW.fn, lambda c: float(c.round))}, player={"schedule": {"lr": lambda c: 0.01}})
    play(state, 3)
    assert math.isclose(state.game.nets["N"].weight.item(), 1 - 0.01 * (0 + 1 + 2), abs_tol=1e-6)


def test_dials_multiply_learning_rate_and_weight_and_are_kept():
    state = tiny({"a": GROW})
    state.dials |= {"lr/P": 0.5, "weight/P/a": 3.0}
    play(state, 2)
    assert math.isclose(state.game.nets["N"].weight.item(), 1 - 2 * 0.1 * 0.5 * 3, abs_tol=1e-6)
    other = tiny({"a": GROW})
    other.restore(state.snapshot())
    assert other.dials == state.dials
    other.dials.clear()
    play(other, 1)
    assert math.isclose(other.game.nets["N"].weight.item(), 0.7 - 0.1, abs_tol=1e-6)


def test_an_average_has_its_half_life_in_samples():
    state = tiny({"a": GROW}, ema={"N": EMA(32.0)})  # a batch is 16 samples: two rounds are a half-life
    play(state, 1)
    keep = 0.5**0.5
    assert math.isclose(state.ema["N"].weight.item(), keep * 1.0 + (1 - keep) * 0.9, abs_tol=1e-6)


def test_clip_bounds_the_gradient_and_measuring_sees_it_before():
    state, logs = tiny({"a": Term(GROW.fn, 4.0)}, player={"clip": 0.5}), []
    play(state, 2, [lambda _, log: logs.append(log)], measure=lambda clock: clock.round == 1)
    assert math.isclose(state.game.nets["N"].weight.item(), 1 - 2 * 0.1 * 0.5, abs_tol=1e-5)
    assert "P/grad_norm" not in logs[0] and math.isclose(logs[1]["P/grad_norm"].item(), 4.0, abs_tol=1e-5)
    assert math.isclose(logs[1]["P/update_ratio"].item(), 0.05 / 0.95, abs_tol=1e-4)


def test_bfloat16_reaches_nets_also_in_penalties_and_no_weight():
    seen = {}

    class Watch(Tiny):
        @flow
        def y(self):
            return self.N(self.x[:, :1])

    def note(name):
        return lambda s: seen.__setitem__(name, s.y.dtype) or s.y.float().mean()

    terms = {"adv": Term(note("adv")), "pen": Term(note("pen"), leaves=("x",))}
    net = nn.Linear(1, 1)
    who = Player(("N",), lambda ps: torch.optim.SGD(ps, lr=0.1))
    game = Game({"N": net}, Watch, {"P": who}, (Stage((Turn("P", terms),)),))
    play(State(game, Toy(["x"]), backend=Backend(bf16=True)), 1)
    assert seen == {"adv": torch.bfloat16, "pen": torch.bfloat16}
    assert {p.dtype for p in net.parameters()} == {torch.float32}


# --- what is refused, before any data is touched


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Game({"G": mlp(2, 2)}, Scene, {"G": Player(("Q",), adam)}, (Stage(()),)), "names 'Q'; known: G"),
        (lambda: Game({"N": mlp(2, 2)}, Tiny, {"P": Player(("N",), adam)}, ()), "at least one stage"),
        (lambda: tiny({}), "without terms"),
        (lambda: tiny({"a": Term(GROW.fn, every=0)}), "from 1 up: P/a: every"),
        (lambda: tiny({"a": GROW}, turn={"repeat": 0}), "from 1 up: P: repeat"),
        (lambda: tiny({"a": Term(GROW.fn, leaves=("fake",))}), "names 'fake'"),
        (lambda: tiny({"a": GROW}, ema={"M": EMA(1.0)}), "ema names 'M'"),
        (lambda: tiny({"a": GROW}, pretrained={"N": "id"}), "moves the pretrained net N"),
        (lambda: Game({"grow": mlp(1, 1)}, Tiny, {}, ()), "defines what is also a net: grow"),
    ],
)
def test_names_and_counts_are_checked_early(make, says):
    with pytest.raises(GameError, match=says):
        make()


def test_a_carried_graph_needs_its_owner_to_move_once():
    game = cyclegan()
    turns = (*game.stages[0].turns, Turn("G", game.stages[0].turns[0].terms))
    with pytest.raises(GameError, match="move once"):
        Game(game.nets, game.scene, game.players, (Stage(turns, carry={"G": ("fake_a",)}),))


def test_missing_data_fields_are_named():
    with pytest.raises(
        GameError, match=r"reads 'x', which is neither a net \(G, D, E\) nor a field of the data \(image\)"
    ):
        bigan().check({"image": Field((1, 8, 8))})


def test_a_loss_that_ignores_its_player_is_an_error():
    state = tiny({"a": Term(lambda s: s.x.mean())})
    with pytest.raises(GameError, match="does not depend"):
        play(state, 1)


def test_a_snapshot_of_another_game_is_refused_untouched():
    a, b = state_of("vanilla"), state_of("r3gan")
    play(b, 2)
    before = tensors(b)
    with pytest.raises(SnapshotError, match="another game"):
        b.restore(a.snapshot())
    assert same(before, tensors(b))


def test_describe_names_players_turns_and_terms():
    text = state_of("r3gan").game.describe()
    for part in ("player D: D (129 parameters)", "scheduled * r1", "G moves: 1 * adv", "half-life 500 samples"):
        assert part in text


def test_schedules():
    c = Clock(samples=50, total=100)
    assert cosine(1.0, 0.0)(c) == pytest.approx(0.5) and linear(2.0, 0.0)(c) == pytest.approx(1.0)
    assert cosine(1.0, 0.25, over=0.5)(c) == pytest.approx(0.25)
    assert ramped_half_life(100.0, 0.1)(c) == pytest.approx(5.0)
    assert cosine(1.0, 0.0)(Clock(samples=50)) == 1.0  # no planned end: the start value


def test_channels_last_resumes_exactly_and_agrees():
    class Pixels(Scene):
        N: nn.Module
        x: torch.Tensor

    def game():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.LeakyReLU(), nn.Conv2d(4, 1, 3, padding=1))
        who = Player(("N",), adam)
        term = Term(lambda s: s.N(s.x.reshape(-1, 1, 1, 2)).square().mean())
        return Game({"N": net}, Pixels, {"P": who}, (Stage((Turn("P", {"a": term}),)),), {"N": EMA(100.0)})

    a = State(game(), Toy(["x"]), backend=Backend(channels_last=True))
    play(a, 3)
    kept = a.snapshot()
    play(a, 3)
    b = State(game(), Toy(["x"]), backend=Backend(channels_last=True))
    b.restore(kept)
    play(b, 3)
    assert same(tensors(a), tensors(b)) and all(t.is_contiguous() for t in tensors(a).values())
    strides = [
        {k: v.stride() for p in s.params["P"].values() for k, v in s.optims["P"].state[p].items()} for s in (a, b)
    ]
    assert strides[0] == strides[1]


def test_learns_four_modes():
    state = state_of("r3gan", seed=1, n=128, total=0)
    for optim in state.base_lr.values():
        optim[:] = [2e-3]
    for player in state.game.players.values():
        player.schedule.clear()
    play(state, 1500)
    with torch.no_grad():
        x = state.game.nets["G"](torch.randn(2000, 8))
    centres = torch.tensor([[2.0, 0], [0, 2], [-2, 0], [0, -2]])
    distance, which = torch.cdist(x, centres).min(1)
    assert len(which.unique()) == 4 and (distance < 0.6).float().mean() > 0.6
