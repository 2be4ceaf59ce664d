"""A linear game whose answer is known: the generator finds the data's mean and spread, the encoder undoes it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from gansmith.core import State, play
from gansmith.nets.encoder import Posterior
from gansmith.recipes._registry import find_recipe
from gansmith.run.settings import resolve
from gansmith.types import Field


class Line(nn.Module):
    """`scale * v + offset`, as a generator or an encoder of one number."""

    z_dim = 1

    def __init__(self, encodes):
        super().__init__()
        self.scale, self.offset = nn.Parameter(torch.tensor([0.5])), nn.Parameter(torch.zeros(1))
        self.encodes = encodes

    def forward(self, v, label=None):
        if self.encodes:
            return Posterior(v.flatten(1) * self.scale + self.offset, None, None)
        return (v * self.scale + self.offset).reshape(-1, 1, 1, 1)


class Pairs(nn.Module):
    """Scores of pairs of numbers."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 32), nn.LeakyReLU(0.2))
        self.out = nn.Linear(32, 1)

    def forward(self, x, z, label=None):
        return self.out(self.body(torch.cat([x.flatten(1), z], 1)))[:, 0]


class Shifted:
    """Images of one pixel: normal with mean 0.5 and standard deviation 2."""

    def __init__(self):
        self.generator = torch.Generator().manual_seed(0)

    def __next__(self):
        return {"image": 0.5 + 2 * torch.randn(64, 1, 1, 1, generator=self.generator)}


def test_a_linear_bigan_learns_to_undo_its_generator():
    recipe = find_recipe("bigan")
    spec = {"image": Field((1, 1, 1), "real")}
    settings = {"z_dim": 1, "gamma": 0.05, "lr_g": 5e-3, "lr_d": 1e-2, "penalty_every": 1}
    game = recipe.game(spec, resolve(recipe, "s", settings))
    torch.manual_seed(0)
    game = replace(game, nets={"E": Line(True), "G": Line(False), "D": Pairs()})
    state = State(game, Shifted(), total=64 * 1000)
    play(state, 1000)
    z = torch.randn(1000, 1)
    with torch.no_grad():
        made = game.draw.make(state.best_nets, {"z": z})
        again = game.draw.encode(state.best_nets, made)["z"]
    g = state.best_nets["G"]
    assert abs(g.scale.item()) == pytest.approx(2, rel=0.1) and g.offset.item() == pytest.approx(0.5, abs=0.15)
    assert (again - z).square().mean().sqrt() < 0.1
