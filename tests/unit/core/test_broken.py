"""Losses that are no numbers: who is named, and that nobody steps on one."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from gansmith.core import Backend, Game, NotFinite, Player, Scene, Stage, State, Term, Turn, flow, play
from gansmith.core.broken import first_broken
from gansmith.testing import RandomSource
from gansmith.types import Field

SPEC = {"x": Field((3,), head=None)}


class Root(nn.Module):
    """The square root of what may be negative."""

    def forward(self, x: Tensor) -> Tensor:
        return x.sqrt()


class Net(nn.Sequential):
    """Two layers with a root between them."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(3, 4), Root(), nn.Linear(4, 1))


class Fit(Scene):
    """One net, one loss."""

    N: nn.Module
    x: Tensor

    @flow
    def made(self) -> Tensor:
        return self.N(self.x)


def state_of(net: nn.Module, loss=lambda s: s.made.mean(), **terms: Term) -> State:
    players = {"one": Player(("N",), lambda ps: torch.optim.SGD(ps, lr=0.1))}
    game = Game({"N": net}, Fit, players, (Stage((Turn("one", {"fit": Term(loss), **terms}),)),))
    return State(game, RandomSource(SPEC, 8), 0, Backend(), 80)


def test_the_first_module_is_named_and_nothing_is_stepped() -> None:
    net = Net()
    before = [p.detach().clone() for p in net.parameters()]
    with pytest.raises(NotFinite) as caught:
        play(state_of(net), 1)
    assert str(caught.value) == "the loss one/fit (it began in the output of N.1 (Root))" and caught.value.by == ""
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
    assert not net[1]._forward_hooks


def test_a_weight_is_named_before_what_is_made_of_it() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    with torch.no_grad():
        net[1].bias.fill_(torch.inf)
    with pytest.raises(NotFinite, match=r"\(it began in the weight N\.1\.bias\)"):
        play(state_of(net), 1)


def test_of_several_terms_the_broken_one_is_named() -> None:
    """Nets are sound here: it is the second term's own arithmetic."""
    spoilt = Term(lambda s: (s.made * 0).mean() / 0)
    with pytest.raises(NotFinite) as caught:
        play(state_of(nn.Linear(3, 1), own=spoilt), 1)
    assert str(caught.value) == "the loss one/own"


def test_a_gradient_that_breaks_is_found_in_the_next_move() -> None:
    """The root of 0 is 0, but its slope is infinite."""
    net = nn.Linear(3, 1)
    state = state_of(net, loss=lambda s: (s.made * 0).sqrt().mean())
    play(state, 1)
    assert not torch.isfinite(net.weight).all()
    with pytest.raises(NotFinite, match=r"it began in the weight N\.weight"):
        play(state, 1)


def test_sound_nets_name_nothing() -> None:
    net = nn.Linear(3, 1)
    assert first_broken({"N": net}, lambda: net(torch.ones(2, 3))) == ""
    assert first_broken({"N": net}, lambda: net(torch.full((2, 3), torch.nan))) == "", "its inputs were broken already"
